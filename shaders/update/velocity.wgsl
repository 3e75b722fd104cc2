// update/velocity.wgsl: the step goes along a velocity that gathers directions: v = μ·v + share·d.

fn stepAlong(index: u32, d: vec4<f32>) -> vec4<f32> {
  let v = setting(MOMENTUM) * vec4<f32>(velocity[index]) + setting(SHARE) * d;
  velocity[index] = vec4<T>(v);
  return setting(DIRECT) * d + setting(RATE) * v;
}
