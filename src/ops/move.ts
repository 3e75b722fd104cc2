// Movement ops: the same numbers under another shape, order or extent.
import { fail, show } from '../errors.ts'
import { type Call, defineComposite, defineOp, type Op, type Sample } from '../op.ts'
import { axis, number, optionalAxis, parseOptions } from '../options.ts'
import {
  at,
  broadcastShapes,
  broadcastStrides,
  checkShape,
  normalizeAxis,
  type Shape,
  sameShape,
  sizeOf,
  stridesOf,
} from '../shape.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { type Moves, moved } from './entries.ts'
import { ulps } from './samples.ts'
import {
  checkTensor,
  oneTensor,
  refuseExtra,
  tensorAndOptions,
  type Unary,
  type WithOptions,
} from './signature.ts'

/** The move of everything, in order. */
const whole: Moves<object> = ([x]) => [
  {
    shape: [sizeOf((x as Spec).shape)],
    source: { offset: 0, strides: [1] },
    target: { offset: 0, strides: [1] },
  },
]

export interface ShapeAttributes {
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

const draw = { low: -3, high: 3 }

/** The same numbers, row by row, under another shape; one size may be −1. Nothing is copied. */
export const reshape: Op<[x: Tensor, shape: Shape]> = defineOp<ShapeAttributes, [x: Tensor, shape: Shape]>({
  name: 'reshape',
  ...moved<ShapeAttributes>(whole),
  alias: true,
  parse: tensorAndShape('reshape', resolveShape),
  infer: ([x], { shape }) => ({ shape, dtype: (x as Spec).dtype }),
  gradient: ([x], _outputs, [g]) => [reshape(g as Tensor, (x as Tensor).shape)],
  samples: [
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
  ].map(
    ([from = [], to = []]): Sample<[Tensor, Shape]> => ({
      inputs: [{ shape: from, ...draw }],
      call: x => [x as Tensor, to],
    }),
  ),
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
  samples: [
    [[1], 0],
    [[67], 1],
    [[3, 5], -1],
    [[], 0],
  ].map(([shape, axis]) => ({ inputs: [{ shape: shape as number[], ...draw }], options: { axis } })),
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
  ...moved<object>(whole),
  alias: true,
  parse: oneTensor('detach'),
  infer: ([x]) => x as Spec,
  gradient: 'none',
  samples: [[1], [67], [3, 5]].map(shape => ({ inputs: [{ shape, ...draw }] })),
})

const broadcastMoves: Moves<ShapeAttributes> = ([x], output) => [
  {
    shape: output.shape,
    source: { offset: 0, strides: broadcastStrides((x as Spec).shape, output.shape) },
    target: { offset: 0, strides: stridesOf(output.shape) },
  },
]

/** x repeated along new axes and axes of length 1 until it has `shape`. */
export const broadcastTo: Op<[x: Tensor, shape: Shape]> = defineOp<
  ShapeAttributes,
  [x: Tensor, shape: Shape]
>({
  name: 'broadcastTo',
  ...moved(broadcastMoves),
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
  samples: [
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
  ].map(
    ([from = [], to = []]): Sample<[Tensor, Shape]> => ({
      inputs: [{ shape: from, ...draw }],
      call: x => [x as Tensor, to],
    }),
  ),
})

export interface PermutationAttributes {
  readonly permutation: readonly number[]
}

const transposeMoves: Moves<PermutationAttributes> = ([x], output, { permutation }) => {
  const strides = stridesOf((x as Spec).shape)
  return [
    {
      shape: output.shape,
      source: { offset: 0, strides: permutation.map(axis => at(strides, axis)) },
      target: { offset: 0, strides: stridesOf(output.shape) },
    },
  ]
}

/** x with its axes in another order: reversed, or as `permutation` lists them. */
export const transpose: WithOptions<{ permutation?: readonly number[] }> = defineOp<
  PermutationAttributes,
  [x: Tensor, options?: { permutation?: readonly number[] }]
>({
  name: 'transpose',
  ...moved(transposeMoves),
  parse: tensorAndOptions('transpose', { permutation }),
  infer: ([x], { permutation }) => ({
    shape: permutation.map(axis => at((x as Spec).shape, axis)),
    dtype: (x as Spec).dtype,
  }),
  gradient: (_inputs, _outputs, [g], { permutation }) => [
    transpose(g as Tensor, { permutation: permutation.map((_, axis) => permutation.indexOf(axis)) }),
  ],
  samples: [
    { inputs: [{ shape: [1], ...draw }] },
    { inputs: [{ shape: [67, 3], ...draw }] },
    { inputs: [{ shape: [2, 3, 4], ...draw }], options: { permutation: [2, 0, 1] } },
    { inputs: [{ shape: [2, 3, 4], ...draw }], options: { permutation: [0, -1, 1] } },
    { inputs: [{ shape: [0, 3], ...draw }] },
    {
      inputs: [{ shape: [1024, 1024], ...draw }],
      benchmark: true,
      gradient: false,
      note: 'too large for finite differences',
    },
  ],
})

function permutation(value: unknown, { where, rank }: { where: string; rank: number }): readonly number[] {
  if (value === undefined) return Array.from({ length: rank }, (_, axis) => rank - 1 - axis)
  if (!Array.isArray(value)) fail('axis', where, `permutation must be a list of axes, not ${show(value)}.`)
  const list = value.map(axis => normalizeAxis(where, axis, rank))
  if (list.length !== rank || new Set(list).size !== rank) {
    fail('axis', where, `permutation ${show(value)} does not name each of ${rank} axes once.`)
  }
  return list
}

export interface SliceAttributes {
  readonly start: readonly number[]
  readonly end: readonly number[]
}

const sliceMoves: Moves<SliceAttributes> = ([x], output, { start }) => {
  const strides = stridesOf((x as Spec).shape)
  return [
    {
      shape: output.shape,
      source: { offset: start.reduce((sum, from, axis) => sum + from * at(strides, axis), 0), strides },
      target: { offset: 0, strides: stridesOf(output.shape) },
    },
  ]
}

/** The part of x from `start` up to, not including, `end`, a number for each axis; negative ones count from the end, axes not named are whole. */
export const slice: Op<[x: Tensor, options: { start?: readonly number[]; end?: readonly number[] }]> =
  defineOp<SliceAttributes, [x: Tensor, options: { start?: readonly number[]; end?: readonly number[] }]>({
    name: 'slice',
    ...moved(sliceMoves),
    parse: (x, options) => {
      checkTensor('slice', x)
      const bound = (which: 'start' | 'end') => (value: unknown) => sliceBound(x.shape, which, value)
      const attributes = parseOptions('slice', options, { start: bound('start'), end: bound('end') }, x.rank)
      attributes.start.forEach((from, axis) => {
        if (from > at(attributes.end, axis))
          fail(
            'value',
            'slice',
            `start ${from} is behind end ${attributes.end[axis]} at axis ${axis} of ${show(x.shape)}.`,
          )
      })
      return { inputs: [x], attributes }
    },
    infer: ([x], { start, end }) => ({
      shape: start.map((from, axis) => at(end, axis) - from),
      dtype: (x as Spec).dtype,
    }),
    gradient: ([x], _outputs, [g], { start, end }) => [
      pad(g as Tensor, { before: start, after: end.map((to, axis) => at((x as Tensor).shape, axis) - to) }),
    ],
    samples: (
      [
        [[1], { start: [0] }],
        [[67], { start: [3], end: [-2] }],
        [[6, 8], { start: [2, 4], end: [5, 8] }],
        [[4, 5], { start: [1, 2], end: [3, 4] }],
        [[2, 3, 4], { start: [0, -2] }],
        [[4, 5], { start: [2], end: [2] }],
      ] as const
    ).map(([shape, options]) => ({ inputs: [{ shape, ...draw }], options })),
  })

function sliceBound(shape: Shape, which: 'start' | 'end', value: unknown): readonly number[] {
  const given = value === undefined ? [] : value
  if (!Array.isArray(given) || given.length > shape.length) {
    fail('value', 'slice', `${which} must list at most ${shape.length} numbers, not ${show(value)}.`)
  }
  return shape.map((length, axis) => {
    const bound = given[axis] ?? (which === 'start' ? 0 : length)
    if (!Number.isInteger(bound) || bound < -length || bound > length) {
      fail('value', 'slice', `${which} ${show(bound)} at axis ${axis} is outside ${show(shape)}.`)
    }
    return bound < 0 ? bound + length : bound
  })
}

export interface PadAttributes {
  readonly before: readonly number[]
  readonly after: readonly number[]
}

/** Options of `pad`. */
export interface PadOptions {
  before?: readonly number[]
  after?: readonly number[]
  value?: number
}

const padMoves: Moves<PadAttributes> = ([x], output, { before }) => [
  {
    shape: output.shape,
    source: { offset: 0, strides: stridesOf((x as Spec).shape) },
    target: { offset: 0, strides: stridesOf(output.shape) },
    bounds: { before, extent: (x as Spec).shape },
  },
]

/** x with `before` and `after` elements of `value` added along each axis. */
export const pad: Op<[x: Tensor, options: PadOptions]> = defineOp<
  PadAttributes,
  [x: Tensor, options: PadOptions]
>({
  name: 'pad',
  ...moved(padMoves),
  parse: (x, options) => {
    checkTensor('pad', x)
    const side = (value: unknown, { name }: { name: string }) => padding(x.shape, name, value)
    const { before, after, value } = parseOptions(
      'pad',
      options,
      { before: side, after: side, value: number(0) },
      x.rank,
    )
    return { inputs: [x, value], attributes: { before, after } }
  },
  infer: ([x], { before, after }) => ({
    shape: (x as Spec).shape.map((length, axis) => at(before, axis) + length + at(after, axis)),
    dtype: (x as Spec).dtype,
  }),
  gradient: ([x], _outputs, [g], { before }) => [
    slice(g as Tensor, {
      start: before,
      end: before.map((from, axis) => from + at((x as Tensor).shape, axis)),
    }),
    null,
  ],
  samples: (
    [
      [[1], { before: [1] }],
      [[67], { after: [5], value: 2 }],
      [[3, 4], { before: [1, 0], after: [2, 3], value: -1 }],
      [[2, 0], { before: [0, 1], after: [1, 1] }],
    ] as const
  ).map(([shape, options]) => ({ inputs: [{ shape, ...draw }], options })),
})

function padding(shape: Shape, which: string, value: unknown): readonly number[] {
  const given = value === undefined ? [] : value
  if (!Array.isArray(given) || given.length > shape.length)
    fail('value', 'pad', `${which} must list at most ${shape.length} numbers, not ${show(value)}.`)
  return shape.map((_, axis) => {
    const count = given[axis] ?? 0
    if (!Number.isInteger(count) || count < 0)
      fail('value', 'pad', `${which} ${show(count)} at axis ${axis} is not a count.`)
    return count
  })
}

export interface AxisAttributes {
  readonly axis: number
}

const flipMoves: Moves<AxisAttributes> = ([x], output, { axis }) => {
  const strides = stridesOf((x as Spec).shape)
  const step = at(strides, axis)
  const last = Math.max(at(output.shape, axis) - 1, 0)
  return [
    {
      shape: output.shape,
      source: { offset: last * step, strides: strides.with(axis, -step) },
      target: { offset: 0, strides: stridesOf(output.shape) },
    },
  ]
}

/** x in reverse order along an axis. */
export const flip: WithOptions<{ axis?: number }> = defineOp<
  AxisAttributes,
  [x: Tensor, options?: { axis?: number }]
>({
  name: 'flip',
  ...moved(flipMoves),
  parse: tensorAndOptions('flip', { axis: axis(0) }),
  infer: ([x]) => x as Spec,
  gradient: (_inputs, _outputs, [g], options) => [flip(g as Tensor, options)],
  samples: [
    [[1], 0],
    [[67], 0],
    [[3, 4], -1],
    [[2, 3, 4], 1],
    [[0, 2], 0],
  ].map(([shape, axis]) => ({ inputs: [{ shape: shape as number[], ...draw }], options: { axis } })),
})
