// rows/softmax.wgsl: exp x divided by the row's sum of exponentials; NaN where the row has none.

fn finish(x: f32, row: Online) -> f32 {
  if (!onlineIsFinite(row)) { return nan(); }
  return safeExp(x - row.top) / row.sum;
}
