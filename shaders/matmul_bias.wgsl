// matmul_bias.wgsl: the end of a matrix product with a bias: bias[column] is added to each sum as it is stored.

@group(0) @binding(2) var<storage, read> bias: array<T>;
@group(0) @binding(3) var<storage, read_write> out: array<Out>;
@group(0) @binding(4) var<uniform> params: Params;

fn store(index: u32, column: u32, sum: f32) {
  out[index] = Out(sum + f32(bias[column]));
}
