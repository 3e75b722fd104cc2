// update/straight.wgsl: the step goes along the direction.

fn stepAlong(index: u32, d: vec4<f32>) -> vec4<f32> {
  return setting(RATE) * d;
}
