// unary/square.wgsl: x².

fn apply(x: Compute) -> Result {
  return x * x;
}
