// random/uniform.wgsl: uniform in [low, high).

fn draw(bits: vec4<u32>, low: f32, high: f32) -> vec4<f32> {
  let unit = vec4<f32>(unitFloat(bits.x), unitFloat(bits.y), unitFloat(bits.z), unitFloat(bits.w));
  return low + (high - low) * unit;
}
