// unary/identity.wgsl: x itself.

fn apply(x: Compute) -> Result {
  return x;
}
