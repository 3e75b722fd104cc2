// rows/give_elements.wgsl: maps each element by a function of itself and the row.
// Memory: each element in once more (from cache where the row fits it), out once.

fn give(row: u32, start: u32, lane: u32, state: Online) {
  for (var j = lane; j < params.length; j += LANES) {
    let index = start + j * params.inner;
    out[index] = T(finish(f32(x[index]), state));
  }
}
