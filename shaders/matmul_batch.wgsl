// matmul_batch.wgsl: where the matrices of a batch of products begin.
// batchRank axes of the output's batch remain after folding; an operand's stride along a broadcast axis is 0. What varies
// from product to product is a parameter rather than an override, since each set of overrides is compiled anew.

/// First elements of the matrices of a (x) and b (y) that give matrix `matrix` of the output.
fn matrixOffsets(matrix: u32) -> vec2<u32> {
  var rest = matrix;
  var offsets = vec2<u32>(0, 0);
  for (var axis = params.batchRank; axis > 0; axis--) {
    let j = (axis - 1) / 4;
    let k = (axis - 1) % 4;
    let coordinate = rest % params.batch[j][k];
    rest /= params.batch[j][k];
    offsets += coordinate * vec2(params.batchA[j][k], params.batchB[j][k]);
  }
  return offsets;
}
