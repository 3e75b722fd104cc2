// Rows to mean 0 and variance 1, with their moments and their slope, each in one kernel: what normalisation is made of.
import keepBothWgsl from '../../shaders/rows/keep_both.wgsl?raw'
import keepElementsWgsl from '../../shaders/rows/keep_elements.wgsl?raw'
import keepMomentsWgsl from '../../shaders/rows/keep_moments.wgsl?raw'
import rootReciprocalWgsl from '../../shaders/rows/root_reciprocal.wgsl?raw'
import shareWgsl from '../../shaders/rows/share.wgsl?raw'
import standardizeWgsl from '../../shaders/rows/standardize.wgsl?raw'
import gradientWgsl from '../../shaders/rows/standardize_gradient.wgsl?raw'
import { dtypes, type NumericArray } from '../dtype.ts'
import { fail, must, show } from '../errors.ts'
import { type Kernel, shader } from '../kernel.ts'
import { defineOp, needs, type Op, type Sample } from '../op.ts'
import { axes, number, parseOptions } from '../options.ts'
import { at, sameShape } from '../shape.ts'
import { eachRow, type RowView, rows, rowView } from '../skeletons/rows.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { add, mul, neg, rsqrt } from './elementwise.ts'
import { mean as meanOf, sum } from './reduce.ts'
import { reshape } from './reshape.ts'
import { draw, tooLarge, ULP } from './samples.ts'
import { variance as varianceOf } from './variance.ts'

export interface StandardizeOptions {
  /** Neighbouring axes that are standardized together. Default: all. */
  axis?: number | readonly number[]
  /** Added to the variance. Default 1e-5. */
  epsilon?: number
}

export interface StandardizeAttributes extends RowView {
  readonly axis: readonly number[]
  readonly epsilon: number
}

const FLOATS = ['float32', 'float16'] as const

/** The axes whose elements batch normalisation takes together: all but the last. */
export function batchAxes({ rank }: Tensor): readonly number[] {
  return Array.from({ length: rank - 1 }, (_, i) => i)
}

/** Reads `epsilon`. */
export const EPSILON = number(1e-5, { min: 0 })

/** Of x and its options; `more` are further tensors. */
function parse(where: string, x: Tensor, options: StandardizeOptions = {}, more: readonly Tensor[] = []) {
  const { axis, epsilon } = parseOptions(where, options, { axis: axes, epsilon: EPSILON }, x.rank)
  const [first = 0, last = first] = [axis[0], axis.at(-1)]
  if (last - first !== axis.length - 1)
    fail('axis', where, `the axes are ${show(axis)}; they must be neighbours.`)
  return { inputs: [x, ...more], attributes: { ...rowView(x.shape, first, last), axis, epsilon } }
}

/** A kernel over the rows of x; how it ends says what it writes, into so many outputs. */
function kernelOf(files: readonly string[], inputs: number, outputs: number): Kernel<StandardizeAttributes> {
  const [skeleton = '', ...fragments] = files
  return rows(
    ({ attributes }) => attributes,
    request => ({
      source: {
        skeleton: shader(skeleton),
        fragments: [shareWgsl, rootReciprocalWgsl, ...fragments].map(shader),
        types: { T: dtypes[must(request.inputs[0], 'input').dtype].wgsl },
      },
      bindings: [
        ...Array.from({ length: inputs }, (_, input) => ({ input })),
        ...Array.from({ length: outputs }, (_, output) => ({ output })),
      ],
      params: { inner: request.attributes.inner, epsilon: request.attributes.epsilon },
    }),
  )
}

/** A row's mean and the population's variance, in two passes. */
function momentsOf(x: NumericArray, start: number, step: number, length: number) {
  let mean = 0
  for (let j = 0; j < length; j++) mean += at(x, start + j * step) / length
  let variance = 0
  for (let j = 0; j < length; j++) variance += (at(x, start + j * step) - mean) ** 2 / length
  return { mean, variance }
}

