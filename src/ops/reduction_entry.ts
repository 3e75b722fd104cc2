// What reductions have in common: their options, the samples they are proven on, and one entry for all.
import { type DType, dtypes, isFloat } from '../dtype.ts'
import { fail, show } from '../errors.ts'
import { defineOp, type Sample, type SampleInput, type Tolerance } from '../op.ts'
import { axes, boolean } from '../options.ts'
import { at, sizeOf } from '../shape.ts'
import {
  type Combiner,
  type ReduceAttributes,
  reduce,
  reducedShape,
  reduceReference,
} from '../skeletons/reduce.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { broadcastTo, reshape } from './reshape.ts'
import { isSpecial, tooLarge } from './samples.ts'
import { tensorAndOptions, type WithOptions } from './signature.ts'

/** Options of every reduction. */
export interface ReduceOptions {
  /** One axis or several, counted from the end when negative. All when not given. */
  axis?: number | readonly number[]
  /** Keeps reduced axes with length 1. */
  keepDims?: boolean
}

/** The schema of those options. */
export const SCHEMA = { axis: axes, keepDims: boolean(false) }

/** Shapes and axes every reduction is proven on: whole, rows, columns, middle, several, split, empty and single. */
export function reduceSamples(
  draw: Pick<SampleInput, 'values' | 'low' | 'high'>,
  { empty = true, gradient = true } = {},
): Sample<[Tensor, ReduceOptions?]>[] {
  const proven = gradient ? {} : { gradient: false, note: 'no gradient' }
  return [
    { inputs: [{ shape: [], ...draw }], ...proven },
    { inputs: [{ shape: [1], ...draw }], options: { axis: 0, keepDims: true }, ...proven },
    { inputs: [{ shape: [67], ...draw }], ...proven },
    { inputs: [{ shape: [5, 67], ...draw }], options: { axis: 1 }, ...proven },
    { inputs: [{ shape: [67, 5], ...draw }], options: { axis: 0, keepDims: true }, ...proven },
    { inputs: [{ shape: [3, 4, 5], ...draw }], options: { axis: [-3, -1] }, ...proven },
    { inputs: [{ shape: [3, 4, 5], ...draw }], options: { axis: [1], keepDims: true }, ...proven },
    { inputs: [{ shape: [2, 3, 2, 3], ...draw }], options: { axis: [1, 3] }, ...proven },
    { inputs: [{ shape: [0, 3], ...draw }], options: { axis: 1 }, ...proven },
    ...(empty ? [{ inputs: [{ shape: [2, 0], ...draw }], options: { axis: 1 }, ...proven }] : []),
    { inputs: [{ shape: [3, 20011], ...draw }], options: { axis: 1 }, ...tooLarge },
    { inputs: [{ shape: [20011, 3], ...draw }], options: { axis: 0 }, ...tooLarge },
    // Four columns at a time.
    { inputs: [{ shape: [5, 12], ...draw }], options: { axis: 0 }, ...proven },
    { inputs: [{ shape: [20011, 4], ...draw }], options: { axis: 0 }, ...tooLarge },
    { inputs: [{ shape: [1024, 1024], ...draw }], benchmark: true, ...tooLarge },
    { inputs: [{ shape: [1024, 1024], ...draw }], options: { axis: 1 }, benchmark: true, ...tooLarge },
    { inputs: [{ shape: [1024, 1024], ...draw }], options: { axis: 0 }, benchmark: true, ...tooLarge },
  ]
}

export const SPECIAL: Sample<[Tensor, ReduceOptions?]>[] = [
  [1, Number.NaN, 3],
  [1, Number.POSITIVE_INFINITY, 3],
  [Number.NEGATIVE_INFINITY, 1, 2],
].map(values => ({
  inputs: [{ shape: [2, 3], values }],
  options: { axis: 1 },
  ...isSpecial,
}))

