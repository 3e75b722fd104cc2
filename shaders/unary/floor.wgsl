// unary/floor.wgsl: the whole number below.

fn apply(x: Compute) -> Result {
  return floor(x);
}
