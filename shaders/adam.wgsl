// adam.wgsl: Adam in place, by Kingma and Ba 2015, algorithm 1; the corrections 1 - βᵗ come from the host.
// One thread updates four parameters. Memory, a parameter: 16 bytes in, 12 out.
// Generated: the bindings parameter, mean, square and settings (learningRate, β₁, 1 - β₁, β₂, 1 - β₂, ε, 1 - β₁ᵗ,
// 1 - β₂ᵗ; 1 - β is the host's, since float32 would lose it), `gradientAt` and `isIdle`.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  size: u32,
  // Bits of the constants of the gradient's expression.
  constants: array<vec4<u32>, 2>,
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = workgroupIndex(group, groups) * WORKGROUP_SIZE + lane;
  if (index >= params.size || isIdle()) { return; }
  let g = gradientAt(index);
  let m = settings[1] * vec4<f32>(mean[index]) + settings[2] * g;
  let v = settings[3] * vec4<f32>(square[index]) + settings[4] * g * g;
  mean[index] = vec4<T>(m);
  square[index] = vec4<T>(v);
  let step = (m / settings[6]) / (sqrt(v / settings[7]) + settings[5]);
  parameter[index] = vec4<T>(vec4<f32>(parameter[index]) - settings[0] * step);
}
