// unary/sqrt.wgsl: square root; NaN below 0.

fn apply(x: Compute) -> Result {
  if (unordered(x) || x < 0.0) { return nan(); }
  if (isInfinite(x)) { return x; }
  return sqrt(x);
}
