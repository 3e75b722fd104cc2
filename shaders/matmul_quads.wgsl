// matmul_quads.wgsl: matrix product from registers, four threads handing one another the elements they loaded.
// A quad (four neighbouring threads) computes a square tile. Each thread loads SIDE rows of a and SIDE columns of b of its
// own, four depth steps at a time, in 4 × 4 blocks: four vector loads along whichever axis is contiguous, and a
// transposition that costs nothing in registers. The columns then go round the quad, so that each thread multiplies its
// rows by the columns of all four: one shuffle replaces four loads, which software adapters pay for one lane at a time.
// Blocks are matrices and their products WGSL's own: two lines instead of 64, and quick to compile. Tile and sums are in
// matmul_quads16.wgsl or matmul_quads32.wgsl. Lines past the edges repeat the last and are not stored; depth steps past
// the end are zeros. What the sums become is written once, in a loop, since it may be long when fused.
// Quads must be four invocations that follow one another, as they are in every one-dimensional workgroup known.
// Memory: 2 · SIDE loads for 4 · SIDE² multiply-adds, from storage alone; no workgroup memory, no barrier.

enable subgroups;

// One subgroup of lavapipe, two of SwiftShader: small, so that small products have enough for all cores.
const WORKGROUP_SIZE = 8u;

// True where a is stored [depth, rows], and b [columns, depth].
override TRANSPOSE_A: bool = false;
override TRANSPOSE_B: bool = false;

struct Params {
  rows: u32,
  columns: u32,
  depth: u32,
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

const FOUR = vec4<u32>(0, 1, 2, 3);

/// Indices of the elements of four rows of a, from `row` on, that belong to no depth step yet.
fn startsA(offset: u32, row: u32) -> vec4<u32> {
  let rows = min(vec4(row) + FOUR, vec4(params.rows - 1));
  return offset + select(rows * params.depth, rows.xxxx, TRANSPOSE_A);
}

/// Indices of the elements of four columns of b, from `column` on, that belong to no depth step yet.
fn startsB(offset: u32, column: u32) -> vec4<u32> {
  let columns = min(vec4(column) + FOUR, vec4(params.columns - 1));
  return offset + select(columns.xxxx, columns * params.depth, TRANSPOSE_B);
}

/// Four depth steps: what they add to indices, and all bits of those before the end of the depth.
struct Steps {
  a: vec4<u32>,
  b: vec4<u32>,
  inside: vec4<u32>,
}

fn stepsFrom(first: u32) -> Steps {
  let steps = vec4(first) + FOUR;
  let lines = min(steps, vec4(params.depth - 1));
  return Steps(
    select(vec4(first), lines * params.rows, TRANSPOSE_A),
    select(lines * params.columns, vec4(first), TRANSPOSE_B),
    select(vec4<u32>(), vec4(0xffffffffu), steps < vec4(params.depth))
  );
}

fn only(elements: vec4<f32>, bits: vec4<u32>) -> vec4<f32> {
  return bitcast<vec4<f32>>(bitcast<vec4<u32>>(elements) & bits);
}

/// Four rows of a: [i] holds four depth steps of row i.
fn blockA(starts: vec4<u32>, steps: Steps) -> mat4x4<f32> {
  let at = starts + steps.a;
  var rows = mat4x4<f32>(loadA(at.x, 4), loadA(at.y, 4), loadA(at.z, 4), loadA(at.w, 4));
  if (TRANSPOSE_A) { rows = transpose(rows); }
  let inside = steps.inside;
  return mat4x4<f32>(only(rows[0], inside), only(rows[1], inside), only(rows[2], inside), only(rows[3], inside));
}

/// Four columns of b: [k] holds depth step k of all four. Times a block of a it gives four rows of sums.
fn blockB(starts: vec4<u32>, steps: Steps) -> mat4x4<f32> {
  let at = starts + steps.b;
  var lines = mat4x4<f32>(loadB(at.x, 4), loadB(at.y, 4), loadB(at.z, 4), loadB(at.w, 4));
  if (TRANSPOSE_B) { lines = transpose(lines); }
  let inside = steps.inside;
  return mat4x4<f32>(
    only(lines[0], inside.xxxx),
    only(lines[1], inside.yyyy),
    only(lines[2], inside.zzzz),
    only(lines[3], inside.wwww),
  );
}

// The block of the neighbour across, below and diagonally opposite in the quad.

fn across(near: mat4x4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(quadSwapX(near[0]), quadSwapX(near[1]), quadSwapX(near[2]), quadSwapX(near[3]));
}

fn below(near: mat4x4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(quadSwapY(near[0]), quadSwapY(near[1]), quadSwapY(near[2]), quadSwapY(near[3]));
}

fn opposite(near: mat4x4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(
    quadSwapDiagonal(near[0]),
    quadSwapDiagonal(near[1]),
    quadSwapDiagonal(near[2]),
    quadSwapDiagonal(near[3]),
  );
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  sumColumns(workgroupIndex(group, groups) * WORKGROUP_SIZE + lane, groups.x * groups.y * groups.z * WORKGROUP_SIZE, params.columns);
  let first = workgroupIndex(group, groups) * (WORKGROUP_SIZE / 4);
  if (first >= params.tiles) { return; }
  // A quad without a tile goes along with the last, since quads exchange in uniform control flow only, and stores nothing.
  let tile = min(first + lane / 4, params.tiles - 1);
  let isBusy = first + lane / 4 < params.tiles;
  let matrix = tile / params.tilesEach;
  let place = tile % params.tilesEach;
  let row = (place / params.tilesAcross * 4 + lane % 4) * SIDE;
  let column = (place % params.tilesAcross * 4 + lane % 4) * SIDE;
  let sums = multiplied(matrixOffsets(matrix), row, column);
  // Where the columns begin that sums[0] to sums[3] are for, and so on.
  let columns = vec4(column, quadSwapX(column), quadSwapY(column), quadSwapDiagonal(column));
  var blocks = listed(sums);
  for (var i = 0u; i < 4 * SIDE * SIDE; i++) {
    // From the lowest bits of i: column, row, thread of the quad, block of columns, block of rows. SwiftShader is slow to
    // divide, even by 4, so that all of this is shifts.
    let part = i >> 4;
    let outRow = row + ((i >> (5 + SIDE / 4)) << 2) + ((i >> 2) & 3);
    let outColumn = columns[part & 3] + (((i >> 6) & (SIDE / 4 - 1)) << 2) + (i & 3);
    if (isBusy && outRow < params.rows && outColumn < params.columns) {
      store((matrix * params.rows + outRow) * params.columns + outColumn, outColumn, blocks[part][(i >> 2) & 3][i & 3]);
    }
  }
  endWatch();
}
