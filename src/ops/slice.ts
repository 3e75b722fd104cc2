// Ops that give a tensor another extent: a part of it, or itself with a margin. Each is the gradient of the other.
import { fail, show } from '../errors.ts'
import { defineOp, type Op } from '../op.ts'
import { number, parseOptions } from '../options.ts'
import { at, type Shape, stridesOf } from '../shape.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { inOrder, movedFrom } from './movement_entry.ts'
import { draw } from './samples.ts'
import { checkTensor } from './signature.ts'

/** Throws `value` for what is no list of numbers, at most one for each axis. */
function atMostOneAnAxis(
  where: string,
  { length }: Shape,
  name: string,
  value: unknown = [],
): readonly number[] {
  if (!Array.isArray(value) || value.length > length)
    fail('value', where, `${name} must list at most ${length} numbers, not ${show(value)}.`)
  return value
}

interface SliceAttributes {
  readonly start: readonly number[]
  readonly end: readonly number[]
}

/** The part of x from `start` up to, not including, `end`, a number for each axis; negative ones count from the end, axes not named are whole. */
export const slice: Op<[x: Tensor, options: { start?: readonly number[]; end?: readonly number[] }]> =
  defineOp<SliceAttributes, [x: Tensor, options: { start?: readonly number[]; end?: readonly number[] }]>({
    name: 'slice',
    ...movedFrom<SliceAttributes>((x, _output, { start }) => {
      const strides = stridesOf(x)
      const offset = start.reduce((sum, from, axis) => sum + from * at(strides, axis), 0)
      return { source: { offset, strides } }
    }),
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
  const given = atMostOneAnAxis('slice', shape, which, value)
  return shape.map((length, axis) => {
    const bound = given[axis] ?? (which === 'start' ? 0 : length)
    if (!Number.isInteger(bound) || bound < -length || bound > length) {
      fail('value', 'slice', `${which} ${show(bound)} at axis ${axis} is outside ${show(shape)}.`)
    }
    return bound < 0 ? bound + length : bound
  })
}

interface PadAttributes {
  readonly before: readonly number[]
  readonly after: readonly number[]
}

/** Options of `pad`. */
export interface PadOptions {
  before?: readonly number[]
  after?: readonly number[]
  value?: number
}

/** x with `before` and `after` elements of `value` added along each axis. */
export const pad: Op<[x: Tensor, options: PadOptions]> = defineOp<
  PadAttributes,
  [x: Tensor, options: PadOptions]
>({
  name: 'pad',
  ...movedFrom<PadAttributes>((x, _output, { before }) => ({
    source: inOrder(x),
    bounds: { before, extent: x },
  })),
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
  const given = atMostOneAnAxis('pad', shape, which, value)
  return shape.map((_, axis) => {
    const count = given[axis] ?? 0
    if (!Number.isInteger(count) || count < 0)
      fail('value', 'pad', `${which} ${show(count)} at axis ${axis} is not a count.`)
    return count
  })
}
