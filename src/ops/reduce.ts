// Reductions: sums, means, products, extremes and tests along any axes, and what is made of them.
import argMaxWgsl from '../../shaders/reduce/arg_max.wgsl?raw'
import argMinWgsl from '../../shaders/reduce/arg_min.wgsl?raw'
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
import { type DType, dtypes, floatOf, isFloat } from '../dtype.ts'
import { fail, show } from '../errors.ts'
import { shader } from '../kernel.ts'
import { defineComposite, defineOp, type Sample, type Tolerance } from '../op.ts'
import { axes, boolean, number, oneOf, optionalAxis, parseOptions } from '../options.ts'
import { at, sizeOf } from '../shape.ts'
import {
  type Combiner,
  type ReduceAttributes,
  reduce,
  reducedShape,
  reduceReference,
} from '../skeletons/reduce.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { div, equal, mul, sub, where } from './binary.ts'
import { broadcastTo, reshape } from './move.ts'
import { ulps } from './samples.ts'
import { checkTensor, tensorAndOptions, type WithOptions } from './signature.ts'
import { abs, cast, sqrt, square } from './unary.ts'

/** Options of every reduction. */
export interface ReduceOptions {
  /** One axis or several, counted from the end when negative. All when not given. */
  axis?: number | readonly number[]
  /** Keeps reduced axes with length 1. */
  keepDims?: boolean
}

const SCHEMA = { axis: axes, keepDims: boolean(false) }

/** Multiples of 1/8: float32 holds their sums exactly, whatever the order of additions. */
const EIGHTHS = [0.5, -1.25, 2, 0.125, -3, 1.75, -0.375, 2.5, -1, 0.875, -2.25]

export interface Draw {
  readonly values?: readonly number[]
  readonly low?: number
  readonly high?: number
}

/** Shapes and axes every reduction is proven on: whole, rows, columns, middle, several, split, empty and single. */
function reduceSamples(
  draw: Draw,
  { empty = true, gradient = true } = {},
): Sample<[Tensor, ReduceOptions?]>[] {
  const proven = gradient ? {} : { gradient: false, note: 'no gradient' }
  const large = { gradient: false, note: 'too large for finite differences' }
  return [
    { inputs: [{ shape: [], ...draw }], ...proven },
    { inputs: [{ shape: [1], ...draw }], options: { axis: 0, keepDims: true }, ...proven },
    { inputs: [{ shape: [67], ...draw }], ...proven },
    { inputs: [{ shape: [5, 67], ...draw }], options: { axis: 1 }, ...proven },
    { inputs: [{ shape: [67, 5], ...draw }], options: { axis: 0, keepDims: true }, ...proven },
    { inputs: [{ shape: [3, 4, 5], ...draw }], options: { axis: [-3, -1] }, ...proven },
    { inputs: [{ shape: [3, 4, 5], ...draw }], options: { axis: [1], keepDims: true }, ...proven },
    { inputs: [{ shape: [2, 3, 2, 3], ...draw }], options: { axis: [1, 3] }, ...proven },
    { inputs: [{ shape: [0, 3], ...draw }], options: { axis: 1 }, ...proven },
    ...(empty ? [{ inputs: [{ shape: [2, 0], ...draw }], options: { axis: 1 }, ...proven }] : []),
    { inputs: [{ shape: [3, 20011], ...draw }], options: { axis: 1 }, ...large },
    { inputs: [{ shape: [20011, 3], ...draw }], options: { axis: 0 }, ...large },
    // Four columns at a time.
    { inputs: [{ shape: [5, 12], ...draw }], options: { axis: 0 }, ...proven },
    { inputs: [{ shape: [20011, 4], ...draw }], options: { axis: 0 }, ...large },
    { inputs: [{ shape: [1024, 1024], ...draw }], benchmark: true, ...large },
    { inputs: [{ shape: [1024, 1024], ...draw }], options: { axis: 1 }, benchmark: true, ...large },
    { inputs: [{ shape: [1024, 1024], ...draw }], options: { axis: 0 }, benchmark: true, ...large },
  ]
}

const SPECIAL: Sample<[Tensor, ReduceOptions?]>[] = [
  [1, Number.NaN, 3],
  [1, Number.POSITIVE_INFINITY, 3],
  [Number.NEGATIVE_INFINITY, 1, 2],
].map(values => ({
  inputs: [{ shape: [2, 3], values }],
  options: { axis: 1 },
  gradient: false,
  note: 'special values',
}))

