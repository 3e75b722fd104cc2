// unary/step.wgsl: 1 where x > 0, else 0; NaN stays NaN.

fn apply(x: Compute) -> Result {
  return select(select(Compute(0), Compute(1), x > Compute(0)), x, unordered(x));
}
