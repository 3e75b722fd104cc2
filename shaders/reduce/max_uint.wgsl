// reduce/max_uint.wgsl: the largest uint32.

fn initial() -> Acc {
  return 0u;
}

fn combine(a: Acc, b: Acc) -> Acc {
  return max(a, b);
}