const INTEGERS: Sample<[Tensor, ReduceOptions?]>[] = (['int32', 'uint32'] as const).flatMap(dtype =>
  [undefined, 0, 1].map(axis => ({
    inputs: [
      {
        shape: [5, 67],
        dtype,
        values: dtype === 'int32' ? [3, -7, 0, 12, 5, -1, 9] : [3, 7, 0, 12, 5, 1, 9],
      },
    ],
    ...(axis === undefined ? {} : { options: { axis } }),
    gradient: false,
    note: 'integers have no gradient',
  })),
)

const BOOLS: Sample<[Tensor, ReduceOptions?]>[] = [0, 1].map(axis => ({
  inputs: [{ shape: [5, 67], dtype: 'bool', values: [1, 0, 1, 1, 0, 0, 1] }],
  options: { axis },
  gradient: false,
  note: 'bools have no gradient',
}))

export interface ReduceEntry {
  readonly name: string
  /** The dtype of the result; throws for one the op does not take. */
  readonly result: (dtype: DType) => DType
  readonly reference: (elements: Float64Array) => number
  readonly combiner: (dtype: DType, result: DType) => Combiner
  readonly gradient:
    | ((x: Tensor, y: Tensor, g: Tensor, count: number, axis: readonly number[]) => Tensor)
    | null
  readonly tolerance: () => Tolerance
  /** What is reduced to nothing has no result. */
  readonly needsElements?: boolean
  readonly samples: readonly Sample<[Tensor, ReduceOptions?]>[]
}

/** A reduction. The gradient rule sees y and g with reduced axes kept. */
function reduction(entry: ReduceEntry): WithOptions<ReduceOptions> {
  const { name, gradient } = entry
  return defineOp<ReduceAttributes, [x: Tensor, options?: ReduceOptions]>({
    name,
    family: 'reduction',
    parse: tensorAndOptions(name, SCHEMA),
    infer: ([input], attributes) => {
      const x = input as Spec
      if (entry.needsElements) refuseEmpty(name, x, attributes.axis)
      return { shape: reducedShape(x.shape, attributes), dtype: entry.result(x.dtype) }
    },
    reference: reduceReference(entry.reference),
    kernel: reduce((x, y) => entry.combiner(x.dtype, y.dtype)),
    gradient: gradient
      ? ([input], [y], [g], { axis }) => {
          const x = input as Tensor
          const kept = reducedShape(x.shape, { axis, keepDims: true })
          const count = axis.reduce((product, i) => product * at(x.shape, i), 1)
          const dx = gradient(x, reshape(y as Tensor, kept), reshape(g as Tensor, kept), count, axis)
          return [broadcastTo(dx, x.shape)]
        }
      : 'none',
    samples: entry.samples,
    tolerance: entry.tolerance,
  })
}

function refuseEmpty(name: string, { shape }: Spec, axis: readonly number[]): void {
  const empty = axis.find(i => shape[i] === 0)
  if (empty === undefined || sizeOf(shape.filter((_, i) => !axis.includes(i))) === 0) return
  fail(
    'shape',
    name,
    `axis ${empty} of ${show(shape)} is empty, and nothing has no ${name}.`,
    'Check for emptiness first.',
  )
}

/** A combiner that accumulates in the type arithmetic on the dtype is done in. */
function plain(dtype: DType, result: DType, pieces: Pick<Combiner, 'combine' | 'load' | 'finish'>): Combiner {
  const { compute } = dtypes[dtype]
  const accumulator = isFloat(result) ? 'f32' : result === 'int32' ? 'i32' : 'u32'
  return { ...pieces, compute, accumulator, result: dtypes[result].compute }
}

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
    samples: [...reduceSamples({ low: -3, high: 3 }, { empty: false }), ...SPECIAL, ...INTEGERS, ...BOOLS],
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

/** Options of `argMax` and `argMin`. */
export interface ArgOptions {
  /** The axis to search; the flat tensor when not given. */
  axis?: number
  keepDims?: boolean
}

