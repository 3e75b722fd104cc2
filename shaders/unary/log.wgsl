// unary/log.wgsl: natural logarithm.

fn apply(x: Compute) -> Result {
  return safeLog(x);
}
