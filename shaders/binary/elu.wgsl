// binary/elu.wgsl: a where a > 0, else b·(exp a − 1).

fn apply(a: Compute, b: Compute) -> Result {
  if (unordered(a) || a > 0.0) { return a; }
  return b * (safeExp(a) - 1.0);
}
