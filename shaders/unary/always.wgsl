// unary/always.wgsl: true: every integer is finite.

fn apply(x: Compute) -> Result {
  return 1u;
}
