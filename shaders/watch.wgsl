// watch.wgsl: clears a flag, `finite`, where a number is infinite or NaN.
// Bits are looked at, since a compiler may assume that no number is NaN.

const EXPONENT = 0x7f800000u;

fn watch(number: f32) {
  if ((bitcast<u32>(number) & EXPONENT) == EXPONENT) { atomicStore(&finite[0], 0u); }
}
