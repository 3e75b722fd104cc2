// Powers, whose gradient needs both arithmetic and logarithms.

import powWgsl from '../../shaders/binary/pow.wgsl?raw'
import powIntegerWgsl from '../../shaders/binary/pow_integer.wgsl?raw'
import { isFloat } from '../dtype.ts'
import { equal, mul, sub, where } from './binary.ts'
import { binary } from './entries.ts'
import { ulps } from './samples.ts'
import type { Binary } from './signature.ts'
import { log } from './unary.ts'

/** a to the b. Negative a needs a whole b, else NaN. */
export const pow: Binary = binary({
  name: 'pow',
  result: 'number',
  // NumPy and C say 1 where JavaScript says NaN.
  reference: (a, b) =>
    a === 1 || b === 0 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b,
  integer: powInteger,
  kernel: dtype => (isFloat(dtype) ? powWgsl : powIntegerWgsl),
  gradient: (a, b, y, g) => [
    mul(g, where(equal(b, 0), 0, mul(b, pow(a, sub(b, 1))))),
    mul(g, where(equal(a, 0), 0, mul(y, log(a)))),
  ],
  // exp2(b·log2 a): log2 is within 3 ULP or 2⁻²¹ absolute, and b·log2 a up to 10 amplifies it.
  tolerance: ulps(64),
  draw: { low: 0.5, high: 3 },
})

function powInteger(a: number, b: number): number {
  if (b < 0) return a === 1 ? 1 : a === -1 ? (b % 2 === 0 ? 1 : -1) : 0
  let power = 1
  let base = a
  for (let rest = b; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = Math.imul(power, base)
    base = Math.imul(base, base)
  }
  return power
}
