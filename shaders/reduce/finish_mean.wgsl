// reduce/finish_mean.wgsl: the total is divided by the count; NaN of nothing.

fn finish(total: Acc) -> Result {
  if (params.total == 0) { return nan(); }
  return total / f32(params.total);
}
