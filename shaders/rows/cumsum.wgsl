// rows/cumsum.wgsl: running sums along each row.
// One invocation walks a row alone, or a workgroup shares it. Then, tile by tile, each invocation adds ITEMS neighbouring
// elements; the totals are scanned in workgroup memory, STRIP at a time; and each writes its running sums.
// Rows are strided: element j of row (o, i) stands at (o * length + j) * inner + i.
// Memory: each element in twice (the second time from cache) where rows are shared, else once; out once.

override WORKGROUP_SIZE: u32 = 64;
// Invocations that share a row: 1, or all of a workgroup.
override LANES: u32 = 1;

const ITEMS = 8u;
const STRIP = 16u;

struct Params {
  rows: u32,
  length: u32,
  inner: u32,
}

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> out: array<T>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> totals: array<Compute, WORKGROUP_SIZE>;
/// Sums of STRIP neighbouring totals.
var<workgroup> strips: array<Compute, WORKGROUP_SIZE / STRIP>;

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
      totals[lane] = total;
      workgroupBarrier();
      if (lane < LANES / STRIP) {
        var strip = Compute(0);
        for (var k = lane * STRIP; k < (lane + 1) * STRIP; k++) { strip += totals[k]; }
        strips[lane] = strip;
      }
      workgroupBarrier();
      // All that stands before this invocation's elements, and before the next tile.
      for (var k = 0u; k < LANES / STRIP; k++) {
        if (k == lane / STRIP) { running = before; }
        before += strips[k];
      }
      for (var k = lane / STRIP * STRIP; k < lane; k++) { running += totals[k]; }
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
