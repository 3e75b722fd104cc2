// assign: overwrites a parameter with a tensor.
import { fail, show } from '../errors.ts'
import { defineOp, type Op } from '../op.ts'
import { sameShape, sizeOf } from '../shape.ts'
import { type Move, move, moveReference } from '../skeletons/move.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { draw, ulps } from './samples.ts'

const copyWhole = ([value]: readonly Spec[]): readonly Move[] => [
  {
    shape: [sizeOf((value as Spec).shape)],
    source: { offset: 0, strides: [1] },
    target: { offset: 0, strides: [1] },
  },
]

/** Overwrites a parameter with a tensor of its shape and dtype: `assign(value, parameter)`. */
export const assign: Op<[value: Tensor, parameter: Tensor], readonly []> = defineOp<
  object,
  [value: Tensor, parameter: Tensor],
  readonly []
>({
  name: 'assign',
  family: 'update',
  method: false,
  parse: (value, parameter) => ({ inputs: [value, parameter], attributes: {} }),
  infer: ([value, parameter]) => {
    const [from, to] = [value as Spec, parameter as Spec]
    if (!sameShape(from.shape, to.shape))
      fail(
        'shape',
        'assign',
        `the parameter is ${show(to.shape)}, the value ${show(from.shape)}.`,
        'They must be the same.',
      )
    return to
  },
  updates: [1],
  reference: moveReference(copyWhole),
  kernel: move(copyWhole),
  gradient: 'none',
  tolerance: ulps(0),
  samples: [[1], [67], [3, 5], [4, 8]].map(shape => ({
    inputs: [
      { shape, ...draw },
      { shape, ...draw },
    ],
  })),
})
