// binary/logical_and.wgsl: whether neither is 0.

fn apply(a: Compute, b: Compute) -> Result {
  return Result(isTrue(a) && isTrue(b));
}
