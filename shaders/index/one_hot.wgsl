// index/one_hot.wgsl: a row for each label: 1 at the label's place, 0 elsewhere.
// One thread writes one element. A label out of range gives a row of NaN (0 for integers), and its position goes to the
// status word.
// Memory: each label in once (then from cache), each element out once.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  size: u32,
  length: u32,
  status_word: u32,
}

@group(0) @binding(0) var<storage, read> labels: array<Index>;
@group(0) @binding(1) var<storage, read_write> out: array<T>;
@group(0) @binding(2) var<storage, read_write> status: array<atomic<u32>>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = workgroupIndex(group, groups) * WORKGROUP_SIZE + lane;
  if (index >= params.size) { return; }
  let row = index / params.length;
  // A negative label wraps to beyond any length.
  let label = u32(labels[row]);
  if (label < params.length) {
    out[index] = T(Element(select(0u, 1u, label == index % params.length)));
  } else {
    out[index] = spoiled(T(Element(0)));
    atomicMin(&status[params.status_word], row);
  }
}
