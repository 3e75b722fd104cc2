// Normalisation: features to mean 0 and variance 1 over a batch, or each row over its features.
import { fail, show } from '../errors.ts'
import { defineComposite, type Op, type Sample } from '../op.ts'
import { axis, boolean, parseOptions } from '../options.ts'
import { at, sameShape } from '../shape.ts'
import type { Tensor } from '../tensor.ts'
import { add, mul, rsqrt, sub } from './elementwise.ts'
import { reshape } from './reshape.ts'
import { draw, tooLarge } from './samples.ts'
import { checkTensor, refuseExtra } from './signature.ts'
import { batchAxes, EPSILON, standardize, TOLERANCE } from './standardize.ts'

/** A tensor of `length` numbers, one for each feature, or nothing. Throws `value` and `shape`. */
const features =
  (length: number) =>
  (value: unknown, { where, name }: { where: string; name: string }): Tensor | undefined => {
    if (value === undefined) return undefined
    checkTensor(where, value, name)
    if (!sameShape(value.shape, [length]))
      fail('shape', where, `${name} is ${show(value.shape)}; it must be [${length}].`)
    return value
  }

/** Times scale, plus offset. */
function affine(unit: Tensor, scale: Tensor | undefined, offset: Tensor | undefined): Tensor {
  const scaled = scale ? mul(unit, scale) : unit
  return offset ? add(scaled, offset) : scaled
}

/** Options of the op `batchNorm`. */
export interface BatchNormOptions {
  /** γ and β, [features] each. Default 1 and 0. */
  scale?: Tensor
  offset?: Tensor
  /** Statistics to normalise by when not training, [features] each. */
  mean?: Tensor
  variance?: Tensor
  /** Added to the variance. Default 1e-5. */
  epsilon?: number
  /** Normalise by the mean and variance of the batch itself. Default false. */
  training?: boolean
}

const positive = { low: 0.5, high: 2 }

/** x with a scale and an offset for each place along the axis. */
function scaled<O extends { axis?: number; training?: boolean }>(
  shape: readonly number[],
  options: O,
): Sample<[Tensor, O & { scale: Tensor; offset: Tensor }]> {
  const each = { shape: [at(shape, options.axis ?? shape.length - 1)] }
  return {
    inputs: [
      { shape, ...draw },
      { ...each, ...positive },
      { ...each, ...draw },
    ],
    call: (x, scale, offset) => [
      x as Tensor,
      { ...options, scale: scale as Tensor, offset: offset as Tensor },
    ],
  }
}

/**
 * Batch normalisation (Ioffe and Szegedy 2015) of x [..., features]: each feature less its mean, divided by
 * √(variance + epsilon), times scale, plus offset. In training, mean and variance are those of the batch (all axes but
 * the last); else the ones given. Throws `option` when not training without them.
 */
export const batchNorm: Op<[x: Tensor, options?: BatchNormOptions]> = defineComposite<
  [x: Tensor, options?: BatchNormOptions]
>({
  name: 'batchNorm',
  family: 'network',
  compose: (...args) => {
    refuseExtra('batchNorm', args, 2)
    const [x, options = {}] = args
    checkTensor('batchNorm', x)
    const length = x.shape.at(-1)
    if (length === undefined || x.rank < 2)
      fail('shape', 'batchNorm', `x is ${show(x.shape)}; it must be [batch, features].`)
    const each = features(length)
    const schema = {
      scale: each,
      offset: each,
      mean: each,
      variance: each,
      epsilon: EPSILON,
      training: boolean(false),
    }
    const { scale, offset, mean, variance, epsilon, training } = parseOptions(
      'batchNorm',
      options,
      schema,
      x.rank,
    )
    if (training) return affine(standardize(x, { axis: batchAxes(x), epsilon }), scale, offset)
    if (!mean || !variance) {
      fail(
        'option',
        'batchNorm',
        'mean and variance are needed when not training.',
        'Pass both, or { training: true }.',
      )
    }
    return affine(mul(sub(x, mean), rsqrt(add(variance, epsilon))), scale, offset)
  },
  samples: [
    scaled([1, 1], { training: true }),
    scaled([4, 67], { training: true }),
    scaled([67, 3], { training: true }),
    scaled([3, 4, 5], { training: true }),
    inference([1, 1]),
    inference([67, 3]),
    inference([2, 3, 4]),
    inference([0, 3]),
    { ...scaled([128, 1024], { training: true }), benchmark: true, ...tooLarge },
  ],
  tolerance: () => TOLERANCE,
})

function inference(shape: readonly number[]): Sample<[Tensor, BatchNormOptions?]> {
  const each = { shape: shape.slice(-1) }
  return {
    inputs: [
      { shape, ...draw },
      { ...each, ...draw },
      { ...each, ...positive },
      { ...each, ...positive },
    ],
    call: (x, mean, variance, scale) => [
      x as Tensor,
      { mean: mean as Tensor, variance: variance as Tensor, scale: scale as Tensor },
    ],
  }
}

/** Options of the op `layerNorm`. */
export interface LayerNormOptions {
  /** γ and β, one number for each place along the axis. Default 1 and 0. */
  scale?: Tensor
  offset?: Tensor
  /** Added to the variance. Default 1e-5. */
  epsilon?: number
  /** The axis that is normalised. Default −1. */
  axis?: number
}

/**
 * Layer normalisation (Ba et al. 2016): each row of x along an axis less its mean, divided by √(variance + epsilon),
 * times scale, plus offset. The shape is x's.
 */
export const layerNorm: Op<[x: Tensor, options?: LayerNormOptions]> = defineComposite<
  [x: Tensor, options?: LayerNormOptions]
>({
  name: 'layerNorm',
  family: 'network',
  compose: (...args) => {
    refuseExtra('layerNorm', args, 2)
    const [x, options = {}] = args
    checkTensor('layerNorm', x)
    const place = axis(-1)((options as LayerNormOptions).axis, {
      where: 'layerNorm',
      name: 'axis',
      rank: x.rank,
    })
    const each = features(at(x.shape, place))
    const schema = { scale: each, offset: each, epsilon: EPSILON, axis: axis(-1) }
    const { scale, offset, epsilon } = parseOptions('layerNorm', options, schema, x.rank)
    // One number for each place along the axis, whatever axes follow it.
    const along = (value: Tensor | undefined): Tensor | undefined =>
      value && place < x.rank - 1
        ? reshape(value, [value.size, ...x.shape.slice(place + 1).map(() => 1)])
        : value
    return affine(standardize(x, { axis: place, epsilon }), along(scale), along(offset))
  },
  samples: [
    scaled([1], {}),
    scaled([67], {}),
    scaled([5, 67], {}),
    scaled([3, 4, 5], { axis: 1 }),
    scaled([0, 3], {}),
    { inputs: [{ shape: [4, 5], ...draw }], options: { epsilon: 0.1 } },
    { ...scaled([128, 1024], {}), benchmark: true, ...tooLarge },
  ],
  tolerance: () => TOLERANCE,
})
