// index/scatter_add_shared.wgsl: adds updates into places given by indices, each place by one workgroup.
// Updates are [outer, count, inner], the output [outer, length, inner]. A workgroup owns one place and WORKGROUP_SIZE
// elements of `inner`. Its invocations test a tile of indices at once, one each, and leave a bit for every match; then
// all go through the bits, in order, each adding to its own element: the same numbers every time. An index out of range
// spoils the last place, and its position goes to the status word.
// Memory: `count` indices a workgroup (from cache), each update in once, each element out once.

// A multiple of 32.
override WORKGROUP_SIZE: u32 = 64;

struct Params {
  workgroups: u32,
  length: u32,
  count: u32,
  inner: u32,
  // Workgroups that share a place.
  spans: u32,
  status_word: u32,
}

@group(0) @binding(0) var<storage, read> indices: array<Index>;
@group(0) @binding(1) var<storage, read> updates: array<T>;
@group(0) @binding(2) var<storage, read_write> out: array<T>;
@group(0) @binding(3) var<storage, read_write> status: array<atomic<u32>>;
@group(0) @binding(4) var<uniform> params: Params;

var<workgroup> matches: array<atomic<u32>, WORKGROUP_SIZE / 32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let task = workgroupIndex(group, groups);
  if (task >= params.workgroups) { return; }
  let i = task % params.spans * WORKGROUP_SIZE + lane;
  let place = task / params.spans % params.length;
  let o = task / params.spans / params.length;
  var total = Compute(0);
  var spoil = false;
  for (var tile = 0u; tile < params.count; tile += WORKGROUP_SIZE) {
    if (lane < WORKGROUP_SIZE / 32) { atomicStore(&matches[lane], 0u); }
    workgroupBarrier();
    if (tile + lane < params.count) {
      // A negative index wraps to beyond any length.
      let found = u32(indices[tile + lane]);
      if (min(found, params.length - 1) == place) { atomicOr(&matches[lane / 32], 1u << (lane % 32)); }
    }
    workgroupBarrier();
    for (var word = 0u; word < WORKGROUP_SIZE / 32; word++) {
      for (var bits = atomicLoad(&matches[word]); bits != 0; bits &= bits - 1) {
        let k = tile + word * 32 + firstTrailingBit(bits);
        if (u32(indices[k]) != place) {
          spoil = true;
          atomicMin(&status[params.status_word], k);
        } else if (i < params.inner) {
          total += Compute(updates[(o * params.count + k) * params.inner + i]);
        }
      }
    }
    workgroupBarrier();
  }
  if (i >= params.inner) { return; }
  let index = (o * params.length + place) * params.inner + i;
  if (spoil) {
    out[index] = spoiled(T(total));
  } else {
    out[index] = T(total);
  }
}
