// sgd.wgsl: gradient descent in place: p -= learningRate·(g + decay·p).
// One thread updates four parameters. Memory, a parameter: 8 bytes in, 4 out.
// Generated: the bindings parameter and settings (learningRate, weightDecay), `gradientAt` and `isIdle`.

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
  let p = vec4<f32>(parameter[index]);
  let g = gradientAt(index) + settings[1] * p;
  parameter[index] = vec4<T>(p - settings[0] * g);
}
