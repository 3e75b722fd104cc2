// reduce_workgroup.wgsl: reduces along any axes, one workgroup a result.
// Threads stride through the elements, then a tree in workgroup memory joins their totals. Long reductions are split:
// each split is a result of its own here, and a second dispatch reduces the splits.
// Memory: each element once; adjacent threads read adjacent elements where the innermost axis is reduced.

override WORKGROUP_SIZE: u32 = 64;

var<workgroup> totals: array<Acc, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = workgroupIndex(group, groups);
  if (index >= params.outputs * params.splits) { return; }
  let kept = index / params.splits;
  let split = index % params.splits;
  let base = keptOffset(kept);
  let end = min((split + 1) * params.chunk, params.count);
  var total = initial();
  for (var i = split * params.chunk + lane; i < end; i += WORKGROUP_SIZE) {
    total = combine(total, load(element(base + reducedOffset(i)), i));
  }
  totals[lane] = total;
  workgroupBarrier();
  for (var half = WORKGROUP_SIZE / 2; half > 0; half /= 2) {
    if (lane < half) { totals[lane] = combine(totals[lane], totals[lane + half]); }
    workgroupBarrier();
  }
  if (lane == 0) { out[kept * params.outputStride + split * params.splitStride] = Out(finish(totals[0])); }
}
