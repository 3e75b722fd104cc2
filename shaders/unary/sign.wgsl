// unary/sign.wgsl: -1, 0 or 1; NaN stays NaN.

fn apply(x: Compute) -> Result {
  return select(sign(x), x, unordered(x));
}
