// unary/rsqrt.wgsl: 1 / √x; infinity at 0, NaN below.

fn apply(x: Compute) -> Result {
  if (unordered(x) || x < 0.0) { return nan(); }
  if (x == 0.0) { return infinity(x); }
  if (isInfinite(x)) { return 0.0; }
  return inverseSqrt(x);
}
