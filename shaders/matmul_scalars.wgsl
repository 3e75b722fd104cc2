// matmul_scalars.wgsl: loads of the tiled matrix product, element by element, for operands of any alignment.

@group(0) @binding(0) var<storage, read> a: array<T>;
@group(0) @binding(1) var<storage, read> b: array<T>;

/// Four neighbouring elements of a; those from `count` on lie outside the matrix and are 0.
fn loadA(index: u32, count: u32) -> vec4<f32> {
  if (count >= 4) { return vec4(f32(a[index]), f32(a[index + 1]), f32(a[index + 2]), f32(a[index + 3])); }
  var elements = vec4<f32>();
  for (var i = 0u; i < count; i++) { elements[i] = f32(a[index + i]); }
  return elements;
}

/// Four neighbouring elements of b; those from `count` on lie outside the matrix and are 0.
fn loadB(index: u32, count: u32) -> vec4<f32> {
  if (count >= 4) { return vec4(f32(b[index]), f32(b[index + 1]), f32(b[index + 2]), f32(b[index + 3])); }
  var elements = vec4<f32>();
  for (var i = 0u; i < count; i++) { elements[i] = f32(b[index + i]); }
  return elements;
}
