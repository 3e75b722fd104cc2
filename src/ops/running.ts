// The update of running statistics: exponential averages of what batches have shown.
import runningWgsl from '../../shaders/running.wgsl?raw'
import { dtypes, type NumericArray } from '../dtype.ts'
import { fail, must, show } from '../errors.ts'
import { shader, WORKGROUP_SIZE } from '../kernel.ts'
import { defineOp, type Op, type Sample } from '../op.ts'
import { at, sameShape, sizeOf } from '../shape.ts'
import type { Tensor } from '../tensor.ts'
import { ULP } from './samples.ts'

export interface RunningAttributes {
  /** Share of the batch in the next averages. */
  readonly momentum: number
  /** What the batch's variances are multiplied by. */
  readonly correction: number
}

type Arguments = [
  mean: Tensor,
  variance: Tensor,
  batchMean: Tensor,
  batchVariance: Tensor,
  attributes: RunningAttributes,
]

/** Overwrites running means and variances: (1 − momentum) of the old, and momentum of the batch's. What is not finite is left out. */
export const runningUpdate: Op<Arguments, readonly []> = defineOp<RunningAttributes, Arguments, readonly []>({
  name: 'runningUpdate',
  family: 'update',
  method: false,
  parse: (mean, variance, batchMean, batchVariance, attributes) => ({
    inputs: [mean, variance, batchMean, batchVariance],
    attributes,
  }),
  infer: inputs => {
    const mean = must(inputs[0], 'mean')
    if (!inputs.every(({ shape }) => sameShape(shape, mean.shape)))
      fail('shape', 'runningUpdate', `the operands are ${inputs.map(({ shape }) => show(shape)).join(', ')}.`)
    return [mean, must(inputs[1], 'variance')]
  },
  updates: [0, 1],
  reference: (inputs, outputs, { attributes: { momentum, correction } }) => {
    for (const [k, factor] of [1, correction].entries()) {
      const [old, batch] = [must(inputs[k], 'average'), must(inputs[k + 2], 'batch')]
      const next: NumericArray = must(outputs[k], 'output')
      for (let i = 0; i < old.length; i++) {
        const average = (1 - momentum) * at(old, i) + momentum * factor * at(batch, i)
        next[i] = Number.isFinite(average) ? average : at(old, i)
      }
    }
  },
  kernel: {
    variants: ['element'],
    program: ({ inputs, attributes: { momentum, correction } }) => {
      const mean = must(inputs[0], 'mean')
      const size = sizeOf(mean.shape)
      return {
        dispatches: [
          {
            source: { skeleton: shader(runningWgsl), types: { T: dtypes[mean.dtype].wgsl } },
            overrides: { WORKGROUP_SIZE },
            bindings: [{ output: 0 }, { output: 1 }, { input: 2 }, { input: 3 }],
            params: { size, keep: 1 - momentum, meanShare: momentum, varianceShare: momentum * correction },
            workgroups: Math.ceil(size / WORKGROUP_SIZE),
          },
        ],
      }
    },
  },
  gradient: 'none',
  // Two products and a sum of numbers up to 3.
  tolerance: () => ({ relative: 4 * ULP, absolute: 8 * ULP }),
  samples: [[1], [67], [3, 5]].flatMap(shape =>
    [
      { momentum: 0.1, correction: 32 / 31 },
      { momentum: 1, correction: 1 },
      { momentum: 0, correction: 2 },
    ].map(
      (options): Sample<Arguments> => ({
        inputs: [
          ...[-3, 0, -3].map(low => ({ shape, low, high: 3 })),
          { shape, values: [0.5, 2, Number.NaN, 1, Number.POSITIVE_INFINITY, 3] },
        ],
        options,
        gradient: false,
        note: 'updates have no gradient',
      }),
    ),
  ),
})
