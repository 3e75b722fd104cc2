// update.wgsl: one step of an optimizer, in place: p -= decay·p + step, the step made of g + weightDecay·p; then each
// parameter is drawn to 0 by `threshold` and stops there: the proximal step of an L1 penalty. Where directions are
// gradients stretched, so is the threshold (Duchi, Hazan and Singer 2011, equation 4).
// One thread updates four parameters. Memory, a parameter: 8 bytes in and 4 out, and 4 in and 4 out a state.
// Generated: the bindings, `gradientAt`, `isIdle`, and `selectGroup` with `setting`, which gives a setting of the
// parameters' group. A file of update/ gives the direction of the step, and another may give it a velocity.

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
  selectGroup(index);
  let p = vec4<f32>(parameter[index]);
  let g = gradientAt(index) + setting(WEIGHT_DECAY) * p;
  var stretch = vec4<f32>(1.0);
  let moved = p - setting(DECAY) * p - stepAlong(index, direction(index, g, &stretch));
  // What is within the threshold is taken from itself: exactly 0. NaN stays NaN.
  let threshold = setting(THRESHOLD) * stretch;
  parameter[index] = vec4<T>(moved - clamp(moved, -threshold, threshold));
}