function argExtreme(
  name: 'argMax' | 'argMin',
  combine: string,
  wins: (x: number, best: number) => boolean,
): WithOptions<ArgOptions> {
  return defineOp<ReduceAttributes, [x: Tensor, options?: ArgOptions]>({
    name,
    family: 'reduction',
    parse: (x, options = {}) => {
      checkTensor(name, x)
      const { axis, keepDims } = parseOptions(
        name,
        options,
        { axis: optionalAxis, keepDims: boolean(false) },
        x.rank,
      )
      return {
        inputs: [x],
        attributes: { axis: axis === undefined ? x.shape.map((_, i) => i) : [axis], keepDims },
      }
    },
    infer: ([x], attributes) => {
      refuseEmpty(name, x as Spec, attributes.axis)
      if (sizeOf((x as Spec).shape) === 0 && attributes.axis.length === (x as Spec).shape.length)
        refuseEmpty(name, x as Spec, attributes.axis)
      return { shape: reducedShape((x as Spec).shape, attributes), dtype: 'int32' }
    },
    reference: reduceReference(elements => {
      let best = 0
      for (let i = 1; i < elements.length; i++) {
        const [x, y] = [at(elements, i), at(elements, best)]
        if (!Number.isNaN(y) && (Number.isNaN(x) || wins(x, y))) best = i
      }
      return best
    }),
    kernel: reduce(x => ({
      combine: shader(combine),
      accumulator: 'Candidate',
      compute: dtypes[x.dtype].compute,
      result: 'i32',
      whole: true,
    })),
    gradient: 'none',
    samples: [
      ...reduceSamples({ low: -3, high: 3 }, { empty: false, gradient: false }).filter(
        ({ options }) => !Array.isArray((options as ReduceOptions | undefined)?.axis),
      ),
      ...reduceSamples({ values: [1, 3, 3, 2] }, { empty: false, gradient: false }).slice(2, 5),
      ...SPECIAL,
      ...INTEGERS,
    ].map(sample => sample as Sample<[Tensor, ArgOptions?]>),
    tolerance: ulps(0),
  })
}

/** Index of the largest element, int32: the first NaN if there is one, else the first of equals. */
export const argMax: WithOptions<ArgOptions> = argExtreme('argMax', argMaxWgsl, (x, best) => x > best)

/** Index of the smallest element, int32: the first NaN if there is one, else the first of equals. */
export const argMin: WithOptions<ArgOptions> = argExtreme('argMin', argMinWgsl, (x, best) => x < best)

/** Options of `variance` and `std`. */
export interface VarianceOptions extends ReduceOptions {
  /** Subtracted from the count: 1 for the unbiased estimate. */
  correction?: number
}

/** Elements that a reduction over `axis` takes together. */
const countOf = (x: Tensor, axis: readonly number[]): number =>
  axis.reduce((product, i) => product * at(x.shape, i), 1)

function varianceOf(where: string, x: Tensor, options: VarianceOptions): Tensor {
  checkTensor(where, x)
  const { axis, keepDims, correction } = parseOptions(
    where,
    options,
    { ...SCHEMA, correction: number(0, { min: 0 }) },
    x.rank,
  )
  const count = countOf(x, axis)
  const deviations = sub(x, mean(x, { axis, keepDims: true }))
  const spread = sum(square(deviations), { axis, keepDims })
  return div(spread, Math.max(count - correction, 0))
}

const VARIANCE_SAMPLES: Sample<[Tensor, VarianceOptions?]>[] = reduceSamples({ low: -3, high: 3 })
  .filter(sample => !sample.benchmark)
  .map(sample => sample as Sample<[Tensor, VarianceOptions?]>)
const MANY: Sample<[Tensor, VarianceOptions?]> = {
  inputs: [{ shape: [5, 7], low: -3, high: 3 }],
  options: { axis: 1, correction: 1 },
}

/** Mean squared deviation from the mean, in two passes. */
export const variance: WithOptions<VarianceOptions> = defineComposite<[x: Tensor, options?: VarianceOptions]>(
  {
    name: 'variance',
    family: 'reduction',
    compose: (x, options = {}) => varianceOf('variance', x, options),
    samples: [...VARIANCE_SAMPLES, MANY],
    // The mean is within a few ULP of |x| ≤ 3, and so are deviations.
    tolerance: ulps(32, 2 ** -18),
  },
)

/** Square root of the variance. Its slope at 0 is infinite. */
export const std: WithOptions<VarianceOptions> = defineComposite<[x: Tensor, options?: VarianceOptions]>({
  name: 'std',
  family: 'reduction',
  compose: (x, options = {}) => sqrt(varianceOf('std', x, options)),
  samples: [...VARIANCE_SAMPLES.filter(({ inputs }) => sizeOf(inputs[0]?.shape ?? []) > 1), MANY],
  tolerance: ulps(32, 2 ** -18),
})

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
    ...reduceSamples({ low: -3, high: 3 }, { empty: order !== 'inf' })
      .filter(sample => !sample.benchmark)
      .map(sample => ({ ...sample, options: { ...sample.options, order } })),
    { inputs: [{ shape: [4], values: [0] }], options: { order }, gradient: false, note: 'a corner' },
  ]),
  // A sum of squares of up to 20,011 terms ≤ 9 in float32: its random roundings stay within √n ULP.
  tolerance: ulps(142, 2 ** -20),
})
