// philox.wgsl: Philox4x32-10, counter-based random bits: the same on every device and on the CPU.
// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

/// High and low words of a·b.
fn multiplyWide(a: u32, b: u32) -> vec2<u32> {
  let aLow = a & 0xffffu;
  let aHigh = a >> 16u;
  let bLow = b & 0xffffu;
  let bHigh = b >> 16u;
  let middle = aHigh * bLow + ((aLow * bLow) >> 16u);
  let carry = aLow * bHigh + (middle & 0xffffu);
  let high = aHigh * bHigh + (middle >> 16u) + (carry >> 16u);
  return vec2<u32>(high, a * b);
}

/// Four random words for a block of four elements; key is (seed low, seed high, counter low, counter high).
fn philox(blockIndex: u32, key: vec4<u32>) -> vec4<u32> {
  var x = vec4<u32>(blockIndex, 0u, key.z, key.w);
  var k = key.xy;
  for (var round = 0; round < 10; round++) {
    let p = multiplyWide(0xd2511f53u, x.x);
    let q = multiplyWide(0xcd9e8d57u, x.z);
    x = vec4<u32>(q.x ^ x.y ^ k.x, q.y, p.x ^ x.w ^ k.y, p.y);
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return x;
}

/// Uniform in [0, 1): the top 24 bits, exact in float32.
fn unitFloat(bits: u32) -> f32 {
  return f32(bits >> 8u) * 5.9604645e-8;
}
