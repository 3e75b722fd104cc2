// Indexing: elements picked along an axis, and its reverse, sums by place.
import type { DType } from '../dtype.ts'
import { isFloat } from '../dtype.ts'
import { fail, must, show } from '../errors.ts'
import { defineOp, needs, type Op, type Sample } from '../op.ts'
import { axis, integer, parseOptions } from '../options.ts'
import { at, checkShape, sameShape, sizeOf } from '../shape.ts'
import { type AxisAttributes, gatherKernel, scatterAddKernel, spoiledValue } from '../skeletons/gather.ts'
import { rowView } from '../skeletons/rows.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { draw, isSpecial, tooLarge, ULP, ulps } from './samples.ts'
import { checkTensor, refuseExtra, tensorsAndOptions } from './signature.ts'

const INTEGERS = ['int32', 'uint32'] as const

const noGradient = { gradient: false, note: 'integers have no gradient' } as const

/** Options of `gather`. */
export interface GatherOptions {
  /** The axis of x that indices count along. Default 0. */
  axis?: number
}

/** Indices 4, 0, 2, … below 5, with repetitions. */
const PICKS = [4, 0, 2, 2, 1, 3, 4, 4]

const gatherSample = (
  shape: readonly number[],
  indices: readonly number[],
  axis: number,
  more: Partial<Sample<[Tensor, Tensor, GatherOptions?]>> = {},
  dtype: DType = 'float32',
): Sample<[Tensor, Tensor, GatherOptions?]> => ({
  inputs: [
    { shape, ...(isFloat(dtype) ? draw : { dtype, values: [3, 7, 0, 1, 9] }) },
    { shape: indices, dtype: 'int32', values: PICKS },
  ],
  options: { axis },
  ...more,
})

/**
 * Elements of x along an axis by index: the result has x's shape with that axis replaced by the axes of `indices`
 * (int32 or uint32). Indices are in [0, length of the axis); one that is not throws `index` where the host knows it,
 * else it gives NaN (0 for integers) and the next read rejects.
 */
export const gather: Op<[x: Tensor, indices: Tensor, options?: GatherOptions]> = defineOp<
  AxisAttributes,
  [x: Tensor, indices: Tensor, options?: GatherOptions]
>({
  name: 'gather',
  family: 'movement',
  mixed: true,
  parse: tensorsAndOptions('gather', ['x', 'indices'], { axis: axis(0) }),
  infer: (inputs, { axis }) => {
    const [x, indices] = [must(inputs[0], 'x'), must(inputs[1], 'indices')]
    needs('gather', indices, INTEGERS, 'indices')
    const shape = checkShape('gather', x.shape.toSpliced(axis, 1, ...indices.shape))
    if (x.shape[axis] === 0 && sizeOf(indices.shape) > 0) {
      fail('shape', 'gather', `axis ${axis} of ${show(x.shape)} is empty; there is nothing to pick from it.`)
    }
    return { shape, dtype: x.dtype }
  },
  indices: ([x], { axis }) => [{ input: 1, bound: at(must(x, 'x').shape, axis) }],
  reference: ([x, indices], [out], { inputs, attributes, reportRow }) => {
    const [from, picks, to] = [must(x, 'x'), must(indices, 'indices'), must(out, 'output')]
    const { shape, dtype } = must(inputs[0], 'x')
    const { outer, length, inner } = rowView(shape, attributes.axis)
    const count = picks.length
    for (let k = 0; k < count; k++) {
      const pick = at(picks, k)
      const valid = pick >= 0 && pick < length
      if (!valid) reportRow(k)
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          to[(o * count + k) * inner + i] = valid
            ? at(from, (o * length + pick) * inner + i)
            : spoiledValue(dtype)
        }
      }
    }
  },
  kernel: gatherKernel,
  gradient: ([x, indices], _outputs, [g], { axis }) => [
    scatterAdd(indices as Tensor, g as Tensor, { axis, size: at((x as Tensor).shape, axis) }),
    null,
  ],
  samples: [
    gatherSample([1], [1], 0, {
      inputs: [
        { shape: [1], ...draw },
        { shape: [1], dtype: 'int32', values: [0] },
      ],
    }),
    gatherSample([5], [67], 0),
    gatherSample([5, 3], [], 0),
    gatherSample([5, 3], [2, 4], 0),
    gatherSample([5, 8], [67], 0),
    gatherSample([3, 5], [4], 1),
    gatherSample([2, 5, 4], [2, 3], -2),
    gatherSample([5, 3], [0], 0),
    gatherSample([0, 5], [4], 1),
    gatherSample([5, 3], [8], 0, noGradient, 'int32'),
    gatherSample([5, 4], [8], 0, noGradient, 'uint32'),
    gatherSample([5, 4], [8], 0, noGradient, 'bool'),
    {
      inputs: [
        { shape: [5, 3], ...draw },
        { shape: [8], dtype: 'uint32', values: PICKS },
      ],
    },
    {
      inputs: [
        { shape: [2, 3], values: [Number.NaN, Number.POSITIVE_INFINITY, -0, 1, 2, Number.NEGATIVE_INFINITY] },
        { shape: [3], dtype: 'int32', values: [0, 1, 0] },
      ],
      ...isSpecial,
    },
    {
      inputs: [
        { shape: [10000, 784], ...draw },
        { shape: [128], dtype: 'int32', low: 0, high: 10000 },
      ],
      benchmark: true,
      ...tooLarge,
    },
  ],
  tolerance: ulps(0),
})

/** Options of `scatterAdd`. */
export interface ScatterAddOptions {
  /** The axis of the result that indices count along. Default 0. */
  axis?: number
  /** Its length. */
  size: number
}

export interface ScatterAttributes extends AxisAttributes {
  readonly size: number
}

