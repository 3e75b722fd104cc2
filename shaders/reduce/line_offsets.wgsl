// reduce/line_offsets.wgsl: where a reduction's elements lie, of at most one kept and one reduced axis: quick to compile.

const REDUCED_RANK: u32 = 1;

fn keptOffset(index: u32) -> u32 {
  return index * params.keptStrides[0][0];
}

fn reducedOffset(index: u32) -> u32 {
  return index * params.reducedStrides[0][0];
}
