// reduce/min_uint.wgsl: the smallest uint32.

fn initial() -> Acc {
  return 4294967295u;
}

fn combine(a: Acc, b: Acc) -> Acc {
  return min(a, b);
}
