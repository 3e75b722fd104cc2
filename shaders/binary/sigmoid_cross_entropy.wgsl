// binary/sigmoid_cross_entropy.wgsl: log loss of a logit a against a label b: |a|·(1 − b or b) + ln(1 + exp(−|a|)).

fn apply(a: Compute, b: Compute) -> Result {
  if (unordered(a)) { return a; }
  if (unordered(b)) { return b; }
  let weight = select(b, 1.0 - b, a > 0.0);
  let tail = log1pFloat(safeExp(-abs(a)));
  // A label that the logit is certain of costs nothing: 0·∞ would be NaN.
  if (weight == 0.0) { return tail; }
  return abs(a) * weight + tail;
}
