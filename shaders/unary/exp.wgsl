// unary/exp.wgsl: e to the x.

fn apply(x: Compute) -> Result {
  return safeExp(x);
}
