// index/scatter_add.wgsl: adds updates into places given by indices, each place summed by one thread.
// Updates are [outer, count, inner], the output [outer, length, inner]. One thread goes through all indices, in order,
// and adds the updates meant for its element: no atomics, so the same numbers every time. An index out of range spoils
// the last place, and its position goes to the status word.
// Memory: `count` indices an element (from cache), each update in once, each element out once.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  size: u32,
  length: u32,
  count: u32,
  inner: u32,
  status_word: u32,
}

@group(0) @binding(0) var<storage, read> indices: array<Index>;
@group(0) @binding(1) var<storage, read> updates: array<T>;
@group(0) @binding(2) var<storage, read_write> out: array<T>;
@group(0) @binding(3) var<storage, read_write> status: array<atomic<u32>>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = workgroupIndex(group, groups) * WORKGROUP_SIZE + lane;
  if (index >= params.size) { return; }
  let i = index % params.inner;
  let place = index / params.inner % params.length;
  let o = index / params.inner / params.length;
  var total = Compute(0);
  var spoil = false;
  for (var k = 0u; k < params.count; k++) {
    // A negative index wraps to beyond any length.
    let found = u32(indices[k]);
    if (min(found, params.length - 1) != place) { continue; }
    if (found == place) {
      total += Compute(updates[(o * params.count + k) * params.inner + i]);
    } else {
      spoil = true;
      atomicMin(&status[params.status_word], k);
    }
  }
  if (spoil) {
    out[index] = spoiled(T(total));
  } else {
    out[index] = T(total);
  }
}
