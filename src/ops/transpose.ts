// Ops that give the elements of a tensor another order: its axes exchanged, or one of them reversed.
import { fail, show } from '../errors.ts'
import { defineOp } from '../op.ts'
import { axis } from '../options.ts'
import { at, normalizeAxis, stridesOf } from '../shape.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { type AxisAttributes, axisSamples, movedFrom } from './movement_entry.ts'
import { draw, tooLarge } from './samples.ts'
import { tensorAndOptions, type WithOptions } from './signature.ts'

interface PermutationAttributes {
  readonly permutation: readonly number[]
}

/** x with its axes in another order: reversed, or as `permutation` lists them. */
export const transpose: WithOptions<{ permutation?: readonly number[] }> = defineOp<
  PermutationAttributes,
  [x: Tensor, options?: { permutation?: readonly number[] }]
>({
  name: 'transpose',
  ...movedFrom<PermutationAttributes>((x, _output, { permutation }) => {
    const strides = stridesOf(x)
    return { source: { offset: 0, strides: permutation.map(axis => at(strides, axis)) } }
  }),
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
      ...tooLarge,
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

/** x in reverse order along an axis. */
export const flip: WithOptions<{ axis?: number }> = defineOp<
  AxisAttributes,
  [x: Tensor, options?: { axis?: number }]
>({
  name: 'flip',
  ...movedFrom<AxisAttributes>((x, _output, { axis }) => {
    const strides = stridesOf(x)
    const step = at(strides, axis)
    const last = Math.max(at(x, axis) - 1, 0)
    return { source: { offset: last * step, strides: strides.with(axis, -step) } }
  }),
  parse: tensorAndOptions('flip', { axis: axis(0) }),
  infer: ([x]) => x as Spec,
  gradient: (_inputs, _outputs, [g], options) => [flip(g as Tensor, options)],
  samples: axisSamples([
    [[1], 0],
    [[67], 0],
    [[3, 4], -1],
    [[2, 3, 4], 1],
    [[0, 2], 0],
  ]),
})
