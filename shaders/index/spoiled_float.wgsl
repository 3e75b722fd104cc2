// index/spoiled_float.wgsl: what an element becomes when its index was out of range, where elements are floats: NaN.

fn spoiled(value: T) -> T {
  return T(Element(nan()));
}
