// reduce/max_float.wgsl: the largest float; NaN where one is.

fn initial() -> Acc {
  return infinity(-1.0);
}

fn combine(a: Acc, b: Acc) -> Acc {
  if (isNan(a)) { return a; }
  if (isNan(b)) { return b; }
  return max(a, b);
}
