// matmul_vectors.wgsl: loads of the tiled matrix product, four elements at once, for rows that are whole vectors.
// Shifts rather than divisions, which SwiftShader does one lane at a time.

@group(0) @binding(0) var<storage, read> a: array<vec4<T>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<T>>;

/// Four neighbouring elements of a; all 0 where they lie outside the matrix, which no vector does in part.
fn loadA(index: u32, count: u32) -> vec4<f32> {
  return select(vec4<f32>(), vec4<f32>(a[min(index >> 2u, arrayLength(&a) - 1)]), count >= 4);
}

/// Four neighbouring elements of b; all 0 where they lie outside the matrix, which no vector does in part.
fn loadB(index: u32, count: u32) -> vec4<f32> {
  return select(vec4<f32>(), vec4<f32>(b[min(index >> 2u, arrayLength(&b) - 1)]), count >= 4);
}
