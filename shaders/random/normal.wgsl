// random/normal.wgsl: normal numbers by the method of Box and Muller 1958: each pair of uniforms makes two.

fn pair(first: u32, second: u32) -> vec2<f32> {
  // 1 - u lies in (0, 1], so the logarithm is finite.
  let radius = sqrt(-2.0 * safeLog(1.0 - unitFloat(first)));
  // The angle is kept in [-π, π], where WGSL bounds the error.
  let angle = 6.2831853 * (unitFloat(second) - 0.5);
  return radius * vec2<f32>(cos(angle), sin(angle));
}

fn draw(bits: vec4<u32>, mean: f32, deviation: f32) -> vec4<f32> {
  return mean + deviation * vec4<f32>(pair(bits.x, bits.y), pair(bits.z, bits.w));
}
