// unary/reciprocal.wgsl: 1 / x; a signed infinity at 0.

fn apply(x: Compute) -> Result {
  if (x == 0.0) { return infinity(x); }
  if (isInfinite(x)) { return 0.0; }
  return 1.0 / x;
}
