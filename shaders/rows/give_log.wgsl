// rows/give_log.wgsl: ln of the sum of a row's exponentials, written by the first invocation of the row.
// Memory: one number a row out.

fn give(row: u32, start: u32, lane: u32, state: Online) {
  if (lane == 0) { out[row] = T(onlineLog(state)); }
}
