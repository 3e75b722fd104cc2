// peak_bytes.wgsl: moves memory and does nothing else, 16 bytes at a time: copies a buffer, or only reads one.
// One thread copies a vector, or adds up every `threads`-th of them, so that neighbours read side by side. What is read
// comes to 0 and is stored where the compiler cannot know that it is.

override READS: bool = false;

@group(0) @binding(0) var<storage, read> source: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> copied: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * 64u + local;
  if (READS) {
    let threads = groups.x * groups.y * 64u;
    var sum = vec4<f32>();
    for (var k = i; k < arrayLength(&source); k += threads) { sum += source[k]; }
    if (any(sum != vec4<f32>())) { copied[i] = sum; }
  } else if (i < arrayLength(&source)) {
    copied[i] = source[i];
  }
}
