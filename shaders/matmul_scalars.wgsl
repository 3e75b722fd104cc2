// matmul_scalars.wgsl: loads of the tiled matrix product, element by element, for operands of any alignment.

@group(0) @binding(0) var<storage, read> a: array<T>;
@group(0) @binding(1) var<storage, read> b: array<T>;

const NEXT = vec4<u32>(0, 1, 2, 3);

/// Four neighbouring elements of a; those from `count` on lie outside the matrix and are 0.
fn loadA(index: u32, count: u32) -> vec4<f32> {
  let at = min(index + NEXT, vec4(arrayLength(&a) - 1));
  let elements = vec4(f32(a[at.x]), f32(a[at.y]), f32(a[at.z]), f32(a[at.w]));
  return select(vec4<f32>(), elements, NEXT < vec4(count));
}

/// Four neighbouring elements of b; those from `count` on lie outside the matrix and are 0.
fn loadB(index: u32, count: u32) -> vec4<f32> {
  let at = min(index + NEXT, vec4(arrayLength(&b) - 1));
  let elements = vec4(f32(b[at.x]), f32(b[at.y]), f32(b[at.z]), f32(b[at.w]));
  return select(vec4<f32>(), elements, NEXT < vec4(count));
}
