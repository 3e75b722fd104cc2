// unary/is_nan.wgsl: whether x is NaN.

fn apply(x: Compute) -> Result {
  return Result(unordered(x));
}
