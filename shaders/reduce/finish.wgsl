// reduce/finish.wgsl: the total is the result.

fn finish(total: Acc) -> Result {
  return Result(total);
}
