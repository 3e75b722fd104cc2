// unary/cast.wgsl: x as another type: floats truncate towards 0 and saturate.

fn apply(x: Compute) -> Result {
  return Result(x);
}
