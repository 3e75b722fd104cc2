// reduce/sum.wgsl: the sum, 0 of nothing.

fn initial() -> Acc {
  return Acc(0);
}

fn combine(a: Acc, b: Acc) -> Acc {
  return a + b;
}
