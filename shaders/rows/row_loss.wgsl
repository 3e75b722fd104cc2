// rows/row_loss.wgsl: cross-entropy of a row of logits against weights, in one pass.
// With weights y and W = Σ y, the loss is W·ln Σ exp(z - top) - Σ y·(z - top). `dot` is that last sum: kept relative to
// the running maximum it never holds large numbers that would cancel. A weight of 0 takes no part, whatever its logit.

/// A class with a weight has the logit -infinity.
const SAW_IMPOSSIBLE = 4u;

struct RowLoss {
  online: Online,
  weight: f32,
  dot: f32,
}

fn lossEmpty() -> RowLoss {
  return RowLoss(onlineEmpty(), 0.0, 0.0);
}

/// `dot` relative to a higher maximum.
fn lossDot(state: RowLoss, top: f32) -> f32 {
  if (state.weight == 0.0 || state.online.sum == 0.0) { return state.dot; }
  return state.dot - state.weight * (top - state.online.top);
}

fn lossTake(state: RowLoss, z: f32, weight: f32) -> RowLoss {
  var next = RowLoss(onlineTake(state.online, z), state.weight, state.dot);
  next.dot = lossDot(state, next.online.top);
  if ((bitcast<u32>(weight) & 0x7fffffffu) == 0u) { return next; }
  next.weight += weight;
  if (bitcast<u32>(z) == 0xff800000u) {
    next.online.marks |= SAW_IMPOSSIBLE;
  } else {
    next.dot += weight * (z - next.online.top);
  }
  return next;
}

/// The state of the whole row, from those of the workgroup's invocations. To be called by all of them.
fn lossShare(state: RowLoss, local: u32) -> RowLoss {
  let peak = sharePeak(Peak(state.online.top, state.online.marks), local);
  let scaled = state.online.sum * safeExp(state.online.top - peak.top);
  let total = shareSums(vec3(scaled, state.weight, lossDot(state, peak.top)), local);
  return RowLoss(Online(peak.top, total.x, peak.marks), total.y, total.z);
}

/// Whether the row's softmax exists.
fn lossHasSoftmax(state: RowLoss) -> bool {
  return (state.online.marks & (SAW_NAN | SAW_INFINITY)) == 0u && state.online.sum > 0.0;
}

fn lossValue(state: RowLoss) -> f32 {
  if (!lossHasSoftmax(state) || isNan(state.weight)) { return nan(); }
  if ((state.online.marks & SAW_IMPOSSIBLE) != 0u) { return infinity(1.0); }
  return state.weight * log(state.online.sum) - state.dot;
}
