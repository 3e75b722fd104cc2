// map2.wgsl: applies a function of two elements to each position, broadcasting by strides.
// One thread computes one element. With RANK 0 operands lie as the output does (step 1) or are scalars (step 0);
// else each operand has strides along the RANK axes of the output, 0 where it is broadcast.
// Memory: every operand element once (broadcast ones from cache), one write.

override WORKGROUP_SIZE: u32 = 64;
override RANK: u32 = 0;
override A_STEP: u32 = 1;
override B_STEP: u32 = 1;

struct Params {
  size: u32,
  shape: array<vec4<u32>, 2>,
  stridesA: array<vec4<u32>, 2>,
  stridesB: array<vec4<u32>, 2>,
}

@group(0) @binding(0) var<storage, read> a: array<A>;
@group(0) @binding(1) var<storage, read> b: array<B>;
@group(0) @binding(2) var<storage, read_write> out: array<Out>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = workgroupIndex(group, groups) * WORKGROUP_SIZE + lane;
  if (index >= params.size) { return; }
  var atA = index * A_STEP;
  var atB = index * B_STEP;
  if (RANK > 0) {
    var rest = index;
    atA = 0;
    atB = 0;
    for (var axis = RANK; axis > 0; axis--) {
      let j = (axis - 1) / 4;
      let k = (axis - 1) % 4;
      let coordinate = rest % params.shape[j][k];
      rest /= params.shape[j][k];
      atA += coordinate * params.stridesA[j][k];
      atB += coordinate * params.stridesB[j][k];
    }
  }
  out[index] = Out(apply(Compute(a[atA]), Compute(b[atB])));
}
