// random/bernoulli.wgsl: 1 with the given probability, else 0.

fn draw(bits: vec4<u32>, probability: f32, unused: f32) -> vec4<f32> {
  let unit = vec4<f32>(unitFloat(bits.x), unitFloat(bits.y), unitFloat(bits.z), unitFloat(bits.w));
  return select(vec4<f32>(), vec4<f32>(1.0), unit < vec4<f32>(probability));
}
