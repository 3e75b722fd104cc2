// unary/sign_unsigned.wgsl: 0 or 1.

fn apply(x: Compute) -> Result {
  return min(x, 1u);
}