type Arguments = [x: Tensor, options?: StandardizeOptions]

const SAMPLES: Omit<Sample, 'call'>[] = [
  { inputs: [{ shape: [1], ...draw }] },
  { inputs: [{ shape: [67], ...draw }] },
  { inputs: [{ shape: [5, 67], ...draw }], options: { axis: 1 } },
  { inputs: [{ shape: [67, 3], ...draw }], options: { axis: 0, epsilon: 0.1 } },
  { inputs: [{ shape: [5, 3, 67], ...draw }], options: { axis: [0, 1] } },
  { inputs: [{ shape: [3, 5, 2], ...draw }], options: { axis: -2 } },
  { inputs: [{ shape: [3, 1500], ...draw }], options: { axis: 1 }, ...tooLarge },
  { inputs: [{ shape: [128, 1024], ...draw }], options: { axis: 0 }, benchmark: true, ...tooLarge },
  { inputs: [{ shape: [128, 1024], ...draw }], options: { axis: 1 }, benchmark: true, ...tooLarge },
]

/**
 * Differences from the mean are off by a few roundings of numbers up to 8, and the smallest deviation of samples divides
 * them: 16 roundings cover the sums, inverseSqrt is within 2 ULP.
 */
export const TOLERANCE = { relative: 16 * ULP, absolute: 16 * 8 * ULP }

/** The elements and the moments of the same rows. */
const bothKernel = kernelOf([standardizeWgsl, keepBothWgsl], 1, 3)

/**
 * Mean and variance (of the population) of x over neighbouring axes, [mean, variance], each a flat list of the rows'.
 */
export const moments: Op<Arguments, [mean: Tensor, variance: Tensor]> = defineOp<
  StandardizeAttributes,
  Arguments,
  [mean: Tensor, variance: Tensor]
>({
  name: 'moments',
  family: 'network',
  method: false,
  parse: (x, options) => parse('moments', x, options),
  infer: ([x], { outer, inner }) => {
    needs('moments', x as Spec, FLOATS)
    const spec = { shape: [outer * inner], dtype: (x as Spec).dtype }
    return [spec, spec]
  },
  reference: ([x], [means, variances], { attributes }) => {
    eachRow(attributes, (start, step, row) => {
      const { mean, variance } = momentsOf(must(x, 'input'), start, step, attributes.length)
      must(means, 'output')[row] = mean
      must(variances, 'output')[row] = variance
    })
  },
  kernel: kernelOf([standardizeWgsl, keepMomentsWgsl], 1, 2),
  gradient: ([input], [means], [gMean, gVariance], { axis, length }) => {
    // dx = (g_mean + 2·(x − mean)·g_variance) / length
    const x = input as Tensor
    const shape = x.shape.map((size, i) => (axis.includes(i) ? 1 : size))
    const [mean, g, gSpread] = [means, gMean, gVariance].map(row => reshape(row as Tensor, shape))
    const apart = add(x, neg(mean as Tensor))
    return [mul(add(mul(mul(apart, gSpread as Tensor), 2), g as Tensor), 1 / length)]
  },
  samples: SAMPLES,
  tolerance: () => TOLERANCE,
})

/**
 * x less its mean over neighbouring axes, over √(variance + epsilon); the shape is x's. Throws `dtype` unless x is a
 * float.
 */
