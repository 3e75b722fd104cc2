// reduce/min_int.wgsl: the smallest int32.

fn initial() -> Acc {
  return 2147483647;
}

fn combine(a: Acc, b: Acc) -> Acc {
  return min(a, b);
}
