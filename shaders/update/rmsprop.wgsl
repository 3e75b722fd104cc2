// update/rmsprop.wgsl: Tieleman and Hinton 2012: the gradient over the root of its mean square. `rest` is 1 - α.

fn direction(index: u32, g: vec4<f32>, stretch: ptr<function, vec4<f32>>) -> vec4<f32> {
  let v = setting(ALPHA) * vec4<f32>(square[index]) + setting(REST) * g * g;
  square[index] = vec4<T>(v);
  *stretch = 1.0 / (sqrt(v) + setting(EPSILON));
  return g * *stretch;
}
