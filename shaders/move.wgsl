// move.wgsl: copies elements from one strided place to another.
// One thread moves one element of a loop nest of RANK axes; source and target each have an offset and strides, which
// may be negative or 0. With BOUNDED, coordinates outside the source give the value in `fill` instead.
// Memory: each element once in, once out.

override WORKGROUP_SIZE: u32 = 64;
override RANK: u32 = 1;
override BOUNDED: bool = false;

struct Params {
  size: u32,
  sourceOffset: i32,
  targetOffset: i32,
  shape: array<vec4<u32>, 2>,
  sourceStrides: array<vec4<i32>, 2>,
  targetStrides: array<vec4<i32>, 2>,
  // Coordinates from `before`, as many as `extent`, lie in the source.
  before: array<vec4<i32>, 2>,
  extent: array<vec4<u32>, 2>,
}

@group(0) @binding(0) var<storage, read> source: array<T>;
@group(0) @binding(1) var<storage, read> fill: array<T>;
@group(0) @binding(2) var<storage, read_write> out: array<T>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = workgroupIndex(group, groups) * WORKGROUP_SIZE + lane;
  if (index >= params.size) { return; }
  var rest = index;
  var sourceAt = params.sourceOffset;
  var targetAt = params.targetOffset;
  var inside = true;
  for (var axis = RANK; axis > 0; axis--) {
    let j = (axis - 1) / 4;
    let k = (axis - 1) % 4;
    let coordinate = i32(rest % params.shape[j][k]);
    rest /= params.shape[j][k];
    targetAt += coordinate * params.targetStrides[j][k];
    let shifted = coordinate - params.before[j][k];
    sourceAt += shifted * params.sourceStrides[j][k];
    if (BOUNDED) { inside = inside && shifted >= 0 && u32(shifted) < params.extent[j][k]; }
  }
  if (inside) {
    out[targetAt] = source[sourceAt];
  } else {
    out[targetAt] = fill[0];
  }
}
