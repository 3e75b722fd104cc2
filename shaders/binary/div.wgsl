// binary/div.wgsl: a / b; a signed infinity or NaN where b is 0.

fn apply(a: Compute, b: Compute) -> Result {
  if (b == 0.0) {
    if (a == 0.0 || isNan(a)) { return nan(); }
    return infinity(bitcast<f32>(bitcast<u32>(a) ^ bitcast<u32>(b)));
  }
  if (isInfinite(b)) { return select(a * 0.0, nan(), isNan(a) || isInfinite(a)); }
  return a / b;
}
