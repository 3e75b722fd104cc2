// matmul_vectors.wgsl: loads of the tiled matrix product, four elements at once, for rows that are whole vectors.

@group(0) @binding(0) var<storage, read> a: array<vec4<T>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<T>>;

/// Four neighbouring elements of a; all 0 where they lie outside the matrix, which no vector does in part.
fn loadA(index: u32, count: u32) -> vec4<f32> {
  if (count >= 4) { return vec4<f32>(a[index / 4]); }
  return vec4<f32>();
}

/// Four neighbouring elements of b; all 0 where they lie outside the matrix, which no vector does in part.
fn loadB(index: u32, count: u32) -> vec4<f32> {
  if (count >= 4) { return vec4<f32>(b[index / 4]); }
  return vec4<f32>();
}
