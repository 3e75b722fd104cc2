// binary/maximum.wgsl: the larger; NaN where either is.

fn apply(a: Compute, b: Compute) -> Result {
  if (unordered(a)) { return a; }
  if (unordered(b)) { return b; }
  return max(a, b);
}
