// matmul_quads32.wgsl: tiles of 32 × 32 for matmul_quads.wgsl, 8 rows and 8 columns a thread: half the loads of tiles of 16.

const SIDE = 8u;

/// Two blocks of rows by two of columns, each by the columns of a thread's own and those across, below and opposite.
struct Sums {
  s0: mat4x4<f32>,
  s1: mat4x4<f32>,
  s2: mat4x4<f32>,
  s3: mat4x4<f32>,
  s4: mat4x4<f32>,
  s5: mat4x4<f32>,
  s6: mat4x4<f32>,
  s7: mat4x4<f32>,
  s8: mat4x4<f32>,
  s9: mat4x4<f32>,
  s10: mat4x4<f32>,
  s11: mat4x4<f32>,
  s12: mat4x4<f32>,
  s13: mat4x4<f32>,
  s14: mat4x4<f32>,
  s15: mat4x4<f32>,
}

fn listed(sums: Sums) -> array<mat4x4<f32>, 16> {
  return array<mat4x4<f32>, 16>(
    sums.s0, sums.s1, sums.s2, sums.s3, sums.s4, sums.s5, sums.s6, sums.s7,
    sums.s8, sums.s9, sums.s10, sums.s11, sums.s12, sums.s13, sums.s14, sums.s15,
  );
}

fn multiplied(offsets: vec2<u32>, row: u32, column: u32) -> Sums {
  let rows0 = startsA(offsets.x, row);
  let rows1 = startsA(offsets.x, row + 4);
  let columns0 = startsB(offsets.y, column);
  let columns1 = startsB(offsets.y, column + 4);
  var sums = Sums();
  for (var k = 0u; k < params.depth; k += 4) {
    let steps = stepsFrom(k);
    let x0 = blockA(rows0, steps);
    let x1 = blockA(rows1, steps);
    let y0 = blockB(columns0, steps);
    sums.s0 += y0 * x0;
    sums.s1 += across(y0) * x0;
    sums.s2 += below(y0) * x0;
    sums.s3 += opposite(y0) * x0;
    sums.s8 += y0 * x1;
    sums.s9 += across(y0) * x1;
    sums.s10 += below(y0) * x1;
    sums.s11 += opposite(y0) * x1;
    let y1 = blockB(columns1, steps);
    sums.s4 += y1 * x0;
    sums.s5 += across(y1) * x0;
    sums.s6 += below(y1) * x0;
    sums.s7 += opposite(y1) * x0;
    sums.s12 += y1 * x1;
    sums.s13 += across(y1) * x1;
    sums.s14 += below(y1) * x1;
    sums.s15 += opposite(y1) * x1;
  }
  return sums;
}
