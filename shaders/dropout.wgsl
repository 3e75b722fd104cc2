// dropout.wgsl: drops elements at random and scales the rest by 1 / (1 - probability).
// One thread draws one Philox block for four elements; the mask is never stored, the backward draws it again.
// Memory: each element once in, once out.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  size: u32,
}

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> key: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> probability: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<T>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let blockIndex = workgroupIndex(group, groups) * WORKGROUP_SIZE + lane;
  if (blockIndex >= (params.size + 3) / 4) { return; }
  let bits = philox(blockIndex, key[0]);
  let dropped = probability[0];
  for (var i = 0u; i < 4; i++) {
    let index = blockIndex * 4 + i;
    if (index < params.size) {
      if (unitFloat(bits[i]) < dropped) {
        out[index] = T(0.0);
      } else {
        out[index] = T(f32(x[index]) / (1.0 - dropped));
      }
    }
  }
}
