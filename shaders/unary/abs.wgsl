// unary/abs.wgsl: |x|.

fn apply(x: Compute) -> Result {
  return abs(x);
}
