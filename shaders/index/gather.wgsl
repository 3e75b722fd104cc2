// index/gather.wgsl: picks elements along an axis by index.
// x is [outer, length, inner], the output [outer, count, inner]. One thread copies one element, or four where T is a
// vector of them. An index out of range gives NaN (0 for integers), and its position goes to the status word.
// Memory: each picked element and its index in once, out once.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  size: u32,
  length: u32,
  count: u32,
  inner: u32,
  status_word: u32,
}

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> indices: array<Index>;
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
  let k = index / params.inner % params.count;
  let o = index / params.inner / params.count;
  // A negative index wraps to beyond any length.
  let found = u32(indices[k]);
  if (found < params.length) {
    out[index] = x[(o * params.length + found) * params.inner + i];
  } else {
    out[index] = spoiled(T(Element(0)));
    atomicMin(&status[params.status_word], k);
  }
}
