// reduce/prod.wgsl: the product, 1 of nothing.

fn initial() -> Acc {
  return Acc(1);
}

fn combine(a: Acc, b: Acc) -> Acc {
  return a * b;
}
