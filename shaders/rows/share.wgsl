// rows/share.wgsl: joins what the LANES invocations that share a row have found, by trees in workgroup memory.
// Both functions are to be called by all invocations of a workgroup, and give each of a row's the same.

struct Peak {
  top: f32,
  marks: u32,
}

var<workgroup> peaks: array<Peak, WORKGROUP_SIZE>;
var<workgroup> sums: array<vec3<f32>, WORKGROUP_SIZE>;

/// The highest top, and every mark.
fn sharePeak(found: Peak, local: u32) -> Peak {
  let lane = local % LANES;
  peaks[local] = found;
  for (var reach = LANES / 2; reach > 0; reach /= 2) {
    workgroupBarrier();
    if (lane < reach) {
      let other = peaks[local + reach];
      peaks[local] = Peak(max(peaks[local].top, other.top), peaks[local].marks | other.marks);
    }
  }
  workgroupBarrier();
  return peaks[local - lane];
}

fn shareSums(found: vec3<f32>, local: u32) -> vec3<f32> {
  let lane = local % LANES;
  sums[local] = found;
  for (var reach = LANES / 2; reach > 0; reach /= 2) {
    workgroupBarrier();
    if (lane < reach) { sums[local] += sums[local + reach]; }
  }
  workgroupBarrier();
  return sums[local - lane];
}
