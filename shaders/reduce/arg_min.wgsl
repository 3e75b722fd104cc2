// reduce/arg_min.wgsl: whether the first of two numbers is smaller.

fn wins(a: Compute, b: Compute) -> bool {
  return a < b;
}
