// rows/cross_entropy_gradient.wgsl: slope of softmax cross-entropy in the logits: (p·W - y)·g, with p their softmax,
// y the weights of the classes, W the sum of those and g one number a row.
// One invocation reads a row, or a workgroup shares it: one pass finds maximum, sum and W, which those of a workgroup
// join in its memory, and a second writes. A row whose label is no class gives NaN, and its number goes to the status word.
// The losses themselves can be kept along the way (keepLoss), so that a training step reads the logits in one kernel.
// Memory: each logit and label in twice (the second time from cache where the row fits it), each slope out once.

override WORKGROUP_SIZE: u32 = 64;
// Invocations that share a row: 1, or all of a workgroup.
override LANES: u32 = 1;

struct Params {
  rows: u32,
  length: u32,
  // Label smoothing ε: 1 - ε, and ε / length.
  keep: f32,
  share: f32,
  // Elements from one row's g to the next: 0 where one number serves all.
  gStep: u32,
  status_word: u32,
}

@group(0) @binding(0) var<storage, read> logits: array<T>;
@group(0) @binding(1) var<storage, read> labels: array<Label>;
@group(0) @binding(2) var<storage, read> g: array<T>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = local % LANES;
  let row = workgroupIndex(group, groups) * (WORKGROUP_SIZE / LANES) + local / LANES;
  // Invocations beyond the last row read it along, so that all meet at the barriers; they write nothing.
  let within = min(row, params.rows - 1);
  let label = labelOf(within);
  var state = lossEmpty();
  for (var j = lane; j < params.length; j += LANES) {
    let index = within * params.length + j;
    state = lossTake(state, f32(logits[index]), weightOf(label, index, j));
  }
  if (LANES > 1) { state = lossShare(state, local); }
  if (row >= params.rows) { return; }
  let hasSlope = labelIsValid(label) && lossHasSoftmax(state);
  let slope = f32(g[row * params.gStep]);
  for (var j = lane; j < params.length; j += LANES) {
    let index = row * params.length + j;
    if (hasSlope) {
      let p = safeExp(f32(logits[index]) - state.online.top) / state.online.sum;
      out[index] = T((p * state.weight - weightOf(label, index, j)) * slope);
    } else {
      out[index] = T(nan());
    }
  }
  if (lane > 0) { return; }
  if (labelIsValid(label)) {
    keepLoss(row, state);
  } else {
    keepLoss(row, RowLoss(state.online, nan(), nan()));
    atomicMin(&status[params.status_word], row);
  }
}
