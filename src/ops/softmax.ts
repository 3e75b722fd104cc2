// Softmax and its relatives, each reading a row once for its maximum and its sum of exponentials.

import exponentialsWgsl from '../../shaders/rows/exponentials.wgsl?raw'
import giveElementsWgsl from '../../shaders/rows/give_elements.wgsl?raw'
import giveLogWgsl from '../../shaders/rows/give_log.wgsl?raw'
import logSoftmaxWgsl from '../../shaders/rows/log_softmax.wgsl?raw'
import onlineWgsl from '../../shaders/rows/online.wgsl?raw'
import shareWgsl from '../../shaders/rows/share.wgsl?raw'
import softmaxWgsl from '../../shaders/rows/softmax.wgsl?raw'
import { dtypes, type NumericArray } from '../dtype.ts'
import { must } from '../errors.ts'
import { type Kernel, shader } from '../kernel.ts'
import { defineOp, needs, type Sample, type Tolerance } from '../op.ts'
import { axes, axis, boolean } from '../options.ts'
import { at, type Shape, sizeOf } from '../shape.ts'
import { reducedShape } from '../skeletons/reduce.ts'
import { eachRow, type RowView, rows, rowView } from '../skeletons/rows.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { equal, exp, mul, sub, where } from './elementwise.ts'
import { sum } from './reduce.ts'
import type { ReduceOptions } from './reduction_entry.ts'
import { reshape } from './reshape.ts'
import { draw, isSpecial, tooLarge, ULP } from './samples.ts'
import { tensorAndOptions, type WithOptions } from './signature.ts'
import { transpose } from './transpose.ts'

/** Options of `softmax` and `logSoftmax`. */
export interface SoftmaxOptions {
  /** The axis along which probabilities add up to 1. Default −1. */
  axis?: number
}

export interface AxisAttributes {
  readonly axis: number
}

const FLOATS = ['float32', 'float16'] as const
const NEGATIVE_INFINITY = Number.NEGATIVE_INFINITY

/** ULP a row's sum of exponentials may be off: one rounding an element, and exponentials of differences up to 6. */
export const sumUlps = (length: number): number => length + 3 + 2 * 6

const longestAxis = ([x]: readonly Spec[]): number => Math.max(1, ...must(x, 'input').shape)

/** The exponentials of a row: its maximum, and ln Σ exp(x − top). Both NaN where softmax does not exist. */
export interface RowSum {
  readonly top: number
  readonly log: number
}

/** The largest element of a row; NaN where one is, −infinity of nothing. */
function largest(x: NumericArray, start: number, step: number, length: number): number {
  let top = NEGATIVE_INFINITY
  for (let j = 0; j < length; j++) top = Math.max(top, at(x, start + j * step))
  return top
}

/** The sum of a row's exponentials in double precision, kept apart from the maximum, beside which it might be lost. */
export function sumRow(x: NumericArray, start: number, step: number, length: number): RowSum {
  const top = largest(x, start, step, length)
  if (!Number.isFinite(top)) return { top: Number.NaN, log: Number.NaN }
  let total = 0
  for (let j = 0; j < length; j++) total += Math.exp(at(x, start + j * step) - top)
  return { top, log: Math.log(total) }
}

/** Every special value beside ordinary ones, in rows of three. */
export const SPECIAL_ROWS = [
  [1, 2, 3],
  [Number.NaN, 1, 2],
  [1, Number.POSITIVE_INFINITY, 2],
  [NEGATIVE_INFINITY, 0, 1],
  [NEGATIVE_INFINITY, NEGATIVE_INFINITY, NEGATIVE_INFINITY],
  [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0],
  [Number.POSITIVE_INFINITY, NEGATIVE_INFINITY, Number.NaN],
  [1000, 0, -1000],
  [-1000, -1000, -1000],
  [-3.4e38, 3.4e38, 3.4e38],
]