const scatterSample = (
  updates: readonly number[],
  indices: readonly number[],
  options: ScatterAddOptions,
  more: Partial<Sample<[Tensor, Tensor, ScatterAddOptions]>> = {},
  dtype: DType = 'float32',
): Sample<[Tensor, Tensor, ScatterAddOptions]> => ({
  inputs: [
    { shape: indices, dtype: 'int32', values: PICKS.map(pick => pick % Math.max(options.size, 1)) },
    {
      shape: updates,
      ...(isFloat(dtype) ? { low: 0.1, high: 1 } : { dtype, values: [3, 7, 2147483647, 1, 9] }),
    },
  ],
  options,
  ...more,
})

/**
 * Sums of updates by place: zeros, with `size` places along `axis`, to which each update is added at its index. The
 * result has the shape of `updates` with the axes of `indices`, which stand at `axis`, replaced by `size`; it is
 * gather turned round. Added in order of the indices, so that the same call gives the same numbers. An index outside
 * [0, size) throws `index` where the host knows it, else it makes the last place NaN (integers are spared),
 * and the next read rejects.
 */
export const scatterAdd: Op<[indices: Tensor, updates: Tensor, options: ScatterAddOptions]> = defineOp<
  ScatterAttributes,
  [indices: Tensor, updates: Tensor, options: ScatterAddOptions]
>({
  name: 'scatterAdd',
  family: 'movement',
  mixed: true,
  method: false,
  parse: (...args) => {
    refuseExtra('scatterAdd', args, 3)
    const [indices, updates, options] = args
    checkTensor('scatterAdd', indices, 'indices')
    checkTensor('scatterAdd', updates, 'updates')
    const schema = { axis: axis(0), size: integer(undefined) }
    // An axis of the result, which has one in place of those of the indices.
    const rank = Math.max(updates.rank - indices.rank + 1, 1)
    return { inputs: [indices, updates], attributes: parseOptions('scatterAdd', options, schema, rank) }
  },
  infer: (inputs, { axis, size }) => {
    const [indices, updates] = [must(inputs[0], 'indices'), must(inputs[1], 'updates')]
    needs('scatterAdd', indices, INTEGERS, 'indices')
    if (updates.dtype === 'bool')
      fail('dtype', 'scatterAdd', 'updates are bool; they must be numbers.', "Use cast(x, 'int32').")
    const replaced = updates.shape.slice(axis, axis + indices.shape.length)
    if (!sameShape(replaced, indices.shape)) {
      fail(
        'shape',
        'scatterAdd',
        `updates are ${show(updates.shape)}, indices ${show(indices.shape)}.`,
        `The axes of updates from ${axis} on must be those of the indices.`,
      )
    }
    if (size === 0 && sizeOf(indices.shape) > 0)
      fail('shape', 'scatterAdd', `size is 0, yet there are ${sizeOf(indices.shape)} indices.`)
    return { shape: updates.shape.toSpliced(axis, indices.shape.length, size), dtype: updates.dtype }
  },
  indices: (_inputs, { size }) => [{ input: 0, bound: size }],
  reference: ([indices, updates], [out], { outputs, attributes, reportRow }) => {
    const [picks, from, to] = [must(indices, 'indices'), must(updates, 'updates'), must(out, 'output')]
    const { shape, dtype } = must(outputs[0], 'output')
    const { outer, length, inner } = rowView(shape, attributes.axis)
    const count = picks.length
    const totals = new Float64Array(sizeOf(shape))
    for (let k = 0; k < count; k++) {
      const pick = at(picks, k)
      const valid = pick >= 0 && pick < length
      const place = valid ? pick : length - 1
      if (!valid) reportRow(k)
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          const index = (o * length + place) * inner + i
          const next =
            at(totals, index) + (valid ? at(from, (o * count + k) * inner + i) : spoiledValue(dtype))
          totals[index] = isFloat(dtype) ? next : next | 0
        }
      }
    }
    for (let index = 0; index < totals.length; index++) to[index] = at(totals, index)
  },
  kernel: scatterAddKernel,
  gradient: ([indices], _outputs, [g], { axis }) => [null, gather(g as Tensor, indices as Tensor, { axis })],
  samples: [
    scatterSample([1], [1], { size: 1 }),
    scatterSample([67], [67], { size: 5 }),
    scatterSample([3], [], { size: 5 }),
    scatterSample([67, 3], [67], { size: 7 }),
    scatterSample([300, 67], [300], { size: 5 }, tooLarge),
    scatterSample([2, 4, 3], [2, 4], { size: 5 }),
    scatterSample([3, 8], [8], { axis: 1, size: 6 }),
    scatterSample([2, 4, 17], [4], { axis: -2, size: 6 }),
    scatterSample([0, 3], [0], { size: 4 }),
    scatterSample([0, 4], [4], { axis: 1, size: 5 }),
    scatterSample([8, 3], [8], { size: 5 }, noGradient, 'int32'),
    scatterSample([8, 3], [8], { size: 5 }, noGradient, 'uint32'),
    {
      inputs: [
        { shape: [5], dtype: 'uint32', values: [0, 1, 1, 2, 0] },
        { shape: [5], values: [1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 2] },
      ],
      options: { size: 4 },
      ...isSpecial,
    },
    {
      inputs: [
        { shape: [2048], dtype: 'int32', low: 0, high: 1000 },
        { shape: [2048, 64], low: 0.1, high: 1 },
      ],
      options: { size: 1000 },
      benchmark: true,
      ...tooLarge,
    },
  ],
  // Updates of samples have one sign; each adds a rounding of half an ULP.
  tolerance: ([indices]) => ({
    relative: Math.max(2, sizeOf((indices as Spec).shape)) * 0.5 * ULP,
    absolute: 0,
  }),
})
