// unary/erf.wgsl: error function.

fn apply(x: Compute) -> Result {
  if (unordered(x)) { return x; }
  return erfFloat(x);
}