/** Shapes and axes that softmax and logSoftmax are proven on: short and long rows, plain and strided. */
const SAMPLES: Sample<[Tensor, SoftmaxOptions?]>[] = [
  { inputs: [{ shape: [1], ...draw }] },
  { inputs: [{ shape: [67], ...draw }] },
  { inputs: [{ shape: [67, 10], ...draw }] },
  { inputs: [{ shape: [5, 67], ...draw }], options: { axis: 0 } },
  { inputs: [{ shape: [3, 67, 2], ...draw }], options: { axis: -2 } },
  { inputs: [{ shape: [0, 3], ...draw }] },
  { inputs: [{ shape: [3, 0], ...draw }] },
  { inputs: [{ shape: [3, 1500], ...draw }], ...tooLarge },
  {
    inputs: [{ shape: [SPECIAL_ROWS.length, 3], values: SPECIAL_ROWS.flat() }],
    ...isSpecial,
  },
  { inputs: [{ shape: [128, 10], ...draw }], benchmark: true, ...tooLarge },
  { inputs: [{ shape: [1024, 1024], ...draw }], benchmark: true, ...tooLarge },
  { inputs: [{ shape: [1024, 1024], ...draw }], options: { axis: 0 }, benchmark: true, ...tooLarge },
  { inputs: [{ shape: [16, 50257], ...draw }], benchmark: true, ...tooLarge },
]

/** A kernel that finds maximum and sum of exponentials of each row of x; fragments say what it gives. */
const exponentials = <A extends object>(
  fragments: readonly string[],
  view: (inputs: readonly Spec[], attributes: A) => RowView,
): Kernel<A> =>
  rows(
    ({ inputs, attributes }) => view(inputs, attributes),
    ({ inputs, attributes }) => ({
      source: {
        skeleton: shader(exponentialsWgsl),
        fragments: [shareWgsl, onlineWgsl, ...fragments].map(shader),
        types: { T: dtypes[must(inputs[0], 'input').dtype].wgsl },
      },
      bindings: [{ input: 0 }, { output: 0 }],
      params: { inner: view(inputs, attributes).inner },
    }),
  )

export interface SoftmaxEntry {
  readonly name: string
  readonly reference: (x: number, row: RowSum) => number
  readonly kernel: string
  readonly gradient: (y: Tensor, g: Tensor, axis: number) => Tensor
  readonly tolerance: (length: number) => Tolerance
}

/** An op that maps each element by itself and its row's sum of exponentials. */
function normalized(entry: SoftmaxEntry): WithOptions<SoftmaxOptions> {
  const { name, gradient } = entry
  const view = (x: Spec | undefined, { axis }: AxisAttributes): RowView =>
    rowView(must(x, 'input').shape, axis)
  return defineOp<AxisAttributes, [x: Tensor, options?: SoftmaxOptions]>({
    name,
    family: 'network',
    parse: tensorAndOptions(name, { axis: axis(-1) }),
    infer: ([x]) => {
      needs(name, x as Spec, FLOATS)
      return x as Spec
    },
    reference: ([x], [out], { inputs, attributes }) => {
      const [from, to] = [must(x, 'input'), must(out, 'output')]
      const { length, ...rest } = view(inputs[0], attributes)
      eachRow({ length, ...rest }, (start, step) => {
        const row = sumRow(from, start, step, length)
        for (let j = 0; j < length; j++)
          to[start + j * step] = entry.reference(at(from, start + j * step), row)
      })
    },
    kernel: exponentials([giveElementsWgsl, entry.kernel], ([x], attributes) => view(x, attributes)),
    gradient: (_inputs, [y], [g], attributes) => [gradient(y as Tensor, g as Tensor, attributes.axis)],
    samples: SAMPLES,
    tolerance: inputs => entry.tolerance(longestAxis(inputs)),
  })
}

/**
 * Probabilities exp x / Σ exp x along an axis; the shape is x's. A row with NaN or +infinity in it, or with nothing
 * above −infinity, is NaN throughout. Throws `dtype` unless x is a float.
 */
export const softmax: WithOptions<SoftmaxOptions> = normalized({
  name: 'softmax',
  reference: (x, { top, log }) => Math.exp(x - top - log),
  kernel: softmaxWgsl,
  // dx = y·(g − Σ g·y)
  gradient: (y, g, axis) => mul(y, sub(g, sum(mul(g, y), { axis, keepDims: true }))),
  // Numerator and sum are exponentials, then a division; probabilities below 2⁻⁶⁰ lose more, or are flushed.
  tolerance: length => ({ relative: (sumUlps(length) + 15 + 3) * ULP, absolute: 2 ** -60 }),
})

/**
 * ln softmax(x) along an axis, without the underflow of a logarithm after softmax; the shape is x's. Rows are NaN as
 * those of softmax are. Throws `dtype` unless x is a float.
 */
