// rows/standardize_gradient.wgsl: slope of standardize: (g - mean g - y·mean (g·y)) / √(variance + epsilon), y the
// standardized row, which is computed again.
// One invocation reads a row, or a workgroup shares it: a first pass finds the mean, a second the sums of squares, of g
// and of their product, joined in workgroup memory, and a third writes.
// Memory: each element of x in three times, of g twice (the later times from cache where rows fit it), out once.

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
@group(0) @binding(1) var<storage, read> g: array<T>;
@group(0) @binding(2) var<storage, read_write> out: array<T>;
@group(0) @binding(3) var<uniform> params: Params;

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
  var sums = vec3<f32>();
  for (var j = lane; j < params.length; j += LANES) {
    let index = start + j * params.inner;
    let apart = f32(x[index]) - mean;
    let slope = f32(g[index]);
    sums += vec3(apart * apart, slope, slope * apart);
  }
  if (LANES > 1) { sums = shareSums(sums, local); }
  if (row >= params.rows) { return; }
  sums /= f32(params.length);
  let scale = rootReciprocal(sums.x + params.epsilon);
  // Scaled one after the other: the square of a large scale would overflow.
  let along = sums.z * scale;
  for (var j = lane; j < params.length; j += LANES) {
    let index = start + j * params.inner;
    let y = (f32(x[index]) - mean) * scale;
    out[index] = T(scale * (f32(g[index]) - sums.y - y * along));
  }
}
