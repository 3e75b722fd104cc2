// unary/gelu.wgsl: x·Φ(x), Φ the normal distribution function.

fn apply(x: Compute) -> Result {
  if (unordered(x)) { return x; }
  if (isInfinite(x)) { return max(x, 0.0); }
  return 0.5 * x * (1.0 + erfFloat(x * 0.70710678));
}
