// number_float.wgsl: tests of a computed element where elements are floats.

fn unordered(x: Compute) -> bool {
  return isNan(x);
}

fn isTrue(x: Compute) -> bool {
  return x != 0.0 || isNan(x);
}
