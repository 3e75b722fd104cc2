// unary/expm1.wgsl: e to the x less 1, by its Taylor series near 0 where the subtraction would cancel.

fn apply(x: Compute) -> Result {
  if (abs(x) > 0.5 || unordered(x)) { return safeExp(x) - 1.0; }
  return x * (1.0 + x * (1.0 / 2.0 + x * (1.0 / 6.0 + x * (1.0 / 24.0 + x * (1.0 / 120.0 + x * (1.0 / 720.0 + x * (1.0 / 5040.0 + x * (1.0 / 40320.0))))))));
}
