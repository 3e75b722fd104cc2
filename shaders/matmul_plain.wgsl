// matmul_plain.wgsl: the end of a matrix product without a bias: each sum is stored as it is.

@group(0) @binding(2) var<storage, read_write> out: array<Out>;
@group(0) @binding(3) var<uniform> params: Params;

fn store(index: u32, column: u32, sum: f32) {
  out[index] = Out(sum);
}
