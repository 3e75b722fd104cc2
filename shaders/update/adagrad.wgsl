// update/adagrad.wgsl: Duchi, Hazan and Singer 2011: the gradient over the root of all squared gradients so far.

fn direction(index: u32, g: vec4<f32>, stretch: ptr<function, vec4<f32>>) -> vec4<f32> {
  let total = vec4<f32>(square[index]) + g * g;
  square[index] = vec4<T>(total);
  *stretch = 1.0 / (sqrt(total) + setting(EPSILON));
  return g * *stretch;
}
