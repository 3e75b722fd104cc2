// unary/ceil.wgsl: the whole number above.

fn apply(x: Compute) -> Result {
  return ceil(x);
}
