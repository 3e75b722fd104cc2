// reduce/max_int.wgsl: the largest int32.

fn initial() -> Acc {
  return -2147483647 - 1;
}

fn combine(a: Acc, b: Acc) -> Acc {
  return max(a, b);
}
