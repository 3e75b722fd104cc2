// The update of loss scales: what they are after a step with finite gradients, or with others.
import lossScaleWgsl from '../../shaders/loss_scale.wgsl?raw'
import type { NumericArray } from '../dtype.ts'
import { fail, must, show } from '../errors.ts'
import { shader, WORKGROUP_SIZE } from '../kernel.ts'
import { defineOp, type Op, type Sample } from '../op.ts'
import { at, sameShape, sizeOf } from '../shape.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { ulps } from './samples.ts'

export interface LossScaleAttributes {
  /** Steps in a row with finite gradients after which the scale grows. */
  readonly growthInterval: number
  readonly growthFactor: number
  readonly backoffFactor: number
}

/** The least scale: the smallest normal float32. */
export const LEAST = 2 ** -126

/** The largest scale that may grow: a little below what its factor takes to 2¹²⁸, so that float32's rounding cannot. */
const mostFor = (growthFactor: number): number => (2 ** 128 / growthFactor) * (1 - 2 ** -22)

/**
 * The next loss scale and the number of steps in a row with finite gradients, element by element: `lossScaleUpdate(scale,
 * streak, finite, attributes)`. The scale stays a normal float32 whatever happens.
 */
export const lossScaleUpdate: Op<
  [scale: Tensor, streak: Tensor, finite: Tensor, attributes: LossScaleAttributes],
  readonly []
> = defineOp<
  LossScaleAttributes,
  [scale: Tensor, streak: Tensor, finite: Tensor, attributes: LossScaleAttributes],
  readonly []
>({
  name: 'lossScaleUpdate',
  family: 'update',
  method: false,
  parse: (scale, streak, finite, attributes) => ({ inputs: [scale, streak, finite], attributes }),
  infer: inputs => {
    const [scale, streak, finite] = inputs as [Spec, Spec, Spec]
    const found = inputs.map(({ shape, dtype }) => `${dtype} ${show(shape)}`).join(', ')
    if (!inputs.every(({ shape }) => sameShape(shape, scale.shape)))
      fail('shape', 'lossScaleUpdate', `the operands are ${found}; they must be of one shape.`)
    if (scale.dtype !== 'float32' || streak.dtype !== 'uint32' || finite.dtype !== 'bool')
      fail('dtype', 'lossScaleUpdate', `the operands are ${found}; they must be float32, uint32 and bool.`)
    return [scale, streak]
  },
  mixed: true,
  updates: [0, 1],
  reference: (inputs, outputs, { attributes }) => {
    const [old, run, finite] = inputs as [NumericArray, NumericArray, NumericArray]
    const [scale, streak] = outputs as [NumericArray, NumericArray]
    const { growthInterval, growthFactor, backoffFactor } = attributes
    for (let i = 0; i < old.length; i++) {
      const [before, steps] = [at(old, i), at(run, i) + 1]
      const backsOff = at(finite, i) === 0
      const grows = !backsOff && steps >= growthInterval && before <= mostFor(growthFactor)
      scale[i] = backsOff ? Math.max(before * backoffFactor, LEAST) : grows ? before * growthFactor : before
      streak[i] = backsOff || steps >= growthInterval ? 0 : steps
    }
  },
  kernel: {
    variants: ['element'],
    program: ({ inputs, attributes }) => {
      const size = sizeOf(must(inputs[0], 'scale').shape)
      return {
        dispatches: [
          {
            source: { skeleton: shader(lossScaleWgsl), types: {} },
            overrides: { WORKGROUP_SIZE },
            bindings: [{ output: 0 }, { output: 1 }, { input: 2 }],
            params: {
              size,
              interval: attributes.growthInterval,
              growth: attributes.growthFactor,
              backoff: attributes.backoffFactor,
              most: mostFor(attributes.growthFactor),
            },
            workgroups: Math.ceil(size / WORKGROUP_SIZE),
          },
        ],
      }
    },
  },
  gradient: 'none',
  // The factor and the product are each rounded once.
  tolerance: ulps(2),
  samples: [[], [67], [3, 5]].flatMap(shape =>
    [
      { growthInterval: 5, growthFactor: 2, backoffFactor: 0.5 },
      { growthInterval: 1, growthFactor: 1.1, backoffFactor: 0.3 },
    ].map(
      (options): Sample<[Tensor, Tensor, Tensor, LossScaleAttributes]> => ({
        inputs: [
          { shape, dtype: 'float32', values: [65536, 2 ** -126, 1.9 * 2 ** 127, 3, 1.5 * 2 ** 126] },
          { shape, dtype: 'uint32', values: [4, 0, 3] },
          { shape, dtype: 'bool', values: [1, 1, 1, 0] },
        ],
        options,
        gradient: false,
        note: 'updates have no gradient',
      }),
    ),
  ),
})
