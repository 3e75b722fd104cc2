// unary/is_finite_float.wgsl: whether x is neither NaN nor infinite.

fn apply(x: Compute) -> Result {
  return Result(!isNan(x) && !isInfinite(x));
}
