// binary/sub.wgsl: a − b.

fn apply(a: Compute, b: Compute) -> Result {
  return a - b;
}
