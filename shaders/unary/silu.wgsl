// unary/silu.wgsl: x·logistic(x).

fn apply(x: Compute) -> Result {
  if (isInfinite(x) && x < 0.0) { return 0.0; }
  return x * logistic(x);
}
