// binary/logical_or.wgsl: whether either is not 0.

fn apply(a: Compute, b: Compute) -> Result {
  return Result(isTrue(a) || isTrue(b));
}
