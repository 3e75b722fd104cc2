// random.wgsl: fills a tensor from a random stream.
// One thread draws one Philox block and writes the four elements it makes. Memory: one write an element.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  size: u32,
}

@group(0) @binding(0) var<storage, read> key: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read> first: array<f32>;
@group(0) @binding(2) var<storage, read> second: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<Out>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let blockIndex = workgroupIndex(group, groups) * WORKGROUP_SIZE + lane;
  if (blockIndex >= (params.size + 3) / 4) { return; }
  let drawn = draw(philox(blockIndex, key[0]), first[0], second[0]);
  for (var i = 0u; i < 4; i++) {
    if (blockIndex * 4 + i < params.size) { out[blockIndex * 4 + i] = Out(drawn[i]); }
  }
}
