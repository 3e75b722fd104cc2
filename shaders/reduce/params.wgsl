// reduce/params.wgsl: what every reduction is told.

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
