// Reductions: sums, means, products, extremes and tests along any axes.
import everyWgsl from '../../shaders/reduce/every.wgsl?raw'
import finishMeanWgsl from '../../shaders/reduce/finish_mean.wgsl?raw'
import loadTrueWgsl from '../../shaders/reduce/load_true.wgsl?raw'
import maxFloatWgsl from '../../shaders/reduce/max_float.wgsl?raw'
import maxIntWgsl from '../../shaders/reduce/max_int.wgsl?raw'
import maxUintWgsl from '../../shaders/reduce/max_uint.wgsl?raw'
import minFloatWgsl from '../../shaders/reduce/min_float.wgsl?raw'
import minIntWgsl from '../../shaders/reduce/min_int.wgsl?raw'
import minUintWgsl from '../../shaders/reduce/min_uint.wgsl?raw'
import prodWgsl from '../../shaders/reduce/prod.wgsl?raw'
import sumWgsl from '../../shaders/reduce/sum.wgsl?raw'
import { type DType, floatOf, isFloat } from '../dtype.ts'
import { shader } from '../kernel.ts'
import { div, equal, mul, where } from './binary.ts'
import {
  BOOLS,
  INTEGERS,
  plain,
  type ReduceOptions,
  reduceSamples,
  reduction,
  SPECIAL,
} from './reduction_entry.ts'
import { draw, ulps } from './samples.ts'
import type { WithOptions } from './signature.ts'
import { cast } from './unary.ts'

/** Multiples of 1/8: float32 holds their sums exactly, whatever the order of additions. */
const EIGHTHS = [0.5, -1.25, 2, 0.125, -3, 1.75, -0.375, 2.5, -1, 0.875, -2.25]

const counted = (dtype: DType): DType => (dtype === 'bool' ? 'int32' : dtype)

/** Sum. Bools are counted as int32. */
export const sum: WithOptions<ReduceOptions> = reduction({
  name: 'sum',
  result: counted,
  reference: elements => elements.reduce((total, x) => total + x, 0),
  combiner: (dtype, result) => plain(dtype, result, { combine: shader(sumWgsl) }),
  gradient: (_x, _y, g) => g,
  // Samples have sums that float32 holds exactly; a few ULP are for those of gradients, which do not.
  tolerance: ulps(8, 2 ** -20),
  samples: [...reduceSamples({ values: EIGHTHS }), ...SPECIAL, ...INTEGERS, ...BOOLS],
})

/** Arithmetic mean, as float32 for integers and bools; NaN of nothing. */
export const mean: WithOptions<ReduceOptions> = reduction({
  name: 'mean',
  result: floatOf,
  reference: elements => elements.reduce((total, x) => total + x, 0) / elements.length,
  combiner: (dtype, result) =>
    plain(dtype, result, { combine: shader(sumWgsl), finish: shader(finishMeanWgsl) }),
  gradient: (_x, _y, g, count) => div(g, count),
  tolerance: ulps(8, 2 ** -20),
  samples: [...reduceSamples({ values: EIGHTHS }), ...SPECIAL, ...INTEGERS, ...BOOLS],
})

/** Product. The gradient is exact where factors are 0; its own gradient is not. */
export const prod: WithOptions<ReduceOptions> = reduction({
  name: 'prod',
  result: counted,
  reference: elements => elements.reduce((total, x) => total * x, 1),
  combiner: (dtype, result) => plain(dtype, result, { combine: shader(prodWgsl) }),
  gradient: (x, _y, g, _count, axis) => {
    const isZero = equal(x, 0)
    const options = { axis, keepDims: true }
    const zeros = sum(cast(isZero, x.dtype), options)
    const others = prod(where(isZero, 1, x), options)
    const slope = where(
      isZero,
      where(equal(zeros, 1), others, 0),
      where(equal(zeros, 0), div(others, where(isZero, 1, x)), 0),
    )
    return mul(g, slope)
  },
  // One rounding a factor: the longest sample has 2²⁰ of them, at random directions √2²⁰ = 1024 half ULP.
  tolerance: ulps(512),
  samples: [
    ...reduceSamples({ low: 0.9, high: 1.1 }),
    ...SPECIAL,
    ...INTEGERS.slice(0, 3).map(sample => ({
      ...sample,
      inputs: [{ shape: [3, 2], dtype: 'int32' as const, values: [3, -7, 1, 12, 5, -1, 9] }],
    })),
    {
      inputs: [{ shape: [3, 4], values: [0, 2, 3, 4, 5, 0, 0, 3, 2, 2, 3, 4] }],
      options: { axis: 1 },
      gradient: false,
      note: 'at factors of 0 the second gradient is not exact; a test of its own holds the first',
    },
  ],
})

/** max or min, which share everything but the direction. */
function extreme(
  name: 'max' | 'min',
  wgsl: Record<'float' | 'int' | 'uint', string>,
): WithOptions<ReduceOptions> {
  return reduction({
    name,
    result: dtype => dtype,
    reference: elements =>
      elements.reduce(
        (best, x) => Math[name](best, x),
        name === 'max' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY,
      ),
    combiner: (dtype, result) =>
      plain(dtype, result, {
        combine: shader(isFloat(dtype) ? wgsl.float : dtype === 'int32' ? wgsl.int : wgsl.uint),
      }),
    gradient: (x, y, g, _count, axis) => {
      const ties = equal(x, y)
      const share = div(g, sum(cast(ties, x.dtype), { axis, keepDims: true }))
      return where(ties, share, 0)
    },
    tolerance: ulps(0),
    needsElements: true,
    samples: [...reduceSamples(draw, { empty: false }), ...SPECIAL, ...INTEGERS, ...BOOLS],
  })
}

/** Largest element; NaN where one is. Ties share the gradient evenly. */
export const max: WithOptions<ReduceOptions> = extreme('max', {
  float: maxFloatWgsl,
  int: maxIntWgsl,
  uint: maxUintWgsl,
})

/** Smallest element; NaN where one is. Ties share the gradient evenly. */
export const min: WithOptions<ReduceOptions> = extreme('min', {
  float: minFloatWgsl,
  int: minIntWgsl,
  uint: minUintWgsl,
})

function truth(
  name: 'any' | 'all',
  combine: string,
  reference: (elements: Float64Array) => boolean,
): WithOptions<ReduceOptions> {
  return reduction({
    name,
    result: () => 'bool',
    reference: elements => Number(reference(elements)),
    combiner: (dtype, result) =>
      plain(dtype, result, { combine: shader(combine), load: shader(loadTrueWgsl) }),
    gradient: null,
    tolerance: ulps(0),
    samples: [
      ...BOOLS,
      ...reduceSamples({ values: [0, 0, 1, 0, 0, 0, 0] }, { gradient: false }),
      ...reduceSamples({ values: [1, 1, 0, 1, 1] }, { gradient: false }).slice(0, 6),
      ...SPECIAL,
    ],
  })
}

/** Whether any element is not 0; false of nothing. */
export const any: WithOptions<ReduceOptions> = truth('any', maxUintWgsl, elements =>
  elements.some(x => x !== 0),
)

/** Whether every element is not 0; true of nothing. */
export const all: WithOptions<ReduceOptions> = truth('all', everyWgsl, elements =>
  elements.every(x => x !== 0),
)
