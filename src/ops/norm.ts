// Vector norms along axes.
import { isFloat } from '../dtype.ts'
import { fail } from '../errors.ts'
import { defineComposite, type Sample } from '../op.ts'
import { oneOf, parseOptions } from '../options.ts'
import type { Tensor } from '../tensor.ts'
import { equal, where } from './binary.ts'
import { max, sum } from './reduce.ts'
import { type ReduceOptions, reduceSamples, SCHEMA } from './reduction_entry.ts'
import { draw, ulps } from './samples.ts'
import { checkTensor, type WithOptions } from './signature.ts'
import { abs, sqrt, square } from './unary.ts'

/** Options of `norm`. */
export interface NormOptions extends ReduceOptions {
  /** 1: sum of sizes; 2: Euclidean; 'inf': largest size. */
  order?: 1 | 2 | 'inf'
}

/** Vector norm along axes. The slope of the Euclidean norm at 0 is 0. */
export const norm: WithOptions<NormOptions> = defineComposite<[x: Tensor, options?: NormOptions]>({
  name: 'norm',
  family: 'reduction',
  compose: (x, options = {}) => {
    checkTensor('norm', x)
    const { order, ...rest } = parseOptions(
      'norm',
      options,
      { ...SCHEMA, order: oneOf([1, 2, 'inf'], 2) },
      x.rank,
    )
    if (!isFloat(x.dtype))
      fail('dtype', 'norm', `x is ${x.dtype}; it must be a float.`, "Use cast(x, 'float32') first.")
    if (order === 1) return sum(abs(x), rest)
    if (order === 'inf') return max(abs(x), rest)
    const total = sum(square(x), rest)
    const isZero = equal(total, 0)
    return where(isZero, 0, sqrt(where(isZero, 1, total)))
  },
  samples: ([1, 2, 'inf'] as const).flatMap((order): Sample<[Tensor, NormOptions?]>[] => [
    ...reduceSamples(draw, { empty: order !== 'inf' })
      .filter(sample => !sample.benchmark)
      .map(sample => ({ ...sample, options: { ...sample.options, order } })),
    { inputs: [{ shape: [4], values: [0] }], options: { order }, gradient: false, note: 'a corner' },
  ]),
  // A sum of squares of up to 20,011 terms ≤ 9 in float32: its random roundings stay within √n ULP.
  tolerance: ulps(142, 2 ** -20),
})
