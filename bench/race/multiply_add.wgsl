// multiply_add.wgsl: eight chains of vec4 multiply-adds a thread, in registers alone: what the arithmetic units do at most.

struct Params {
  turns: u32,
  factor: f32,
  addend: f32,
}

@group(0) @binding(0) var<storage, read_write> out: array<f32>;
@group(0) @binding(1) var<uniform> params: Params;

// Some software adapters call a library for each fma; the separate operations lose a rounding, which is nothing here.
override FUSED: bool;

fn multiplyAdd(x: vec4<f32>, factor: vec4<f32>, addend: vec4<f32>) -> vec4<f32> {
  if (FUSED) { return fma(x, factor, addend); }
  return x * factor + addend;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * 64u + local;
  let start = vec4<f32>(f32(local), 1.0, 2.0, 3.0) * params.addend;
  let f = vec4<f32>(params.factor);
  let s = vec4<f32>(params.addend);
  // Independent of each other, so that the latency of one hides behind the others.
  var a = start;
  var b = start + 1.0;
  var c = start + 2.0;
  var d = start + 3.0;
  var e = start + 4.0;
  var g = start + 5.0;
  var h = start + 6.0;
  var k = start + 7.0;
  for (var turn = 0u; turn < params.turns; turn++) {
    a = multiplyAdd(a, f, s);
    b = multiplyAdd(b, f, s);
    c = multiplyAdd(c, f, s);
    d = multiplyAdd(d, f, s);
    e = multiplyAdd(e, f, s);
    g = multiplyAdd(g, f, s);
    h = multiplyAdd(h, f, s);
    k = multiplyAdd(k, f, s);
  }
  let total = a + b + c + d + e + g + h + k;
  if (i < arrayLength(&out)) { out[i] = total.x + total.y + total.z + total.w; }
}
