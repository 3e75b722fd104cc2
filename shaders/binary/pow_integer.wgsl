// binary/pow_integer.wgsl: a to the b by repeated squaring; b below 0 gives 0 but for a = ±1.

fn apply(a: Compute, b: Compute) -> Result {
  if (b < Compute(0)) {
    if (a == Compute(1)) { return a; }
    return select(Compute(0), select(Compute(1), a, (b & Compute(1)) == Compute(1)), a + Compute(1) == Compute(0));
  }
  var power = Compute(1);
  var base = a;
  var rest = b;
  while (rest > Compute(0)) {
    if ((rest & Compute(1)) == Compute(1)) { power *= base; }
    base *= base;
    rest = rest >> 1u;
  }
  return power;
}
