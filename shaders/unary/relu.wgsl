// unary/relu.wgsl: max(x, 0); NaN stays NaN.

fn apply(x: Compute) -> Result {
  return select(max(x, Compute(0)), x, unordered(x));
}
