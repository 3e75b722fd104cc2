// Joining tensors: one after another, along a new axis, or packed flat.
import { fail, must, show } from '../errors.ts'
import { defineComposite, defineOp, type Op } from '../op.ts'
import { axis, parseOptions } from '../options.ts'
import { at, type Shape, sameShape, sizeOf, stridesOf } from '../shape.ts'
import type { Moves } from '../skeletons/move.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { type AxisAttributes, inOrder, moved } from './movement_entry.ts'
import { expandDims, reshape } from './reshape.ts'
import { draw, ulps } from './samples.ts'
import { checkTensor } from './signature.ts'
import { slice } from './slice.ts'

const concatMoves: Moves<AxisAttributes> = (inputs, output, { axis }) => {
  const strides = stridesOf(output.shape)
  let start = 0
  return inputs.map(({ shape }) => {
    const offset = start * at(strides, axis)
    start += at(shape, axis)
    return { shape, source: inOrder(shape), target: { offset, strides } }
  })
}

/** Parses `(list, options)`. */
function tensorList(where: string, list: unknown): readonly Tensor[] {
  if (!Array.isArray(list) || list.length === 0)
    fail('value', where, `expected a list of tensors, not ${show(list)}.`, `Write ${where}([a, b]).`)
  for (const [i, x] of list.entries()) checkTensor(where, x, `item ${i}`)
  return list
}

/** Tensors one after another along an axis; all other axes are the same. */
export const concat: Op<[list: readonly Tensor[], options?: { axis?: number }]> = defineOp<
  AxisAttributes,
  [list: readonly Tensor[], options?: { axis?: number }]
>({
  name: 'concat',
  ...moved(concatMoves),
  method: false,
  parse: (list, options = {}) => {
    const tensors = tensorList('concat', list)
    return {
      inputs: tensors,
      attributes: parseOptions('concat', options, { axis: axis(0) }, (tensors[0] as Tensor).rank),
    }
  },
  infer: (inputs, { axis }) => {
    const first = inputs[0] as Spec
    for (const { shape } of inputs) {
      if (
        sameShape(shape.toSpliced(axis, 1), first.shape.toSpliced(axis, 1)) &&
        shape.length === first.shape.length
      )
        continue
      fail(
        'shape',
        'concat',
        `shapes ${inputs.map(input => show(input.shape)).join(', ')} differ in more than axis ${axis}.`,
      )
    }
    return {
      shape: first.shape.with(
        axis,
        inputs.reduce((sum, { shape }) => sum + at(shape, axis), 0),
      ),
      dtype: first.dtype,
    }
  },
  gradient: (inputs, _outputs, [g], { axis }) => {
    let from = 0
    return inputs.map(({ shape }) => {
      const start = shape.map((_, i) => (i === axis ? from : 0))
      from += at(shape, axis)
      return slice(g as Tensor, { start, end: start.map((s, i) => s + at(shape, i)) })
    })
  },
  samples: (
    [
      [[[1], [1]], 0],
      [[[67], [3], [1]], 0],
      [
        [
          [2, 3],
          [2, 4],
        ],
        1,
      ],
      [
        [
          [2, 3, 2],
          [1, 3, 2],
        ],
        0,
      ],
      [
        [
          [3, 8],
          [3, 4],
        ],
        1,
      ],
      [
        [
          [0, 3],
          [2, 3],
        ],
        0,
      ],
    ] as const
  ).map(([shapes, axis]) => ({
    inputs: shapes.map(shape => ({ shape, ...draw })),
    call: (...tensors: Tensor[]) => [tensors, { axis }],
  })),
})

/** Tensors of one shape along a new axis. */
export const stack: Op<[list: readonly Tensor[], options?: { axis?: number }]> = defineComposite<
  [list: readonly Tensor[], options?: { axis?: number }]
>({
  name: 'stack',
  family: 'movement',
  method: false,
  compose: (list, options = {}) => {
    const tensors = tensorList('stack', list)
    const first = tensors[0] as Tensor
    const { axis: place } = parseOptions('stack', options, { axis: axis(0) }, first.rank + 1)
    for (const { shape } of tensors) {
      if (!sameShape(shape, first.shape))
        fail(
          'shape',
          'stack',
          `shapes ${tensors.map(x => show(x.shape)).join(', ')} differ.`,
          'They must be the same.',
        )
    }
    return concat(
      tensors.map(x => expandDims(x, { axis: place })),
      { axis: place },
    )
  },
  tolerance: ulps(0),
  samples: [
    [[1], 0],
    [[67], 1],
    [[3, 5], -1],
    [[], 0],
  ].map(([shape, axis]) => ({
    inputs: [0, 1].map(() => ({ shape: shape as number[], ...draw })),
    call: (...tensors: Tensor[]) => [tensors, { axis: axis as number }],
  })),
})

/** Members of a layout start at multiples of this many elements: 256 bytes even of float16. */
export const LAYOUT_ALIGNMENT = 128

/** Where each of `shapes` starts in a flat layout, and how long the whole is. */
export function flatLayout(shapes: readonly Shape[]): { offsets: number[]; length: number } {
  let length = 0
  const offsets = shapes.map(shape => {
    const offset = length
    length += Math.max(1, Math.ceil(sizeOf(shape) / LAYOUT_ALIGNMENT)) * LAYOUT_ALIGNMENT
    return offset
  })
  return { offsets, length }
}

/** Tensors of any shapes laid flat one after another, each at a multiple of LAYOUT_ALIGNMENT, zeros between. What computes them writes there directly. */
export const pack: Op<[list: readonly Tensor[]]> = defineOp<object, [list: readonly Tensor[]]>({
  name: 'pack',
  ...moved<object>(inputs => {
    const { offsets } = flatLayout(inputs.map(input => input.shape))
    return inputs.map(({ shape }, i) => ({
      shape: [sizeOf(shape)],
      source: { offset: 0, strides: [1] },
      target: { offset: at(offsets, i), strides: [1] },
    }))
  }),
  method: false,
  layout: inputs => flatLayout(inputs.map(input => input.shape)).offsets,
  parse: list => ({ inputs: tensorList('pack', list), attributes: {} }),
  infer: inputs => ({
    shape: [flatLayout(inputs.map(input => input.shape)).length],
    dtype: must(inputs[0], 'input').dtype,
  }),
  gradient: (inputs, _outputs, [g]) => {
    const { offsets } = flatLayout(inputs.map(input => input.shape))
    return inputs.map(({ shape, size }, i) =>
      reshape(slice(g as Tensor, { start: [at(offsets, i)], end: [at(offsets, i) + size] }), shape),
    )
  },
  samples: [[[1]], [[67], [1]], [[3, 5], [128], [2, 65], [4, 8]]].map(shapes => ({
    inputs: shapes.map(shape => ({ shape, ...draw })),
    call: (...tensors: Tensor[]) => [tensors],
  })),
})
