// map.wgsl: computes each position of the outputs from one element of each input: a single op, or a fused chain.
// One thread computes one position, or four neighbours at once where the inputs can be read in vectors; `evaluate`, which
// is generated, loads the elements, applies the fragments and stores.
// An input lies as the outputs do, is one number, repeats in blocks, or is broadcast by strides along RANK folded axes.
// Memory: every input element once (broadcast ones from cache), one write an output.

override WORKGROUP_SIZE: u32 = 64;
override RANK: u32 = 0;

struct Params {
  size: u32,
  // Bits of the constants.
  constants: array<vec4<u32>, 2>,
  // In an input that repeats in blocks, the element (or vector) for a position is index / divide % modulo.
  divide: array<vec4<u32>, 2>,
  modulo: array<vec4<u32>, 2>,
  shape: array<vec4<u32>, 2>,
  // Eight strides for each of eight inputs.
  strides: array<vec4<u32>, 16>,
}

/// Place of the element of an input that repeats in blocks.
fn blockOffset(input: u32, index: u32) -> u32 {
  return index / params.divide[input / 4][input % 4] % params.modulo[input / 4][input % 4];
}

/// Place of the element of an input with strides.
fn stridedOffset(input: u32, index: u32) -> u32 {
  var rest = index;
  var offset = 0u;
  for (var axis = RANK; axis > 0; axis--) {
    let j = (axis - 1) / 4;
    let k = (axis - 1) % 4;
    offset += rest % params.shape[j][k] * params.strides[2 * input + j][k];
    rest /= params.shape[j][k];
  }
  return offset;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = workgroupIndex(group, groups) * WORKGROUP_SIZE + lane;
  if (index < params.size) { evaluate(index); }
}
