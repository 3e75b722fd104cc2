// rows/slope_and_loss.wgsl: the end of a slope of cross-entropy: the loss of each row is kept beside it.

@group(0) @binding(3) var<storage, read_write> out: array<T>;
@group(0) @binding(4) var<storage, read_write> losses: array<T>;
@group(0) @binding(5) var<storage, read_write> status: array<atomic<u32>>;
@group(0) @binding(6) var<uniform> params: Params;

/// A state whose weight is NaN has no loss.
fn keepLoss(row: u32, state: RowLoss) {
  losses[row] = T(lossValue(state));
}
