// binary/minimum.wgsl: the smaller; NaN where either is.

fn apply(a: Compute, b: Compute) -> Result {
  if (unordered(a)) { return a; }
  if (unordered(b)) { return b; }
  return min(a, b);
}
