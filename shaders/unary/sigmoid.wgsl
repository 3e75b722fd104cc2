// unary/sigmoid.wgsl: logistic function.

fn apply(x: Compute) -> Result {
  return logistic(x);
}
