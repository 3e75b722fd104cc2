// matmul_columns.wgsl: sums of the columns of b, [depth, columns], made along with a product: a bias's gradient beside its weight's.
// One thread sums a column, the threads of all workgroups taking every `threads`-th. Memory: b once more, in order.

fn sumColumns(thread: u32, threads: u32, columns: u32) {
  for (var column = thread; column < columns; column += threads) {
    var sum = 0.0;
    for (var k = 0u; k < params.depth; k++) { sum += elementB(k * columns + column); }
    let stored = Out(sum);
    columnSums[column] = stored;
    watch(f32(stored));
  }
  endWatch();
}
