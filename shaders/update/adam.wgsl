// update/adam.wgsl: Kingma and Ba 2015, algorithm 1. The host gives the corrections 1 - βᵗ, and 1 - β as the rests,
// which float32 would lose.

fn direction(index: u32, g: vec4<f32>, stretch: ptr<function, vec4<f32>>) -> vec4<f32> {
  let m = setting(BETA1) * vec4<f32>(mean[index]) + setting(REST1) * g;
  let v = setting(BETA2) * vec4<f32>(square[index]) + setting(REST2) * g * g;
  mean[index] = vec4<T>(m);
  square[index] = vec4<T>(v);
  *stretch = 1.0 / (sqrt(v / setting(CORRECTION2)) + setting(EPSILON));
  return m / setting(CORRECTION1) * *stretch;
}
