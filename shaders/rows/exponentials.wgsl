// rows/exponentials.wgsl: finds the maximum and the sum of exponentials of each row; `give` says what becomes of it.
// One invocation reads a row, or a workgroup shares it and joins what each has found in its memory.
// Rows are strided: element j of row (o, i) stands at (o * length + j) * inner + i.
// Memory: each element in once, beside what `give` moves.

override WORKGROUP_SIZE: u32 = 64;
// Invocations that share a row: 1, or all of a workgroup.
override LANES: u32 = 1;

struct Params {
  rows: u32,
  length: u32,
  inner: u32,
}

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> out: array<T>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = local % LANES;
  let row = workgroupIndex(group, groups) * (WORKGROUP_SIZE / LANES) + local / LANES;
  // Invocations beyond the last row read it along, so that all meet at the barriers; they write nothing.
  let within = min(row, params.rows - 1);
  let start = within / params.inner * params.length * params.inner + within % params.inner;
  var state = onlineEmpty();
  for (var j = lane; j < params.length; j += LANES) {
    state = onlineTake(state, f32(x[start + j * params.inner]));
  }
  if (LANES > 1) { state = onlineShare(state, local); }
  if (row < params.rows) { give(row, start, lane, state); }
}
