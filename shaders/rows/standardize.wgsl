// rows/standardize.wgsl: each element of a row less the row's mean, over the root of its variance plus epsilon.
// One invocation reads a row, or a workgroup shares it: a first pass finds the mean, a second the variance, joined in
// workgroup memory, and a third writes (keepElement). Mean and variance can be kept along the way (keepMoments).
// Memory: each element in three times (after the first from cache where the row fits it), out once.

override WORKGROUP_SIZE: u32 = 64;
// Invocations that share a row: 1, or all of a workgroup.
override LANES: u32 = 1;

struct Params {
  rows: u32,
  length: u32,
  inner: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<storage, read> x: array<T>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = local % LANES;
  let row = workgroupIndex(group, groups) * (WORKGROUP_SIZE / LANES) + local / LANES;
  // Invocations beyond the last row read it along, so that all meet at the barriers; they write nothing.
  let within = min(row, params.rows - 1);
  let start = within / params.inner * params.length * params.inner + within % params.inner;
  var total = 0.0;
  for (var j = lane; j < params.length; j += LANES) { total += f32(x[start + j * params.inner]); }
  if (LANES > 1) {
    total = shareSums(vec3(total, 0.0, 0.0), local).x;
    // The sums are shared a second time below.
    workgroupBarrier();
  }
  let mean = total / f32(params.length);
  var spread = 0.0;
  for (var j = lane; j < params.length; j += LANES) {
    let apart = f32(x[start + j * params.inner]) - mean;
    spread += apart * apart;
  }
  if (LANES > 1) { spread = shareSums(vec3(spread, 0.0, 0.0), local).x; }
  if (row >= params.rows) { return; }
  let variance = spread / f32(params.length);
  let scale = rootReciprocal(variance + params.epsilon);
  for (var j = lane; j < params.length; j += LANES) {
    let index = start + j * params.inner;
    keepElement(index, (f32(x[index]) - mean) * scale);
  }
  if (lane == 0) { keepMoments(row, mean, variance); }
}
