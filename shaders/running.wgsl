// running.wgsl: running means and variances in place: a share of the old, and a share of the batch's. What is not
// finite is left out, or one bad batch would spoil them for good.
// One thread averages one feature. Memory, a feature: 16 bytes in, 8 out.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  size: u32,
  keep: f32,
  meanShare: f32,
  varianceShare: f32,
}

@group(0) @binding(0) var<storage, read_write> mean: array<T>;
@group(0) @binding(1) var<storage, read_write> variance: array<T>;
@group(0) @binding(2) var<storage, read> batchMean: array<T>;
@group(0) @binding(3) var<storage, read> batchVariance: array<T>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = workgroupIndex(group, groups) * WORKGROUP_SIZE + lane;
  if (index >= params.size) { return; }
  let nextMean = params.keep * f32(mean[index]) + params.meanShare * f32(batchMean[index]);
  let nextVariance = params.keep * f32(variance[index]) + params.varianceShare * f32(batchVariance[index]);
  if (!isNan(nextMean) && !isInfinite(nextMean)) { mean[index] = T(nextMean); }
  if (!isNan(nextVariance) && !isInfinite(nextVariance)) { variance[index] = T(nextVariance); }
}
