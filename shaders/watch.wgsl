// watch.wgsl: clears a flag, `finite`, where a thread has seen a number that is infinite or NaN.
// Bits are looked at, since a compiler may assume that no number is NaN: without the sign they are the larger the less
// finite. A branch for each number would cost more than the stores it watches.

var<private> largest: u32;

fn watch(number: f32) {
  largest = max(largest, bitcast<u32>(number) & 0x7fffffffu);
}

/// Called once, after the last number.
fn endWatch() {
  if (largest >= 0x7f800000u) { atomicStore(&finite[0], 0u); }
}
