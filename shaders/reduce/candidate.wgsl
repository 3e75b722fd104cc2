// reduce/candidate.wgsl: where the element stands that wins: the first NaN if there is one, else the first of equals.

struct Candidate {
  value: Compute,
  index: u32,
}

fn initial() -> Acc {
  return Candidate(Compute(0), 0xffffffffu);
}

fn load(x: Compute, index: u32) -> Acc {
  return Candidate(x, index);
}

fn combine(a: Acc, b: Acc) -> Acc {
  if (a.index == 0xffffffffu) { return b; }
  if (b.index == 0xffffffffu) { return a; }
  let first = a.index < b.index;
  let nanA = unordered(a.value);
  let nanB = unordered(b.value);
  if (nanA || nanB) {
    if (nanA && (first || !nanB)) { return a; }
    return b;
  }
  if (wins(a.value, b.value) || (a.value == b.value && first)) { return a; }
  return b;
}

fn finish(total: Acc) -> Result {
  return Result(total.index);
}
