// reduce/arg_max.wgsl: whether the first of two numbers is larger.

fn wins(a: Compute, b: Compute) -> bool {
  return a > b;
}
