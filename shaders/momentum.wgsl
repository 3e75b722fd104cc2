// momentum.wgsl: gradient descent with momentum in place: v = μ·v + (1 - dampening)·g, p -= learningRate·v.
// With nesterov the step is g + μ·v. On the first step v is g itself, as in PyTorch.
// One thread updates four parameters. Memory, a parameter: 12 bytes in, 8 out.
// Generated: the bindings parameter, velocity and settings (learningRate, weightDecay, momentum, share of the gradient
// that enters, nesterov), `gradientAt` and `isIdle`.

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
  let v = settings[2] * vec4<f32>(velocity[index]) + settings[3] * g;
  velocity[index] = vec4<T>(v);
  let step = select(v, g + settings[2] * v, settings[4] != 0.0);
  parameter[index] = vec4<T>(p - settings[0] * step);
}
