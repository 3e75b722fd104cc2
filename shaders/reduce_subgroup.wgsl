// reduce_subgroup.wgsl: reduces along any axes, one workgroup a result, joined by subgroup shuffles.
// As reduce_workgroup, but each subgroup first joins its totals in registers, whatever its size, and only one total a
// subgroup goes through workgroup memory.
// Memory: each element once; adjacent threads read adjacent elements where the innermost axis is reduced.
enable subgroups;
requires subgroup_id;

override WORKGROUP_SIZE: u32 = 64;

var<workgroup> totals: array<Acc, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(num_subgroups) subgroups: u32,
  @builtin(subgroup_invocation_id) member: u32,
  @builtin(subgroup_size) size: u32,
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
  // Lanes beyond a partly filled subgroup do not exist; what a shuffle brings from there is not combined.
  let filled = subgroupAdd(1u);
  for (var step = 1u; step < size; step *= 2) {
    let other = subgroupShuffleDown(total, step);
    if (member + step < filled) { total = combine(total, other); }
  }
  if (member == 0) { totals[subgroup] = total; }
  workgroupBarrier();
  if (lane == 0) {
    var joined = totals[0];
    for (var i = 1u; i < subgroups; i++) { joined = combine(joined, totals[i]); }
    out[kept * params.outputStride + split * params.splitStride] = Out(finish(joined));
  }
}
