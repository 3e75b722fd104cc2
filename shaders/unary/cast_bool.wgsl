// unary/cast_bool.wgsl: whether x is anything but 0.

fn apply(x: Compute) -> Result {
  return Result(isTrue(x));
}