export const INTEGERS: Sample<[Tensor, ReduceOptions?]>[] = (['int32', 'uint32'] as const).flatMap(dtype =>
  [undefined, 0, 1].map(axis => ({
    inputs: [
      {
        shape: [5, 67],
        dtype,
        values: dtype === 'int32' ? [3, -7, 0, 12, 5, -1, 9] : [3, 7, 0, 12, 5, 1, 9],
      },
    ],
    ...(axis === undefined ? {} : { options: { axis } }),
    gradient: false,
    note: 'integers have no gradient',
  })),
)

export const BOOLS: Sample<[Tensor, ReduceOptions?]>[] = [0, 1].map(axis => ({
  inputs: [{ shape: [5, 67], dtype: 'bool', values: [1, 0, 1, 1, 0, 0, 1] }],
  options: { axis },
  gradient: false,
  note: 'bools have no gradient',
}))

export interface ReduceEntry {
  readonly name: string
  /** The dtype of the result; throws for one the op does not take. */
  readonly result: (dtype: DType) => DType
  readonly reference: (elements: Float64Array) => number
  readonly combiner: (dtype: DType, result: DType) => Combiner
  readonly gradient:
    | ((x: Tensor, y: Tensor, g: Tensor, count: number, axis: readonly number[]) => Tensor)
    | null
  readonly tolerance: () => Tolerance
  /** What is reduced to nothing has no result. */
  readonly needsElements?: boolean
  readonly samples: readonly Sample<[Tensor, ReduceOptions?]>[]
}

/** Elements that a reduction over `axis` takes together. */
export const countOf = ({ shape }: Spec, axis: readonly number[]): number =>
  axis.reduce((product, i) => product * at(shape, i), 1)

/** A reduction. The gradient rule sees y and g with reduced axes kept. */
export function reduction(entry: ReduceEntry): WithOptions<ReduceOptions> {
  const { name, gradient } = entry
  return defineOp<ReduceAttributes, [x: Tensor, options?: ReduceOptions]>({
    name,
    family: 'reduction',
    parse: tensorAndOptions(name, SCHEMA),
    infer: ([input], attributes) => {
      const x = input as Spec
      if (entry.needsElements) refuseEmpty(name, x, attributes.axis)
      return { shape: reducedShape(x.shape, attributes), dtype: entry.result(x.dtype) }
    },
    reference: reduceReference(entry.reference),
    kernel: reduce((x, y) => entry.combiner(x.dtype, y.dtype)),
    gradient: gradient
      ? ([input], [y], [g], { axis }) => {
          const x = input as Tensor
          const kept = reducedShape(x.shape, { axis, keepDims: true })
          const dx = gradient(
            x,
            reshape(y as Tensor, kept),
            reshape(g as Tensor, kept),
            countOf(x, axis),
            axis,
          )
          return [broadcastTo(dx, x.shape)]
        }
      : 'none',
    samples: entry.samples,
    tolerance: entry.tolerance,
  })
}

/** Throws `shape` where there would be a result of nothing. */
export function refuseEmpty(name: string, { shape }: Spec, axis: readonly number[]): void {
  const empty = axis.find(i => shape[i] === 0)
  if (empty === undefined || sizeOf(shape.filter((_, i) => !axis.includes(i))) === 0) return
  fail(
    'shape',
    name,
    `axis ${empty} of ${show(shape)} is empty, and nothing has no ${name}.`,
    'Check for emptiness first.',
  )
}

/** A combiner that accumulates in the type arithmetic on the dtype is done in. */
export function plain(
  dtype: DType,
  result: DType,
  pieces: Pick<Combiner, 'combine' | 'load' | 'finish'>,
): Combiner {
  const { compute } = dtypes[dtype]
  const accumulator = isFloat(result) ? 'f32' : result === 'int32' ? 'i32' : 'u32'
  return { ...pieces, compute, accumulator, result: dtypes[result].compute }
}
