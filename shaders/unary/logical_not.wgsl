// unary/logical_not.wgsl: whether x is 0.

fn apply(x: Compute) -> Result {
  return Result(!isTrue(x));
}
