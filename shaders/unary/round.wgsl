// unary/round.wgsl: the nearest whole number, ties to even.

fn apply(x: Compute) -> Result {
  return round(x);
}
