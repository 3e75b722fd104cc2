// unary/selu.wgsl: λ·(x > 0 ? x : α·(exp x − 1)), with the constants of Klambauer et al. 2017.

fn apply(x: Compute) -> Result {
  if (unordered(x) || x > 0.0) { return 1.0507009873554805 * x; }
  return 1.7580993408473766 * (safeExp(x) - 1.0);
}
