// random/drop.wgsl: 0 where the stream says so, else x / (1 - probability). The mask is never stored, but drawn again.

fn apply(index: u32, x: Compute, key: vec4<u32>, probability: f32) -> Result {
  if (unitFloat(philox(index / 4, key)[index % 4]) < probability) { return 0.0; }
  return x / (1.0 - probability);
}
