// unary/tanh.wgsl: hyperbolic tangent.

fn apply(x: Compute) -> Result {
  return safeTanh(x);
}
