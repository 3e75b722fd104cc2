// matmul_dot.wgsl: matrix product with little output and a long depth: several threads share the depth of each tile.
// `split` threads (a power of two, at most 64) compute one tile of 4 rows × 4 columns, each every split-th depth step; the
// partial sums then meet in workgroup memory, halving their number at each step of a tree, so that the order of
// additions is always the same. At an edge the last row or column is computed again and not stored.
// Memory: 8 loads for 16 multiply-adds, and split · 16 partial sums a tile through workgroup memory.

const WORKGROUP_SIZE = 64u;

struct Params {
  rows: u32,
  columns: u32,
  depth: u32,
  // Elements from one row, column or depth step to the next.
  rowStride: u32,
  depthStrideA: u32,
  columnStride: u32,
  depthStrideB: u32,
  // Threads that share a tile, a power of two.
  split: u32,
  // Tiles along the columns, in one matrix, and in all.
  tilesAcross: u32,
  tilesEach: u32,
  tiles: u32,
  batchRank: u32,
  batch: array<vec4<u32>, 2>,
  batchA: array<vec4<u32>, 2>,
  batchB: array<vec4<u32>, 2>,
  // Bits of the constants of `store`.
  constants: array<vec4<u32>, 2>,
}

@group(0) @binding(0) var<storage, read> a: array<T>;
@group(0) @binding(1) var<storage, read> b: array<T>;

var<workgroup> partial0: array<vec4<f32>, WORKGROUP_SIZE>;
var<workgroup> partial1: array<vec4<f32>, WORKGROUP_SIZE>;
var<workgroup> partial2: array<vec4<f32>, WORKGROUP_SIZE>;
var<workgroup> partial3: array<vec4<f32>, WORKGROUP_SIZE>;

/// Stores four sums of a row, as many as are inside the matrix.
fn storeRow(matrix: u32, row: u32, column: u32, sums: vec4<f32>) {
  if (row >= params.rows) { return; }
  let start = (matrix * params.rows + row) * params.columns;
  for (var j = 0u; j < 4; j++) {
    if (column + j < params.columns) { store(start + column + j, column + j, sums[j]); }
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  sumColumns(workgroupIndex(group, groups) * WORKGROUP_SIZE + lane, groups.x * groups.y * groups.z * WORKGROUP_SIZE, params.columns);
  let tile = workgroupIndex(group, groups) * (WORKGROUP_SIZE / params.split) + lane / params.split;
  let share = lane % params.split;
  // Threads without a tile go along, for the barriers, with no depth of their own.
  let busy = tile < params.tiles;
  let matrix = select(0, tile / params.tilesEach, busy);
  let place = tile % params.tilesEach;
  let row = place / params.tilesAcross * 4;
  let column = place % params.tilesAcross * 4;
  let offsets = matrixOffsets(matrix);
  let rows = offsets.x + min(vec4(row) + vec4<u32>(0, 1, 2, 3), vec4(params.rows - 1)) * params.rowStride;
  let columns = offsets.y + min(vec4(column) + vec4<u32>(0, 1, 2, 3), vec4(params.columns - 1)) * params.columnStride;
  var sum0 = vec4<f32>();
  var sum1 = vec4<f32>();
  var sum2 = vec4<f32>();
  var sum3 = vec4<f32>();
  for (var k = share; k < select(0, params.depth, busy); k += params.split) {
    let atA = rows + k * params.depthStrideA;
    let atB = columns + k * params.depthStrideB;
    let y = vec4(f32(b[atB.x]), f32(b[atB.y]), f32(b[atB.z]), f32(b[atB.w]));
    sum0 = fma(vec4(f32(a[atA.x])), y, sum0);
    sum1 = fma(vec4(f32(a[atA.y])), y, sum1);
    sum2 = fma(vec4(f32(a[atA.z])), y, sum2);
    sum3 = fma(vec4(f32(a[atA.w])), y, sum3);
  }
  partial0[lane] = sum0;
  partial1[lane] = sum1;
  partial2[lane] = sum2;
  partial3[lane] = sum3;
  for (var half = params.split / 2; half > 0; half /= 2) {
    workgroupBarrier();
    if (share < half) {
      partial0[lane] += partial0[lane + half];
      partial1[lane] += partial1[lane + half];
      partial2[lane] += partial2[lane + half];
      partial3[lane] += partial3[lane + half];
    }
  }
  if (!busy || share > 0) { return; }
  storeRow(matrix, row, column, partial0[lane]);
  storeRow(matrix, row + 1, column, partial1[lane]);
  storeRow(matrix, row + 2, column, partial2[lane]);
  storeRow(matrix, row + 3, column, partial3[lane]);
  endWatch();
}
