// matmul_quads16.wgsl: tiles of 16 × 16 for matmul_quads.wgsl, 4 rows and 4 columns a thread: quick to compile.

const SIDE = 4u;

/// A thread's rows by the columns of each thread of its quad: its own, and those across, below and opposite.
struct Sums {
  s0: mat4x4<f32>,
  s1: mat4x4<f32>,
  s2: mat4x4<f32>,
  s3: mat4x4<f32>,
}

fn listed(sums: Sums) -> array<mat4x4<f32>, 4> {
  return array<mat4x4<f32>, 4>(sums.s0, sums.s1, sums.s2, sums.s3);
}

fn multiplied(offsets: vec2<u32>, row: u32, column: u32) -> Sums {
  let rows = startsA(offsets.x, row);
  let columns = startsB(offsets.y, column);
  var sums = Sums();
  for (var k = 0u; k < params.depth; k += 4) {
    let steps = stepsFrom(k);
    let x = blockA(rows, steps);
    let y = blockB(columns, steps);
    sums.s0 += y * x;
    sums.s1 += across(y) * x;
    sums.s2 += below(y) * x;
    sums.s3 += opposite(y) * x;
  }
  return sums;
}
