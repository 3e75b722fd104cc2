// unary/softplus.wgsl: ln(1 + exp x), through exp(−|x|) so that nothing overflows.

fn apply(x: Compute) -> Result {
  if (unordered(x)) { return x; }
  return max(x, 0.0) + log1pFloat(safeExp(-abs(x)));
}
