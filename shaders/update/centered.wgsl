// update/centered.wgsl: RMSProp by the gradient's deviation (Graves 2013), its variance kept in place of the mean square.
// α·variance + α(1 - α)(g - mean)² is the new mean square minus the new mean's square, without their cancellation.

fn direction(index: u32, g: vec4<f32>, stretch: ptr<function, vec4<f32>>) -> vec4<f32> {
  let m = vec4<f32>(mean[index]);
  let apart = g - m;
  let v = setting(ALPHA) * (vec4<f32>(variance[index]) + setting(REST) * apart * apart);
  mean[index] = vec4<T>(m + setting(REST) * apart);
  variance[index] = vec4<T>(v);
  *stretch = 1.0 / (sqrt(v) + setting(EPSILON));
  return g * *stretch;
}
