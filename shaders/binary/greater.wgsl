// binary/greater.wgsl: whether a > b; false where either is NaN.

fn apply(a: Compute, b: Compute) -> Result {
  return Result(!unordered(a) && !unordered(b) && a > b);
}
