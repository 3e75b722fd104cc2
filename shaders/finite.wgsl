// finite.wgsl: a flag that becomes 0 once a loss or a gradient is not finite, and is left alone otherwise.
// One thread looks at 16 gradients. Memory, a gradient: 4 bytes in.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  // Gradients, and threads that share them.
  size: u32,
  threads: u32,
}

@group(0) @binding(0) var<storage, read_write> finite: array<atomic<u32>>;
@group(0) @binding(1) var<storage, read> loss: array<L>;
@group(0) @binding(2) var<storage, read> gradients: array<vec4<T>>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let thread = workgroupIndex(group, groups) * WORKGROUP_SIZE + lane;
  if (thread == 0u) { watch(f32(loss[0])); }
  var all = vec4<u32>(0u);
  for (var i = thread; 4u * i < params.size; i += params.threads) {
    var bits = bitcast<vec4<u32>>(vec4<f32>(gradients[i])) & vec4<u32>(0x7fffffffu);
    // What follows the last gradient may be anything.
    if (4u * i + 4u > params.size) {
      bits = select(vec4<u32>(0u), bits, 4u * i + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(params.size));
    }
    all = max(all, bits);
  }
  watch(bitcast<f32>(max(max(all.x, all.y), max(all.z, all.w))));
  endWatch();
}
