// unary/gelu_tanh.wgsl: x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))), the approximation of Hendrycks and Gimpel 2016.

fn apply(x: Compute) -> Result {
  if (unordered(x)) { return x; }
  if (isInfinite(x)) { return max(x, 0.0); }
  let bounded = clamp(x, -100.0, 100.0);
  return 0.5 * x * (1.0 + safeTanh(0.7978845608 * (bounded + 0.044715 * bounded * bounded * bounded)));
}
