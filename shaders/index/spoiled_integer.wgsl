// index/spoiled_integer.wgsl: what an element becomes when its index was out of range, where no NaN is: it stays.

fn spoiled(value: T) -> T {
  return value;
}
