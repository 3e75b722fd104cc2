// reduce/offsets.wgsl: what every reduction is told, and where its elements lie, by the strides of kept and reduced axes.

override KEPT_RANK: u32 = 1;
override REDUCED_RANK: u32 = 1;

struct Params {
  outputs: u32,
  // Elements reduced to one, and how many of them a split takes.
  count: u32,
  // Elements in all the splits of a result, which a mean divides by.
  total: u32,
  splits: u32,
  chunk: u32,
  // Where the result of an output and a split goes.
  outputStride: u32,
  splitStride: u32,
  keptShape: array<vec4<u32>, 2>,
  keptStrides: array<vec4<u32>, 2>,
  reducedShape: array<vec4<u32>, 2>,
  reducedStrides: array<vec4<u32>, 2>,
  // Bits of the constants of `element`.
  constants: array<vec4<u32>, 2>,
}

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
  if (REDUCED_RANK == 1) { return index * params.reducedStrides[0][0]; }
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
