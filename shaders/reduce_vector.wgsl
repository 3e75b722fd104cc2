// reduce_vector.wgsl: reduces along any axes, one thread four neighbouring results, whose elements are neighbours too.
// As reduce_thread, but every load takes a vector: for columns, as many as there are of them a multiple of four.
// Memory: each element once.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  outputs: u32,
  // Elements reduced to one, and how many of them a split takes.
  count: u32,
  // Elements in all the splits of a result, which a mean divides by.
  total: u32,
  splits: u32,
  chunk: u32,
  // Where the result of an output and a split goes.
  outputStride: u32,
  splitStride: u32,
  keptShape: array<vec4<u32>, 2>,
  keptStrides: array<vec4<u32>, 2>,
  reducedShape: array<vec4<u32>, 2>,
  reducedStrides: array<vec4<u32>, 2>,
  // Bits of the constants of `element`.
  constants: array<vec4<u32>, 2>,
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
  var total0 = initial();
  var total1 = initial();
  var total2 = initial();
  var total3 = initial();
  for (var i = split * params.chunk; i < end; i++) {
    let x = elements(base + reducedOffset(i));
    total0 = combine(total0, load(x.x, i));
    total1 = combine(total1, load(x.y, i));
    total2 = combine(total2, load(x.z, i));
    total3 = combine(total3, load(x.w, i));
  }
  let results = vec4<Out>(Out(finish(total0)), Out(finish(total1)), Out(finish(total2)), Out(finish(total3)));
  out[kept + split * vectors] = results;
}
