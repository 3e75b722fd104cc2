// binary/sigmoid_cross_entropy.wgsl: log loss of a logit a against a label b: max(a, 0) − a·b + ln(1 + exp(−|a|)).

fn apply(a: Compute, b: Compute) -> Result {
  if (unordered(a)) { return a; }
  return max(a, 0.0) - a * b + log1pFloat(safeExp(-abs(a)));
}