export const standardize: Op<Arguments> = defineOp<StandardizeAttributes, Arguments>({
  name: 'standardize',
  family: 'network',
  method: false,
  parse: (x, options) => parse('standardize', x, options),
  infer: ([x]) => {
    needs('standardize', x as Spec, FLOATS)
    return x as Spec
  },
  reference: ([x], [out], { attributes }) => {
    const { length, epsilon } = attributes
    eachRow(attributes, (start, step) => {
      const { mean, variance } = momentsOf(must(x, 'input'), start, step, length)
      for (let k = start; k < start + length * step; k += step)
        must(out, 'output')[k] = (at(must(x, 'input'), k) - mean) / Math.sqrt(variance + epsilon)
    })
  },
  kernel: kernelOf([standardizeWgsl, keepElementsWgsl], 1, 1),
  joint: [
    {
      other: 'moments',
      matches: (self, other) => sameView(self.attributes, other.attributes),
      kernel: bothKernel as Kernel,
    },
  ],
  gradient: ([x], _outputs, [g], { axis, epsilon }) => [
    standardizeGradient(x as Tensor, g as Tensor, { axis, epsilon }),
  ],
  samples: SAMPLES,
  tolerance: () => TOLERANCE,
})

/**
 * Slope of `standardize` for g that came in for it: (g − mean g − y·mean(g·y)) / √(variance + epsilon), y the
 * standardized x. All are of x's shape.
 */
export const standardizeGradient: Op<[x: Tensor, g: Tensor, options?: StandardizeOptions]> = defineOp<
  StandardizeAttributes,
  [x: Tensor, g: Tensor, options?: StandardizeOptions]
>({
  name: 'standardizeGradient',
  family: 'network',
  method: false,
  parse: (x, g, options) => parse('standardizeGradient', x, options, [g]),
  infer: ([x, g]) => {
    needs('standardizeGradient', x as Spec, FLOATS)
    if (!sameShape((x as Spec).shape, (g as Spec).shape))
      fail('shape', 'standardizeGradient', `x is ${show((x as Spec).shape)}, g ${show((g as Spec).shape)}.`)
    return x as Spec
  },
  reference: (inputs, [out], { attributes }) => {
    const [x, g] = [must(inputs[0], 'x'), must(inputs[1], 'g')]
    const { length, epsilon } = attributes
    eachRow(attributes, (start, step) => {
      const { mean, variance } = momentsOf(x, start, step, length)
      const scale = 1 / Math.sqrt(variance + epsilon)
      let middle = 0
      let along = 0
      for (let k = start; k < start + length * step; k += step) {
        middle += at(g, k) / length
        along += (at(g, k) * (at(x, k) - mean) * scale) / length
      }
      for (let k = start; k < start + length * step; k += step)
        must(out, 'output')[k] = scale * (at(g, k) - middle - (at(x, k) - mean) * scale * along)
    })
  },
  kernel: kernelOf([gradientWgsl], 2, 1),
  gradient: ([xs, gs], [slopes], [hs], { axis, epsilon, length }) => {
    // The slope S(g) is linear in g, and symmetric: dg = S(h). With r = 1/√(variance + ε), y the standardized x:
    // dx = −r·(y·Σ(h·S(g))/length + mean(g·y)·S(h) + mean(h·y)·S(g)), since dr/dx = −r²·y/length and dy/dx is S.
    const [x, g, slope, h] = [xs, gs, slopes, hs] as [Tensor, Tensor, Tensor, Tensor]
    const kept = { axis, keepDims: true }
    const dg = standardizeGradient(x, h, { axis, epsilon })
    const y = standardize(x, { axis, epsilon })
    const r = rsqrt(add(varianceOf(x, kept), epsilon))
    const along = mul(y, mul(sum(mul(h, slope), kept), 1 / length))
    const rest = add(mul(meanOf(mul(g, y), kept), dg), mul(meanOf(mul(h, y), kept), slope))
    return [neg(mul(r, add(along, rest))), dg]
  },
  samples: SAMPLES.map(({ inputs, ...sample }) => ({
    ...sample,
    inputs: [...inputs, { shape: must(inputs[0], 'x').shape, ...draw }],
  })),
  // Three sums of products rather than one, each of numbers up to 9.
  tolerance: () => ({ relative: 3 * TOLERANCE.relative, absolute: 9 * TOLERANCE.absolute }),
})

const sameView = (one: object, other: object): boolean =>
  (['outer', 'length', 'inner'] as const).every(key => (one as RowView)[key] === (other as RowView)[key])
