// rows/keep_both.wgsl: the end of standardize: the elements are kept, and the mean and variance of each row.

@group(0) @binding(1) var<storage, read_write> out: array<T>;
@group(0) @binding(2) var<storage, read_write> means: array<T>;
@group(0) @binding(3) var<storage, read_write> variances: array<T>;
@group(0) @binding(4) var<uniform> params: Params;

fn keepElement(index: u32, value: f32) { out[index] = T(value); }

fn keepMoments(row: u32, mean: f32, variance: f32) {
  means[row] = T(mean);
  variances[row] = T(variance);
}
