// unary/neg.wgsl: -x.

fn apply(x: Compute) -> Result {
  return -x;
}
