// rows/slope_alone.wgsl: the end of a slope of cross-entropy: the losses are not kept.

@group(0) @binding(3) var<storage, read_write> out: array<T>;
@group(0) @binding(4) var<storage, read_write> status: array<atomic<u32>>;
@group(0) @binding(5) var<uniform> params: Params;

fn keepLoss(row: u32, state: RowLoss) {}
