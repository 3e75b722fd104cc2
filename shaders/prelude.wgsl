// prelude.wgsl: what every kernel may call: the linear workgroup index, and float tests that look at bits.
// WGSL lets a compiler assume that NaN and infinity never occur, so nothing here compares to find them.

/// Position of this workgroup among all, whatever dimensions the dispatch was folded into.
fn workgroupIndex(id: vec3<u32>, count: vec3<u32>) -> u32 {
  return id.x + count.x * (id.y + count.y * id.z);
}

fn isNan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn isInfinite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u;
}

/// A quiet NaN. A constant one would be a compile error.
fn nan() -> f32 {
  var bits = 0x7fc00000u;
  return bitcast<f32>(bits);
}

/// Infinity with the sign of `sign`.
fn infinity(sign: f32) -> f32 {
  var bits = 0x7f800000u;
  return bitcast<f32>(bits | (bitcast<u32>(sign) & 0x80000000u));
}

/// ln x with the ends IEEE gives: ln 0 = -infinity, NaN below 0.
fn safeLog(x: f32) -> f32 {
  if (isNan(x) || x < 0.0) { return nan(); }
  if (x == 0.0) { return infinity(-1.0); }
  if (isInfinite(x)) { return x; }
  return log(x);
}

/// ln(1 + x), exact to a few ULP near 0: 2·artanh(x / (2 + x)) by its series for x in [-1/3, 1/2].
fn log1pFloat(x: f32) -> f32 {
  if (x < -0.33 || x > 0.5 || isNan(x)) { return safeLog(1.0 + x); }
  let s = x / (2.0 + x);
  let q = s * s;
  return 2.0 * s * (1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0 + q * (1.0 / 11.0))))));
}

/// e to the x, with the ends IEEE gives.
fn safeExp(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  if (x > 88.72284) { return infinity(1.0); }
  if (x < -103.97208) { return 0.0; }
  return exp(x);
}

/// Logistic function 1 / (1 + exp(-x)), through exp(-|x|) so that nothing overflows.
fn logistic(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  let e = safeExp(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}

/// tanh, clamped where float32 rounds it to ±1.
fn safeTanh(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  return tanh(clamp(x, -15.0, 15.0));
}

/// Error function by Abramowitz and Stegun 7.1.26: absolute error below 1.5e-7.
fn erfFloat(x: f32) -> f32 {
  let size = min(abs(x), 10.0);
  let t = 1.0 / (1.0 + 0.3275911 * size);
  let series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return sign(x) * (1.0 - series * safeExp(-size * size));
}
