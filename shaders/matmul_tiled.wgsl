// matmul_tiled.wgsl: matrix product through tiles in workgroup memory, for GPUs.
// A workgroup of ROW_THREADS × COLUMN_THREADS computes 4 · ROW_VECTORS rows × 4 · COLUMN_VECTORS columns a thread, DEPTH
// steps at a time. Both operands lie in workgroup memory as [depth][row or column], in vectors of four rows or columns.
// They come in blocks of 4 × 4: four vector loads along whichever axis is contiguous, a transposition in registers where
// that axis is the depth, four vector stores. So NN, NT, TN and TT all load coalesced, and no vector is written by two
// threads (which Metal has been seen to lose). A vector of padding a line spreads the stores over the banks.
// What lies outside the matrices is loaded as 0. The depth may be cut in `splits` parts, each with an output of its own.
// Memory: each operand element is loaded once per tile along the other operand; per depth step a thread reads
// ROW_VECTORS + COLUMN_VECTORS vectors of workgroup memory for 16 · ROW_VECTORS · COLUMN_VECTORS multiply-adds.

// True where a is stored [depth, rows], and b [columns, depth].
override TRANSPOSE_A: bool = false;
override TRANSPOSE_B: bool = false;

struct Params {
  rows: u32,
  columns: u32,
  depth: u32,
  // Tiles along the columns, in one matrix, and in all, the parts of the depth counted.
  tilesAcross: u32,
  tilesEach: u32,
  tiles: u32,
  // Parts of the depth, the steps of each, and the matrices of the output.
  splits: u32,
  splitDepth: u32,
  matrices: u32,
  batchRank: u32,
  batch: array<vec4<u32>, 2>,
  batchA: array<vec4<u32>, 2>,
  batchB: array<vec4<u32>, 2>,
  // Bits of the constants of `store`.
  constants: array<vec4<u32>, 2>,
}

const THREADS = ROW_THREADS * COLUMN_THREADS;
// Sizes of the tile, in vectors of four.
const HIGH = ROW_THREADS * ROW_VECTORS;
const WIDE = COLUMN_THREADS * COLUMN_VECTORS;
const DEEP = DEPTH / 4;

var<workgroup> tileA: array<vec4<f32>, DEPTH * (HIGH + 1)>;
var<workgroup> tileB: array<vec4<f32>, DEPTH * (WIDE + 1)>;

/// How many of four elements of a line are inside the matrix.
fn countInside(line: u32, lines: u32, place: u32, places: u32) -> u32 {
  return select(0, places - min(place, places), line < lines);
}

/// Brings a piece of a, 4 rows × 4 depth steps, into workgroup memory.
fn fillA(piece: u32, start: u32, row: u32, begin: u32, to: u32) {
  let vector = select(piece / DEEP, piece % HIGH, TRANSPOSE_A);
  let step = 4 * select(piece % DEEP, piece / HIGH, TRANSPOSE_A);
  // A line is what one vector load runs along: a depth step where a is transposed, else a row.
  let line = select(row + 4 * vector, begin + step, TRANSPOSE_A);
  let lines = select(params.rows, to, TRANSPOSE_A);
  let place = select(begin + step, row + 4 * vector, TRANSPOSE_A);
  let places = select(to, params.rows, TRANSPOSE_A);
  let length = select(params.depth, params.rows, TRANSPOSE_A);
  let index = start + line * length + place;
  var elements = mat4x4<f32>(
    loadA(index, countInside(line, lines, place, places)),
    loadA(index + length, countInside(line + 1, lines, place, places)),
    loadA(index + 2 * length, countInside(line + 2, lines, place, places)),
    loadA(index + 3 * length, countInside(line + 3, lines, place, places)),
  );
  if (!TRANSPOSE_A) { elements = transpose(elements); }
  let first = step * (HIGH + 1) + vector;
  tileA[first] = elements[0];
  tileA[first + (HIGH + 1)] = elements[1];
  tileA[first + 2 * (HIGH + 1)] = elements[2];
  tileA[first + 3 * (HIGH + 1)] = elements[3];
}

