// binary/leaky_relu.wgsl: a where a ≥ 0, else slope b times a.

fn apply(a: Compute, b: Compute) -> Result {
  return select(a * b, a, a >= 0.0 || unordered(a));
}
