// rows/log_softmax.wgsl: x less ln of the row's sum of exponentials; NaN where the row has none.

fn finish(x: f32, row: Online) -> f32 {
  if (!onlineIsFinite(row)) { return nan(); }
  return (x - row.top) - log(row.sum);
}
