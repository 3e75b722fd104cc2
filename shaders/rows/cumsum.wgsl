// rows/cumsum.wgsl: running sums along each row.
// LANES invocations share a row. Tile by tile, each adds ITEMS neighbouring elements, the totals are scanned in
// workgroup memory (Hillis and Steele 1986), and each writes its running sums; an invocation alone just walks the row.
// Rows are strided: element j of row (o, i) stands at (o * length + j) * inner + i.
// Memory: each element in twice (the second time from cache) where lanes share rows, else once; out once.

override WORKGROUP_SIZE: u32 = 64;
// A power of two that divides WORKGROUP_SIZE.
override LANES: u32 = 1;

const ITEMS = 8u;

struct Params {
  rows: u32,
  length: u32,
  inner: u32,
}

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> out: array<T>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> totals: array<Compute, WORKGROUP_SIZE>;

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
  var before = Compute(0);
  for (var tile = 0u; tile < params.length; tile += LANES * ITEMS) {
    let first = min(tile + lane * ITEMS, params.length);
    let end = min(first + ITEMS, params.length);
    var running = before;
    if (LANES > 1) {
      var total = Compute(0);
      for (var j = first; j < end; j++) { total += Compute(x[start + j * params.inner]); }
      totals[local] = total;
      for (var reach = 1u; reach < LANES; reach *= 2) {
        workgroupBarrier();
        if (lane >= reach) { total += totals[local - reach]; }
        workgroupBarrier();
        totals[local] = total;
      }
      workgroupBarrier();
      if (lane > 0) { running += totals[local - 1]; }
      before += totals[local - lane + LANES - 1];
      workgroupBarrier();
    }
    for (var j = first; j < end; j++) {
      let index = start + j * params.inner;
      running += Compute(x[index]);
      if (row < params.rows) { out[index] = T(running); }
    }
    if (LANES == 1) { before = running; }
  }
}
