// matmul_register.wgsl: matrix product from registers alone: no workgroup memory, no barrier, no feature.
// One thread computes 8 rows × 4 columns and keeps them in eight vectors, written out one by one since software
// rasterisers keep indexed arrays in memory. A workgroup is `across` threads along the columns by 64 / across along the
// rows; a thread's columns lie `across` apart, so that neighbouring threads read neighbouring elements. Any strides serve:
// transposed operands cost nothing extra. At an edge the last row or column is computed again and not stored.
// Memory: 12 loads for 32 multiply-adds.

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
  // Threads of a workgroup along the columns, a power of two.
  across: u32,
  // Tiles of workgroups along the columns, in one matrix, and in all.
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

/// Stores four sums of a row, as many as are inside the matrix.
fn storeRow(matrix: u32, row: u32, column: u32, sums: vec4<f32>) {
  if (row >= params.rows) { return; }
  let start = (matrix * params.rows + row) * params.columns;
  for (var j = 0u; j < 4; j++) {
    let each = column + j * params.across;
    if (each < params.columns) { store(start + each, each, sums[j]); }
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  sumColumns(workgroupIndex(group, groups) * WORKGROUP_SIZE + lane, groups.x * groups.y * groups.z * WORKGROUP_SIZE, params.columns);
  let tile = workgroupIndex(group, groups);
  if (tile >= params.tiles) { return; }
  let matrix = tile / params.tilesEach;
  let place = tile % params.tilesEach;
  let row = (place / params.tilesAcross * (WORKGROUP_SIZE / params.across) + lane / params.across) * 8;
  let column = place % params.tilesAcross * (4 * params.across) + lane % params.across;
  let offsets = matrixOffsets(matrix);
  let lastRow = params.rows - 1;
  let rowsLow = offsets.x + min(vec4(row) + vec4<u32>(0, 1, 2, 3), vec4(lastRow)) * params.rowStride;
  let rowsHigh = offsets.x + min(vec4(row) + vec4<u32>(4, 5, 6, 7), vec4(lastRow)) * params.rowStride;
  let steps = vec4<u32>(0, 1, 2, 3) * params.across;
  let columns = offsets.y + min(vec4(column) + steps, vec4(params.columns - 1)) * params.columnStride;
  var sum0 = vec4<f32>();
  var sum1 = vec4<f32>();
  var sum2 = vec4<f32>();
  var sum3 = vec4<f32>();
  var sum4 = vec4<f32>();
  var sum5 = vec4<f32>();
  var sum6 = vec4<f32>();
  var sum7 = vec4<f32>();
  for (var k = 0u; k < params.depth; k++) {
    let atB = columns + k * params.depthStrideB;
    let atA = k * params.depthStrideA;
    let y = vec4(f32(b[atB.x]), f32(b[atB.y]), f32(b[atB.z]), f32(b[atB.w]));
    sum0 = fma(vec4(f32(a[rowsLow.x + atA])), y, sum0);
    sum1 = fma(vec4(f32(a[rowsLow.y + atA])), y, sum1);
    sum2 = fma(vec4(f32(a[rowsLow.z + atA])), y, sum2);
    sum3 = fma(vec4(f32(a[rowsLow.w + atA])), y, sum3);
    sum4 = fma(vec4(f32(a[rowsHigh.x + atA])), y, sum4);
    sum5 = fma(vec4(f32(a[rowsHigh.y + atA])), y, sum5);
    sum6 = fma(vec4(f32(a[rowsHigh.z + atA])), y, sum6);
    sum7 = fma(vec4(f32(a[rowsHigh.w + atA])), y, sum7);
  }
  // Stored in a loop: eight copies of what becomes of a sum would take long to compile.
  var sums = array<vec4<f32>, 8>(sum0, sum1, sum2, sum3, sum4, sum5, sum6, sum7);
  for (var i = 0u; i < 8; i++) { storeRow(matrix, row + i, column, sums[i]); }
  endWatch();
}
