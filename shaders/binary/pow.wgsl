// binary/pow.wgsl: a to the b: negative a where b is whole, else NaN.

fn safeExp2(x: f32) -> f32 {
  if (x >= 128.0) { return infinity(1.0); }
  if (x < -150.0) { return 0.0; }
  return exp2(x);
}

fn apply(a: Compute, b: Compute) -> Result {
  if (b == 0.0 || a == 1.0) { return 1.0; }
  if (isNan(a) || isNan(b)) { return nan(); }
  let size = abs(a);
  if (size == 1.0 && isInfinite(b)) { return 1.0; }
  let odd = floor(b) == b && (b - 2.0 * floor(b * 0.5)) == 1.0;
  if (a < 0.0 && floor(b) != b && !isInfinite(a)) { return nan(); }
  var power: f32;
  if (size == 0.0) { power = select(0.0, infinity(1.0), b < 0.0); }
  else if (isInfinite(size)) { power = select(size, 0.0, b < 0.0); }
  else { power = safeExp2(b * log2(size)); }
  return select(power, -power, a < 0.0 && odd);
}