/// Brings a piece of b, 4 depth steps × 4 columns, into workgroup memory.
fn fillB(piece: u32, start: u32, column: u32, begin: u32, to: u32) {
  let vector = select(piece % WIDE, piece / DEEP, TRANSPOSE_B);
  let step = 4 * select(piece / WIDE, piece % DEEP, TRANSPOSE_B);
  let line = select(begin + step, column + 4 * vector, TRANSPOSE_B);
  let lines = select(to, params.columns, TRANSPOSE_B);
  let place = select(column + 4 * vector, begin + step, TRANSPOSE_B);
  let places = select(params.columns, to, TRANSPOSE_B);
  let length = select(params.columns, params.depth, TRANSPOSE_B);
  let index = start + line * length + place;
  var elements = mat4x4<f32>(
    loadB(index, countInside(line, lines, place, places)),
    loadB(index + length, countInside(line + 1, lines, place, places)),
    loadB(index + 2 * length, countInside(line + 2, lines, place, places)),
    loadB(index + 3 * length, countInside(line + 3, lines, place, places)),
  );
  if (TRANSPOSE_B) { elements = transpose(elements); }
  let first = step * (WIDE + 1) + vector;
  tileB[first] = elements[0];
  tileB[first + (WIDE + 1)] = elements[1];
  tileB[first + 2 * (WIDE + 1)] = elements[2];
  tileB[first + 3 * (WIDE + 1)] = elements[3];
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  sumColumns(workgroupIndex(group, groups) * THREADS + thread, groups.x * groups.y * groups.z * THREADS, params.columns);
  let tile = workgroupIndex(group, groups);
  if (tile >= params.tiles) { return; }
  let place = tile % params.tilesEach;
  let split = tile / params.tilesEach % params.splits;
  let matrix = tile / params.tilesEach / params.splits;
  let row = place / params.tilesAcross * (4 * HIGH);
  let column = place % params.tilesAcross * (4 * WIDE);
  let offsets = matrixOffsets(matrix);
  let end = min((split + 1) * params.splitDepth, params.depth);
  let down = thread / COLUMN_THREADS;
  let along = thread % COLUMN_THREADS;
  var sums: array<vec4<f32>, 4 * ROW_VECTORS * COLUMN_VECTORS>;
  for (var begin = split * params.splitDepth; begin < end; begin += DEPTH) {
    // Blocks of a first, then those of b; a thread takes every THREADS-th.
    for (var piece = thread; piece < DEEP * (HIGH + WIDE); piece += THREADS) {
      if (piece < DEEP * HIGH) { fillA(piece, offsets.x, row, begin, end); }
      else { fillB(piece - DEEP * HIGH, offsets.y, column, begin, end); }
    }
    workgroupBarrier();
    // Four steps at a time for a compiler to unroll, and no more than the depth has left.
    for (var four = begin; four < end && four < begin + DEPTH; four += 4) {
      for (var k = four - begin; k < four - begin + 4; k++) {
        var y: array<vec4<f32>, COLUMN_VECTORS>;
        for (var j = 0u; j < COLUMN_VECTORS; j++) { y[j] = tileB[k * (WIDE + 1) + along + j * COLUMN_THREADS]; }
        for (var i = 0u; i < ROW_VECTORS; i++) {
          let x = tileA[k * (HIGH + 1) + down + i * ROW_THREADS];
          for (var j = 0u; j < COLUMN_VECTORS; j++) {
            let at = 4 * (i * COLUMN_VECTORS + j);
            sums[at] = fma(x.xxxx, y[j], sums[at]);
            sums[at + 1] = fma(x.yyyy, y[j], sums[at + 1]);
            sums[at + 2] = fma(x.zzzz, y[j], sums[at + 2]);
            sums[at + 3] = fma(x.wwww, y[j], sums[at + 3]);
          }
        }
      }
    }
    workgroupBarrier();
  }
  let output = (split * params.matrices + matrix) * params.rows * params.columns;
  for (var i = 0u; i < ROW_VECTORS; i++) {
    for (var j = 0u; j < COLUMN_VECTORS; j++) {
      for (var r = 0u; r < 4; r++) {
        let outRow = row + 4 * (down + i * ROW_THREADS) + r;
        let outFirst = column + 4 * (along + j * COLUMN_THREADS);
        if (outRow >= params.rows) { continue; }
        for (var c = 0u; c < 4; c++) {
          let outColumn = outFirst + c;
          if (outColumn >= params.columns) { continue; }
          store(output + outRow * params.columns + outColumn, outColumn, sums[4 * (i * COLUMN_VECTORS + j) + r][c]);
        }
      }
    }
  }
  endWatch();
}
