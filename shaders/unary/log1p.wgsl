// unary/log1p.wgsl: ln(1 + x).

fn apply(x: Compute) -> Result {
  return log1pFloat(x);
}
