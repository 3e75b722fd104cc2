// loss_scale.wgsl: the next loss scale: less after a gradient that is not finite, more after a run of finite ones.
// One thread computes one scale; a training has one. Memory, a scale: 12 bytes in, 8 out.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  size: u32,
  interval: u32,
  growth: f32,
  backoff: f32,
  // A scale above it does not grow: it would overflow.
  most: f32,
}

@group(0) @binding(0) var<storage, read_write> scale: array<f32>;
@group(0) @binding(1) var<storage, read_write> streak: array<u32>;
@group(0) @binding(2) var<storage, read> finite: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = workgroupIndex(group, groups) * WORKGROUP_SIZE + lane;
  if (index >= params.size) { return; }
  let old = scale[index];
  let run = streak[index] + 1u;
  if (finite[index] == 0u) {
    // Never below the smallest normal number: a scale of 0 could not grow again.
    scale[index] = max(old * params.backoff, 0x1p-126f);
    streak[index] = 0u;
  } else if (run < params.interval) {
    streak[index] = run;
  } else {
    if (old <= params.most) { scale[index] = old * params.growth; }
    streak[index] = 0u;
  }
}
