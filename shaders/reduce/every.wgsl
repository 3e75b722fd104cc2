// reduce/every.wgsl: whether all of many truths, each 0 or 1, are 1; so it is of none.

fn initial() -> Acc {
  return 1u;
}

fn combine(a: Acc, b: Acc) -> Acc {
  return a & b;
}
