// number_integer.wgsl: tests of a computed element where elements are integers.

fn unordered(x: Compute) -> bool {
  return false;
}

fn isTrue(x: Compute) -> bool {
  return x != Compute(0);
}
