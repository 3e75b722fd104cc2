// matmul_single.wgsl: where the matrices begin of a product that is no batch: quicker to compile by a third.

fn matrixOffsets(matrix: u32) -> vec2<u32> {
  return vec2<u32>(0, 0);
}
