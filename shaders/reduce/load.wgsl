// reduce/load.wgsl: elements are taken as they are.

fn load(x: Compute, index: u32) -> Acc {
  return Acc(x);
}
