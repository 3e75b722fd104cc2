// unary/neg_unsigned.wgsl: -x modulo 2³².

fn apply(x: Compute) -> Result {
  return 0u - x;
}
