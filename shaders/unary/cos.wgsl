// unary/cos.wgsl: cos x, after reducing x to [-π, π].

// Subtracts the nearest multiple of 2π in two parts, so that the argument lies where WGSL bounds the error.
fn reduced(x: f32) -> f32 {
  let turns = round(x * 0.15915494);
  return (x - turns * 6.28125) - turns * 0.0019353072;
}

fn apply(x: Compute) -> Result {
  if (unordered(x) || isInfinite(x)) { return nan(); }
  return cos(reduced(x));
}
