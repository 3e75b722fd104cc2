// update/plain.wgsl: the direction is the gradient's.

fn direction(index: u32, g: vec4<f32>, stretch: ptr<function, vec4<f32>>) -> vec4<f32> {
  return g;
}
