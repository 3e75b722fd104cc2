// matmul_small.wgsl: matrix product of tiny matrices, one dot product a thread.
// The simplest kernel there is: it compiles in no time, and where a dispatch costs more than the sums nothing is faster.
// Memory: every operand element is loaded once for each output that needs it.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  rows: u32,
  columns: u32,
  depth: u32,
  // Elements from one row, column or depth step to the next.
  rowStride: u32,
  depthStrideA: u32,
  columnStride: u32,
  depthStrideB: u32,
  // Outputs in all.
  size: u32,
  batchRank: u32,
  batch: array<vec4<u32>, 2>,
  batchA: array<vec4<u32>, 2>,
  batchB: array<vec4<u32>, 2>,
  // Bits of the constants of `store`.
  constants: array<vec4<u32>, 2>,
}

@group(0) @binding(0) var<storage, read> a: array<T>;
@group(0) @binding(1) var<storage, read> b: array<T>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  sumColumns(workgroupIndex(group, groups) * WORKGROUP_SIZE + lane, groups.x * groups.y * groups.z * WORKGROUP_SIZE, params.columns);
  let index = workgroupIndex(group, groups) * WORKGROUP_SIZE + lane;
  if (index >= params.size) { return; }
  let column = index % params.columns;
  let row = index / params.columns % params.rows;
  let offsets = matrixOffsets(index / params.columns / params.rows);
  var atA = offsets.x + row * params.rowStride;
  var atB = offsets.y + column * params.columnStride;
  var sum = 0.0;
  for (var k = 0u; k < params.depth; k++) {
    sum = fma(f32(a[atA]), f32(b[atB]), sum);
    atA += params.depthStrideA;
    atB += params.depthStrideB;
  }
  store(index, column, sum);
  endWatch();
}
