// binary/not_equal.wgsl: whether a ≠ b; true where either is NaN.

fn apply(a: Compute, b: Compute) -> Result {
  return Result(unordered(a) || unordered(b) || a != b);
}
