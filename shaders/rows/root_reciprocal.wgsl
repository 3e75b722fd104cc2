// rows/root_reciprocal.wgsl: 1 / √x for x from 0 on; infinity at 0.

fn rootReciprocal(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  if (x == 0.0) { return infinity(1.0); }
  if (isInfinite(x)) { return 0.0; }
  return inverseSqrt(x);
}
