// reduce_thread.wgsl: reduces along any axes, one thread a result.
// Adjacent threads make adjacent results, so columns are read coalesced; short rows need no tree. Long reductions are
// split: each split is a result of its own here, and a second dispatch reduces the splits.
// Memory: each element once.

override WORKGROUP_SIZE: u32 = 64;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = workgroupIndex(group, groups) * WORKGROUP_SIZE + lane;
  if (index >= params.outputs * params.splits) { return; }
  let kept = index % params.outputs;
  let split = index / params.outputs;
  let base = keptOffset(kept);
  let end = min((split + 1) * params.chunk, params.count);
  var total = initial();
  for (var i = split * params.chunk; i < end; i++) {
    total = combine(total, load(element(base + reducedOffset(i)), i));
  }
  out[kept * params.outputStride + split * params.splitStride] = Out(finish(total));
}
