// The watch over a training: one flag that tells whether every loss and gradient so far was finite.
import finiteWgsl from '../../shaders/finite.wgsl?raw'
import watchWgsl from '../../shaders/watch.wgsl?raw'
import { dtypes, isFloat } from '../dtype.ts'
import { fail, must, show } from '../errors.ts'
import { type Kernel, shader, WORKGROUP_SIZE } from '../kernel.ts'
import { defineOp, type Op, type Sample } from '../op.ts'
import { at, sizeOf } from '../shape.ts'
import type { Tensor } from '../tensor.ts'
import { ulps } from './samples.ts'

type Arguments = [finite: Tensor, loss: Tensor, gradients: Tensor]

/** Gradients that one thread looks at, four at a time. */
const PER_THREAD = 16

/** The flag, the loss and the last gradient. */
const CASES: readonly (readonly [number, number, number])[] = [
  [1, 3e38, -3e38],
  [0, 0, 0],
  [1, Number.NaN, 0],
  [1, 0, Number.NaN],
  [1, 0, Number.POSITIVE_INFINITY],
  [1, Number.NEGATIVE_INFINITY, 0],
]

/** The kernel that looks at the loss, and at the gradients unless their makers do. */
function finiteKernel({ looksAtGradients }: { looksAtGradients: boolean }): Kernel {
  return {
    variants: ['element'],
    program: ({ inputs }) => {
      const [loss, gradients] = [must(inputs[1], 'loss'), must(inputs[2], 'gradients')]
      const size = looksAtGradients ? sizeOf(gradients.shape) : 0
      const workgroups = Math.max(1, Math.ceil(size / PER_THREAD / WORKGROUP_SIZE))
      return {
        dispatches: [
          {
            source: {
              skeleton: shader(finiteWgsl),
              fragments: [shader(watchWgsl)],
              types: { L: dtypes[loss.dtype].wgsl, T: dtypes[gradients.dtype].wgsl },
            },
            overrides: { WORKGROUP_SIZE },
            bindings: [{ output: 0 }, { input: 1 }, { input: 2 }],
            params: { size, threads: workgroups * WORKGROUP_SIZE },
            workgroups,
          },
        ],
      }
    },
  }
}

/** Makes a flag, a bool scalar, false where the loss or a gradient is not finite; else it stays what it was. */
export const finiteUpdate: Op<Arguments, readonly []> = defineOp<object, Arguments, readonly []>({
  name: 'finiteUpdate',
  family: 'update',
  method: false,
  mixed: true,
  parse: (finite, loss, gradients) => ({ inputs: [finite, loss, gradients], attributes: {} }),
  infer: inputs => {
    const [finite, loss, gradients] = inputs.map(({ dtype, shape }) => ({ dtype, size: sizeOf(shape) }))
    const fits = finite?.dtype === 'bool' && finite.size === 1 && loss?.size === 1
    if (!fits || !isFloat(loss.dtype) || !gradients || !isFloat(gradients.dtype)) {
      const found = inputs.map(({ dtype, shape }) => `${dtype} ${show(shape)}`).join(', ')
      fail('shape', 'finiteUpdate', `the operands are ${found}; they must be one bool, one float and floats.`)
    }
    return must(inputs[0], 'flag')
  },
  updates: [0],
  reference: (inputs, outputs) => {
    const [flag, ...others] = inputs
    let finite = at(must(flag, 'flag'), 0)
    for (const numbers of others)
      for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) finite = 0
    must(outputs[0], 'output')[0] = finite
  },
  kernel: finiteKernel({ looksAtGradients: true }),
  watch: { flag: 0, numbers: 2, kernel: finiteKernel({ looksAtGradients: false }), substitute: 1 },
  gradient: 'none',
  tolerance: ulps(0),
  samples: [[1], [67], [60, 50]].flatMap(shape =>
    CASES.map(
      ([flag, loss, last]): Sample<Arguments> => ({
        inputs: [
          { shape: [], dtype: 'bool', values: [flag] },
          { shape: [], values: [loss] },
          { shape, values: [...new Array<number>(sizeOf(shape) - 1).fill(3e38), last] },
        ],
        gradient: false,
        note: 'updates have no gradient',
      }),
    ),
  ),
})
