// sgd.wgsl: gradient descent in place: p -= learningRate·(g + decay·p).
// One thread updates four parameters. Memory, a parameter: 8 bytes in, 4 out.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  size: u32,
}

@group(0) @binding(0) var<storage, read_write> parameter: array<vec4<T>>;
@group(0) @binding(1) var<storage, read> gradient: array<vec4<T>>;
// learningRate, weightDecay
@group(0) @binding(2) var<storage, read> settings: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = workgroupIndex(group, groups) * WORKGROUP_SIZE + lane;
  if (index >= params.size) { return; }
  let p = vec4<f32>(parameter[index]);
  let g = vec4<f32>(gradient[index]) + settings[1] * p;
  parameter[index] = vec4<T>(p - settings[0] * g);
}
