// rows/share.wgsl: joins what the invocations of a workgroup have found in a row, in workgroup memory.
// In two steps rather than a tree: the first STRIPS invocations join a column each, then every one joins those STRIPS
// results, in the same order. That is two barriers, each of which costs more than the reads it would save. Both
// functions are to be called by all invocations, once, and give each the same.

const STRIPS = 16u;

struct Peak {
  top: f32,
  marks: u32,
}

var<workgroup> peaks: array<Peak, WORKGROUP_SIZE>;
var<workgroup> sums: array<vec3<f32>, WORKGROUP_SIZE>;

fn higher(a: Peak, b: Peak) -> Peak {
  return Peak(max(a.top, b.top), a.marks | b.marks);
}

/// The highest top, and every mark.
fn sharePeak(found: Peak, local: u32) -> Peak {
  peaks[local] = found;
  workgroupBarrier();
  if (local < STRIPS) {
    var strip = found;
    for (var k = local + STRIPS; k < WORKGROUP_SIZE; k += STRIPS) { strip = higher(strip, peaks[k]); }
    peaks[local] = strip;
  }
  workgroupBarrier();
  var all = peaks[0];
  for (var k = 1u; k < STRIPS; k++) { all = higher(all, peaks[k]); }
  return all;
}

fn shareSums(found: vec3<f32>, local: u32) -> vec3<f32> {
  sums[local] = found;
  workgroupBarrier();
  if (local < STRIPS) {
    var strip = found;
    for (var k = local + STRIPS; k < WORKGROUP_SIZE; k += STRIPS) { strip += sums[k]; }
    sums[local] = strip;
  }
  workgroupBarrier();
  var all = sums[0];
  for (var k = 1u; k < STRIPS; k++) { all += sums[k]; }
  return all;
}
