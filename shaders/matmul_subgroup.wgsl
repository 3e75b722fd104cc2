// matmul_subgroup.wgsl: matrix product from registers, each element of one operand loaded once per subgroup.
// One thread computes 16 lines × 4 columns, sixteen vectors written out one by one since software rasterisers keep
// indexed arrays in memory. A line is a row of a, and a column one of b; with SWAP a line is a column of b and a column a
// row of a, so that the longer side can run along the threads. All threads of a workgroup share their 16 lines: four
// lanes of each subgroup load four depth steps of them, and broadcast these to the rest. So nothing depends on how
// invocations map to subgroups, nor on the subgroup size, as long as lanes 0 to 3 are there (WGSL promises 4 or more).
// Any strides serve: transposed operands cost nothing extra. At an edge the last line or column is computed again and
// not stored. Memory: 32 loads for 256 multiply-adds.

enable subgroups;

const WORKGROUP_SIZE = 32u;
override SWAP: bool = false;

struct Params {
  lines: u32,
  columns: u32,
  depth: u32,
  // Elements from one line, column or depth step to the next.
  lineStride: u32,
  lineDepthStride: u32,
  columnStride: u32,
  columnDepthStride: u32,
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

/// 16 lines × 4 columns of sums.
struct Tile {
  s0: vec4<f32>,
  s1: vec4<f32>,
  s2: vec4<f32>,
  s3: vec4<f32>,
  s4: vec4<f32>,
  s5: vec4<f32>,
  s6: vec4<f32>,
  s7: vec4<f32>,
  s8: vec4<f32>,
  s9: vec4<f32>,
  s10: vec4<f32>,
  s11: vec4<f32>,
  s12: vec4<f32>,
  s13: vec4<f32>,
  s14: vec4<f32>,
  s15: vec4<f32>,
}

/// Adds one depth step: the outer product of 16 line elements and 4 column elements.
fn accumulate(tile: ptr<function, Tile>, x0: vec4<f32>, x1: vec4<f32>, x2: vec4<f32>, x3: vec4<f32>, y: vec4<f32>) {
  (*tile).s0 = fma(x0.xxxx, y, (*tile).s0);
  (*tile).s1 = fma(x0.yyyy, y, (*tile).s1);
  (*tile).s2 = fma(x0.zzzz, y, (*tile).s2);
  (*tile).s3 = fma(x0.wwww, y, (*tile).s3);
  (*tile).s4 = fma(x1.xxxx, y, (*tile).s4);
  (*tile).s5 = fma(x1.yyyy, y, (*tile).s5);
  (*tile).s6 = fma(x1.zzzz, y, (*tile).s6);
  (*tile).s7 = fma(x1.wwww, y, (*tile).s7);
  (*tile).s8 = fma(x2.xxxx, y, (*tile).s8);
  (*tile).s9 = fma(x2.yyyy, y, (*tile).s9);
  (*tile).s10 = fma(x2.zzzz, y, (*tile).s10);
  (*tile).s11 = fma(x2.wwww, y, (*tile).s11);
  (*tile).s12 = fma(x3.xxxx, y, (*tile).s12);
  (*tile).s13 = fma(x3.yyyy, y, (*tile).s13);
  (*tile).s14 = fma(x3.zzzz, y, (*tile).s14);
  (*tile).s15 = fma(x3.wwww, y, (*tile).s15);
}

fn loadLine(index: u32) -> f32 {
  if (SWAP) { return f32(b[index]); }
  return f32(a[index]);
}

fn loadColumn(index: u32) -> f32 {
  if (SWAP) { return f32(a[index]); }
  return f32(b[index]);
}

fn loadLines(at: vec4<u32>) -> vec4<f32> {
  return vec4(loadLine(at.x), loadLine(at.y), loadLine(at.z), loadLine(at.w));
}

fn loadColumns(at: vec4<u32>) -> vec4<f32> {
  return vec4(loadColumn(at.x), loadColumn(at.y), loadColumn(at.z), loadColumn(at.w));
}

/// Indices of the first elements of four lines.
fn lineStarts(line: u32, offset: u32) -> vec4<u32> {
  return offset + min(vec4(line) + vec4<u32>(0, 1, 2, 3), vec4(params.lines - 1)) * params.lineStride;
}

/// Stores four sums of a line, as many as are inside the matrix.
fn storeLine(matrix: u32, line: u32, column: u32, sums: vec4<f32>) {
  if (line >= params.lines) { return; }
  let start = matrix * params.lines * params.columns;
  for (var j = 0u; j < 4; j++) {
    let each = column + j * WORKGROUP_SIZE;
    if (each >= params.columns) { return; }
    if (SWAP) { store(start + each * params.lines + line, line, sums[j]); }
    else { store(start + line * params.columns + each, each, sums[j]); }
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) subgroupLane: u32,
) {
  sumColumns(workgroupIndex(group, groups) * WORKGROUP_SIZE + lane, groups.x * groups.y * groups.z * WORKGROUP_SIZE, select(params.columns, params.lines, SWAP));
  let index = workgroupIndex(group, groups);
  if (index >= params.tiles) { return; }
  let matrix = index / params.tilesEach;
  let place = index % params.tilesEach;
  let line = place / params.tilesAcross * 16;
  let column = place % params.tilesAcross * (4 * WORKGROUP_SIZE) + lane;
  let offsets = matrixOffsets(matrix);
  let lineOffset = select(offsets.x, offsets.y, SWAP);
  let lines0 = lineStarts(line, lineOffset);
  let lines1 = lineStarts(line + 4, lineOffset);
  let lines2 = lineStarts(line + 8, lineOffset);
  let lines3 = lineStarts(line + 12, lineOffset);
  let steps = vec4<u32>(0, 1, 2, 3) * WORKGROUP_SIZE;
  let inside = min(vec4(column) + steps, vec4(params.columns - 1));
  var atColumn = select(offsets.y, offsets.x, SWAP) + inside * params.columnStride;
  var tile = Tile();
  let whole = params.depth - params.depth % 4;
  for (var k = 0u; k < whole; k += 4) {
    let at = (k + subgroupLane % 4) * params.lineDepthStride;
    let x0 = loadLines(lines0 + at);
    let x1 = loadLines(lines1 + at);
    let x2 = loadLines(lines2 + at);
    let x3 = loadLines(lines3 + at);
    let y0 = loadColumns(atColumn);
    accumulate(&tile, subgroupBroadcast(x0, 0), subgroupBroadcast(x1, 0), subgroupBroadcast(x2, 0), subgroupBroadcast(x3, 0), y0);
    let y1 = loadColumns(atColumn + 1 * params.columnDepthStride);
    accumulate(&tile, subgroupBroadcast(x0, 1), subgroupBroadcast(x1, 1), subgroupBroadcast(x2, 1), subgroupBroadcast(x3, 1), y1);
    let y2 = loadColumns(atColumn + 2 * params.columnDepthStride);
    accumulate(&tile, subgroupBroadcast(x0, 2), subgroupBroadcast(x1, 2), subgroupBroadcast(x2, 2), subgroupBroadcast(x3, 2), y2);
    let y3 = loadColumns(atColumn + 3 * params.columnDepthStride);
    accumulate(&tile, subgroupBroadcast(x0, 3), subgroupBroadcast(x1, 3), subgroupBroadcast(x2, 3), subgroupBroadcast(x3, 3), y3);
    atColumn += vec4(4 * params.columnDepthStride);
  }
  for (var k = whole; k < params.depth; k++) {
    let at = k * params.lineDepthStride;
    accumulate(&tile, loadLines(lines0 + at), loadLines(lines1 + at), loadLines(lines2 + at), loadLines(lines3 + at), loadColumns(atColumn));
    atColumn += vec4(params.columnDepthStride);
  }
  // Stored in a loop: sixteen copies of what becomes of a sum would take long to compile.
  var sums = array<vec4<f32>, 16>(
    tile.s0, tile.s1, tile.s2, tile.s3, tile.s4, tile.s5, tile.s6, tile.s7,
    tile.s8, tile.s9, tile.s10, tile.s11, tile.s12, tile.s13, tile.s14, tile.s15,
  );
  for (var i = 0u; i < 16; i++) { storeLine(matrix, line + i, column, sums[i]); }
}
