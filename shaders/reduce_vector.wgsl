// reduce_vector.wgsl: reduces along any axes, one thread four neighbouring results, whose elements are neighbours too.
// As reduce_thread, but every load takes a vector: for columns, as many as there are of them a multiple of four.
// Memory: each element once.

override WORKGROUP_SIZE: u32 = 64;

/// What four neighbouring results have come to.
struct Totals {
  x: Acc,
  y: Acc,
  z: Acc,
  w: Acc,
}

/// Takes in the i-th elements of all four.
fn taken(totals: Totals, offset: u32, i: u32) -> Totals {
  let x = elements(offset);
  return Totals(
    combine(totals.x, load(x.x, i)),
    combine(totals.y, load(x.y, i)),
    combine(totals.z, load(x.z, i)),
    combine(totals.w, load(x.w, i))
  );
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = workgroupIndex(group, groups) * WORKGROUP_SIZE + lane;
  let vectors = params.outputs / 4;
  if (index >= vectors * params.splits) { return; }
  let kept = index % vectors;
  let split = index / vectors;
  let base = keptOffset(4 * kept);
  let end = min((split + 1) * params.chunk, params.count);
  var totals = Totals(initial(), initial(), initial(), initial());
  var i = split * params.chunk;
  if (REDUCED_RANK == 1) {
    // Four at a time, their places by addition alone: loops and multiplications are what costs here.
    let step = params.reducedStrides[0][0];
    var offset = base + i * step;
    for (; i + 4 <= end; i += 4) {
      totals = taken(totals, offset, i);
      totals = taken(totals, offset + step, i + 1);
      totals = taken(totals, offset + 2 * step, i + 2);
      totals = taken(totals, offset + 3 * step, i + 3);
      offset += 4 * step;
    }
  }
  for (; i < end; i++) { totals = taken(totals, base + reducedOffset(i), i); }
  let results = vec4<Out>(Out(finish(totals.x)), Out(finish(totals.y)), Out(finish(totals.z)), Out(finish(totals.w)));
  out[kept + split * vectors] = results;
}
