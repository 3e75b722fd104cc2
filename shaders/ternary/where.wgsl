// ternary/where.wgsl: b where a is true, else c.

fn apply(a: First, b: Compute, c: Compute) -> Result {
  return select(c, b, a != 0u);
}
