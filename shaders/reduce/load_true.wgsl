// reduce/load_true.wgsl: elements count as 1 where they are anything but 0.

fn load(x: Compute, index: u32) -> Acc {
  return Acc(isTrue(x));
}
