// matmul_parts.wgsl: what every matrix product shares: where a matrix of a batch begins.
// BATCH_RANK axes of the output's batch remain after folding; an operand's stride along a broadcast axis is 0.

override BATCH_RANK: u32 = 0;

/// First elements of the matrices of a (x) and b (y) that give matrix `matrix` of the output.
fn matrixOffsets(matrix: u32) -> vec2<u32> {
  var rest = matrix;
  var offsets = vec2<u32>(0, 0);
  for (var axis = BATCH_RANK; axis > 0; axis--) {
    let j = (axis - 1) / 4;
    let k = (axis - 1) % 4;
    let coordinate = rest % params.batch[j][k];
    rest /= params.batch[j][k];
    offsets += coordinate * vec2(params.batchA[j][k], params.batchB[j][k]);
  }
  return offsets;
}