export const logSoftmax: WithOptions<SoftmaxOptions> = normalized({
  name: 'logSoftmax',
  reference: (x, { top, log }) => x - top - log,
  kernel: logSoftmaxWgsl,
  // dx = g − softmax(x)·Σ g
  gradient: (y, g, axis) => sub(g, mul(exp(y), sum(g, { axis, keepDims: true }))),
  // A relative error of the sum is an absolute one of its logarithm, which itself is within 2⁻²¹ or 3 ULP.
  tolerance: length => ({ relative: 4 * ULP, absolute: 2 ** -21 + sumUlps(length) * ULP }),
})

export interface LogSumExpAttributes extends RowView {
  /** Of the result. */
  readonly shape: Shape
}

/**
 * ln Σ exp x over one axis or several, all when none is named. −infinity of nothing or of −infinities, +infinity where
 * an element is, NaN where one is NaN. Throws `dtype` unless x is a float.
 */
export const logSumExp: WithOptions<ReduceOptions> = defineOp<
  LogSumExpAttributes,
  [x: Tensor, options?: ReduceOptions]
>({
  name: 'logSumExp',
  family: 'reduction',
  parse: (...args) => {
    const call = tensorAndOptions('logSumExp', { axis: axes, keepDims: boolean(false) })(...args)
    const [x] = args
    const shape = reducedShape(x.shape, call.attributes)
    const reduced = call.attributes.axis
    const first = reduced[0] ?? x.rank
    const last = first + reduced.length - 1
    if (reduced.at(-1) === last || reduced.length === 0) {
      return { inputs: [x], attributes: { ...rowView(x.shape, first, last), shape } }
    }
    // Axes that lie apart are brought together at the end.
    const permutation = [...x.shape.keys()].filter(axis => !reduced.includes(axis)).concat(reduced)
    const moved = transpose(x, { permutation })
    const from = x.rank - reduced.length
    return { inputs: [moved], attributes: { ...rowView(moved.shape, from, x.rank - 1), shape } }
  },
  infer: ([x], { shape }) => {
    needs('logSumExp', x as Spec, FLOATS)
    return { shape, dtype: (x as Spec).dtype }
  },
  reference: ([x], [out], { attributes }) => {
    eachRow(attributes, (start, step, row) => {
      const top = largest(must(x, 'input'), start, step, attributes.length)
      const { log } = sumRow(must(x, 'input'), start, step, attributes.length)
      must(out, 'output')[row] = Number.isFinite(top) ? top + log : top
    })
  },
  kernel: exponentials([giveLogWgsl], (_inputs, attributes) => attributes),
  gradient: ([x], [y], [g], { outer, length, inner }) => {
    // dx = g·softmax(x), and 0 where all were −infinity.
    const p = softmax(reshape(x as Tensor, [outer, length, inner]), { axis: 1 })
    const kept = (tensor: Tensor | undefined): Tensor => reshape(tensor as Tensor, [outer, 1, inner])
    const dx = where(equal(kept(y), NEGATIVE_INFINITY), 0, mul(p, kept(g)))
    return [reshape(dx, (x as Tensor).shape)]
  },
  samples: [
    { inputs: [{ shape: [], ...draw }] },
    { inputs: [{ shape: [1], ...draw }], options: { axis: 0, keepDims: true } },
    { inputs: [{ shape: [67], ...draw }] },
    { inputs: [{ shape: [67, 10], ...draw }], options: { axis: -1 } },
    { inputs: [{ shape: [67, 3], ...draw }], options: { axis: 0, keepDims: true } },
    { inputs: [{ shape: [3, 4, 5], ...draw }], options: { axis: [1, 2] } },
    { inputs: [{ shape: [3, 4, 5], ...draw }], options: { axis: [2, 0], keepDims: true } },
    { inputs: [{ shape: [3, 4], ...draw }], options: { axis: [] } },
    { inputs: [{ shape: [0, 3], ...draw }], options: { axis: 1 } },
    { inputs: [{ shape: [3, 0], ...draw }], options: { axis: 1 } },
    { inputs: [{ shape: [3, 1500], ...draw }], options: { axis: 1 }, ...tooLarge },
    {
      inputs: [{ shape: [SPECIAL_ROWS.length, 3], values: SPECIAL_ROWS.flat() }],
      options: { axis: 1 },
      ...isSpecial,
    },
    { inputs: [{ shape: [1024, 1024], ...draw }], options: { axis: 1 }, benchmark: true, ...tooLarge },
  ],
  // As logSoftmax; several axes together make rows as long as the tensor.
  tolerance: ([x]) => ({ relative: 4 * ULP, absolute: 2 ** -21 + sumUlps(sizeOf((x as Spec).shape)) * ULP }),
})
