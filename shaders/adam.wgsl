// adam.wgsl: Adam in place, by Kingma and Ba 2015, algorithm 1; the corrections 1 - βᵗ come from the host.
// One thread updates four parameters. Memory, a parameter: 16 bytes in, 12 out.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  size: u32,
}

@group(0) @binding(0) var<storage, read_write> parameter: array<vec4<T>>;
@group(0) @binding(1) var<storage, read> gradient: array<vec4<T>>;
@group(0) @binding(2) var<storage, read_write> mean: array<vec4<T>>;
@group(0) @binding(3) var<storage, read_write> square: array<vec4<T>>;
// learningRate, β₁, 1 - β₁, β₂, 1 - β₂, ε, 1 - β₁ᵗ, 1 - β₂ᵗ; 1 - β is the host's, since float32 would lose it
@group(0) @binding(4) var<storage, read> settings: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = workgroupIndex(group, groups) * WORKGROUP_SIZE + lane;
  if (index >= params.size) { return; }
  let g = vec4<f32>(gradient[index]);
  let m = settings[1] * vec4<f32>(mean[index]) + settings[2] * g;
  let v = settings[3] * vec4<f32>(square[index]) + settings[4] * g * g;
  mean[index] = vec4<T>(m);
  square[index] = vec4<T>(v);
  let step = (m / settings[6]) / (sqrt(v / settings[7]) + settings[5]);
  parameter[index] = vec4<T>(vec4<f32>(parameter[index]) - settings[0] * step);
}
