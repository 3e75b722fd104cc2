// rows/online.wgsl: the maximum of a row and the sum of its exponentials, in one pass.
// Online softmax of Milakov and Gimelshein 2018: `sum` is scaled by exp(-top) and rescaled when a larger element comes.
// What is not finite stays out of the arithmetic and leaves a mark, since WGSL lets a compiler assume that NaN and
// infinity never occur.

const SAW_NAN = 1u;
const SAW_INFINITY = 2u;

struct Online {
  top: f32,
  sum: f32,
  marks: u32,
}

fn onlineEmpty() -> Online {
  return Online(-3.4028234e38, 0.0, 0u);
}

fn onlineTake(state: Online, x: f32) -> Online {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7f800000u) == 0x7f800000u) {
    // exp(-infinity) adds nothing.
    if (bits == 0xff800000u) { return state; }
    let mark = select(SAW_NAN, SAW_INFINITY, bits == 0x7f800000u);
    return Online(state.top, state.sum, state.marks | mark);
  }
  if (x > state.top) { return Online(x, state.sum * safeExp(state.top - x) + 1.0, state.marks); }
  return Online(state.top, state.sum + safeExp(x - state.top), state.marks);
}

/// The state of the whole row, from those of the workgroup's invocations. To be called by all of them.
fn onlineShare(state: Online, local: u32) -> Online {
  let peak = sharePeak(Peak(state.top, state.marks), local);
  let scaled = state.sum * safeExp(state.top - peak.top);
  return Online(peak.top, shareSums(vec3(scaled, 0.0, 0.0), local).x, peak.marks);
}

/// Whether the row has exponentials that can be divided by their sum: something finite, and neither NaN nor +infinity.
fn onlineIsFinite(state: Online) -> bool {
  return state.marks == 0u && state.sum > 0.0;
}

/// ln of the sum of exponentials; -infinity when all were -infinity or there were none.
fn onlineLog(state: Online) -> f32 {
  if ((state.marks & SAW_NAN) != 0u) { return nan(); }
  if ((state.marks & SAW_INFINITY) != 0u) { return infinity(1.0); }
  if (state.sum == 0.0) { return infinity(-1.0); }
  return state.top + log(state.sum);
}
