// matmul_sum.wgsl: the second pass of a matrix product whose depth was split: adds the parts, always in the same order.
// One thread computes one element of the output.
// Memory: one read for each part, one write.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  size: u32,
  columns: u32,
  splits: u32,
  // Bits of the constants of `store`.
  constants: array<vec4<u32>, 2>,
}

@group(0) @binding(0) var<storage, read> parts: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = workgroupIndex(group, groups) * WORKGROUP_SIZE + lane;
  if (index >= params.size) { return; }
  var sum = 0.0;
  for (var split = 0u; split < params.splits; split++) { sum += parts[split * params.size + index]; }
  store(index, index % params.columns, sum);
  endWatch();
}
