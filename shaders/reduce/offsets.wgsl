// reduce/offsets.wgsl: where a reduction's elements lie, by the strides of kept and reduced axes.

override KEPT_RANK: u32 = 1;
override REDUCED_RANK: u32 = 1;

fn keptOffset(index: u32) -> u32 {
  var rest = index;
  var offset = 0u;
  for (var axis = KEPT_RANK; axis > 0; axis--) {
    let j = (axis - 1) / 4;
    let k = (axis - 1) % 4;
    offset += (rest % params.keptShape[j][k]) * params.keptStrides[j][k];
    rest /= params.keptShape[j][k];
  }
  return offset;
}

fn reducedOffset(index: u32) -> u32 {
  var rest = index;
  var offset = 0u;
  for (var axis = REDUCED_RANK; axis > 0; axis--) {
    let j = (axis - 1) / 4;
    let k = (axis - 1) % 4;
    offset += (rest % params.reducedShape[j][k]) * params.reducedStrides[j][k];
    rest /= params.reducedShape[j][k];
  }
  return offset;
}
