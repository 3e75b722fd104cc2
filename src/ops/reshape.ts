// Ops that give a tensor another shape: reshaped, with axes of length 1 put in or left out, or broadcast; and detach, which changes nothing.
import { fail, show } from '../errors.ts'
import { type Call, defineComposite, defineOp, type Op, type Sample } from '../op.ts'
import { axis, optionalAxis, parseOptions } from '../options.ts'
import { broadcastShapes, broadcastStrides, checkShape, type Shape, sameShape, sizeOf } from '../shape.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { axisSamples, inOrder, movedFrom } from './movement_entry.ts'
import { draw, ulps } from './samples.ts'
import { checkTensor, oneTensor, refuseExtra, type Unary, type WithOptions } from './signature.ts'

interface ShapeAttributes {
  readonly shape: Shape
}

/** Parses `(x, shape)`. */
function tensorAndShape(where: string, resolve: (x: Tensor, shape: unknown) => Shape) {
  return (...args: [x: Tensor, shape: Shape]): Call<ShapeAttributes> => {
    refuseExtra(where, args, 2)
    checkTensor(where, args[0])
    return { inputs: [args[0]], attributes: { shape: resolve(args[0], args[1]) } }
  }
}

/** The shape asked for, with its one −1 worked out. */
function resolveShape(x: Tensor, shape: unknown): Shape {
  const asked = Array.isArray(shape) ? shape : [shape]
  const unknown = asked.indexOf(-1)
  const known = checkShape('reshape', unknown < 0 ? asked : asked.toSpliced(unknown, 1, 1))
  const rest = sizeOf(known)
  const resolved =
    unknown < 0 ? known : known.toSpliced(unknown, 1, rest === 0 ? 0 : Math.floor(x.size / rest))
  if (sizeOf(resolved) !== x.size) {
    fail(
      'shape',
      'reshape',
      `x is ${show(x.shape)} with ${x.size} elements; ${show(asked)} does not hold as many.`,
      'Sizes must multiply to the same number; one may be -1.',
    )
  }
  return resolved
}

/** Everything, in order. */
const whole = movedFrom<object>((_x, output) => ({ source: inOrder(output) }))

/** Samples of one tensor and the shape it is given. */
const shapeSamples = (pairs: readonly (readonly Shape[])[]): Sample<[Tensor, Shape]>[] =>
  pairs.map(([from = [], to = []]) => ({
    inputs: [{ shape: from, ...draw }],
    call: x => [x as Tensor, to],
  }))

/** The same numbers, row by row, under another shape; one size may be −1. Nothing is copied. */
export const reshape: Op<[x: Tensor, shape: Shape]> = defineOp<ShapeAttributes, [x: Tensor, shape: Shape]>({
  name: 'reshape',
  ...whole,
  alias: true,
  parse: tensorAndShape('reshape', resolveShape),
  infer: ([x], { shape }) => ({ shape, dtype: (x as Spec).dtype }),
  gradient: ([x], _outputs, [g]) => [reshape(g as Tensor, (x as Tensor).shape)],
  samples: shapeSamples([
    [[1], []],
    [[67], [67, 1]],
    [
      [3, 4],
      [2, -1],
    ],
    [[2, 3, 4], [24]],
    [
      [0, 3],
      [3, 0],
    ],
  ]),
})

/** x with axes of length 1 put in at `axis` of the result. */
export const expandDims: WithOptions<{ axis?: number }> = defineComposite<
  [x: Tensor, options?: { axis?: number }]
>({
  name: 'expandDims',
  family: 'movement',
  compose: (x, options = {}) => {
    checkTensor('expandDims', x)
    const { axis: place } = parseOptions('expandDims', options, { axis: axis(0) }, x.rank + 1)
    return reshape(x, x.shape.toSpliced(place, 0, 1))
  },
  tolerance: ulps(0),
  samples: axisSamples([
    [[1], 0],
    [[67], 1],
    [[3, 5], -1],
    [[], 0],
  ]),
})

/** x without `axis`, which must have length 1, or without every such axis. */
export const squeeze: WithOptions<{ axis?: number }> = defineComposite<
  [x: Tensor, options?: { axis?: number }]
>({
  name: 'squeeze',
  family: 'movement',
  compose: (x, options = {}) => {
    checkTensor('squeeze', x)
    const { axis: place } = parseOptions('squeeze', options, { axis: optionalAxis }, x.rank)
    if (place === undefined) {
      return reshape(
        x,
        x.shape.filter(length => length !== 1),
      )
    }
    if (x.shape[place] !== 1)
      fail('shape', 'squeeze', `axis ${place} of ${show(x.shape)} has length ${x.shape[place]}, not 1.`)
    return reshape(x, x.shape.toSpliced(place, 1))
  },
  tolerance: ulps(0),
  samples: [
    { inputs: [{ shape: [1], ...draw }] },
    { inputs: [{ shape: [1, 67], ...draw }] },
    { inputs: [{ shape: [3, 1, 5], ...draw }], options: { axis: -2 } },
  ],
})

/** The same value; gradients do not flow through it. */
export const detach: Unary = defineOp<object, [x: Tensor]>({
  name: 'detach',
  ...whole,
  alias: true,
  parse: oneTensor('detach'),
  infer: ([x]) => x as Spec,
  gradient: 'none',
  samples: [[1], [67], [3, 5]].map(shape => ({ inputs: [{ shape, ...draw }] })),
})

/** x repeated along new axes and axes of length 1 until it has `shape`. */
export const broadcastTo: Op<[x: Tensor, shape: Shape]> = defineOp<
  ShapeAttributes,
  [x: Tensor, shape: Shape]
>({
  name: 'broadcastTo',
  ...movedFrom<ShapeAttributes>((x, output) => ({
    source: { offset: 0, strides: broadcastStrides(x, output) },
  })),
  broadcasts: true,
  parse: tensorAndShape('broadcastTo', (x, shape) => {
    const target = checkShape('broadcastTo', shape)
    const result = target.length < x.rank ? [] : broadcastShapes('broadcastTo', x.shape, target)
    if (!sameShape(result, target))
      fail(
        'shape',
        'broadcastTo',
        `x is ${show(x.shape)}, which does not broadcast to ${show(target)}.`,
        'Axes of x must be equal or 1, aligned at the last axis.',
      )
    return target
  }),
  infer: ([x], { shape }) => ({ shape, dtype: (x as Spec).dtype }),
  // The gradient is summed back where broadcasting is undone, in grad.
  gradient: (_inputs, _outputs, [g]) => [g as Tensor],
  samples: shapeSamples([
    [[], [1]],
    [[1], [67]],
    [[3], [2, 3]],
    [
      [2, 1, 3],
      [2, 4, 3],
    ],
    [
      [1, 3],
      [0, 3],
    ],
  ]),
})
