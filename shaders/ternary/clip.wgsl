// ternary/clip.wgsl: a within [b, c]; NaN stays NaN.

fn apply(a: First, b: Compute, c: Compute) -> Result {
  if (unordered(a)) { return a; }
  return min(max(a, b), c);
}
