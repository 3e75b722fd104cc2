// Running sums along an axis.
import cumsumWgsl from '../../shaders/rows/cumsum.wgsl?raw'
import { dtypes, isFloat } from '../dtype.ts'
import { fail, must } from '../errors.ts'
import { shader } from '../kernel.ts'
import { defineOp, type Sample } from '../op.ts'
import { optionalAxis } from '../options.ts'
import { at } from '../shape.ts'
import { eachRow, rows, rowView } from '../skeletons/rows.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { reshape } from './reshape.ts'
import { isSpecial, tooLarge, ULP } from './samples.ts'
import { tensorAndOptions, type WithOptions } from './signature.ts'
import { flip } from './transpose.ts'

/** Options of `cumsum`. */
export interface CumsumOptions {
  /** The axis to sum along. As in NumPy, the flat tensor when not given: the result then has one axis. */
  axis?: number
}

export interface CumsumAttributes {
  readonly axis: number
}

// Of one sign, so that no sum cancels and its error is relative to itself.
const draw = { low: 0.1, high: 1 }

/** Running sums: element j is the sum of elements 0 to j along the axis. Integers wrap. Throws `dtype` for bools. */
export const cumsum: WithOptions<CumsumOptions> = defineOp<
  CumsumAttributes,
  [x: Tensor, options?: CumsumOptions]
>({
  name: 'cumsum',
  family: 'reduction',
  parse: (...args) => {
    const { axis } = tensorAndOptions('cumsum', { axis: optionalAxis })(...args).attributes
    const [x] = args
    if (axis !== undefined) return { inputs: [x], attributes: { axis } }
    return { inputs: [x.rank === 1 ? x : reshape(x, [x.size])], attributes: { axis: 0 } }
  },
  infer: ([x]) => {
    if (x?.dtype === 'bool')
      fail('dtype', 'cumsum', 'x is bool; it must be a number.', "Use cast(x, 'int32') first.")
    return x as Spec
  },
  reference: ([x], [out], { inputs, attributes }) => {
    const { shape, dtype } = must(inputs[0], 'input')
    const view = rowView(shape, attributes.axis)
    const float = isFloat(dtype)
    eachRow(view, (start, step) => {
      let total = 0
      for (let j = 0; j < view.length; j++) {
        const next = total + at(must(x, 'input'), start + j * step)
        total = float ? next : next | 0
        must(out, 'output')[start + j * step] = total
      }
    })
  },
  kernel: rows(
    ({ inputs, attributes }) => rowView(must(inputs[0], 'input').shape, attributes.axis),
    ({ inputs, attributes }) => {
      const { shape, dtype } = must(inputs[0], 'input')
      return {
        source: {
          skeleton: shader(cumsumWgsl),
          types: { T: dtypes[dtype].wgsl, Compute: dtypes[dtype].compute },
        },
        bindings: [{ input: 0 }, { output: 0 }],
        params: { inner: rowView(shape, attributes.axis).inner },
      }
    },
  ),
  gradient: (_inputs, _outputs, [g], { axis }) => [
    flip(cumsum(flip(g as Tensor, { axis }), { axis }), { axis }),
  ],
  samples: [
    { inputs: [{ shape: [], ...draw }] },
    { inputs: [{ shape: [1], ...draw }] },
    { inputs: [{ shape: [67], ...draw }] },
    { inputs: [{ shape: [5, 67], ...draw }], options: { axis: -1 } },
    { inputs: [{ shape: [67, 5], ...draw }], options: { axis: 0 } },
    { inputs: [{ shape: [3, 4, 5], ...draw }], options: { axis: 1 } },
    { inputs: [{ shape: [3, 4], ...draw }] },
    { inputs: [{ shape: [0, 3], ...draw }], options: { axis: 0 } },
    { inputs: [{ shape: [3, 5003], ...draw }], options: { axis: 1 }, ...tooLarge },
    ...(['int32', 'uint32'] as const).map(
      (dtype): Sample<[Tensor, CumsumOptions?]> => ({
        inputs: [{ shape: [3, 700], dtype, values: [3, 7, 0, 2147483647, 12, 5, 1, 9] }],
        options: { axis: 1 },
        gradient: false,
        note: 'integers have no gradient',
      }),
    ),
    {
      inputs: [
        {
          shape: [3, 4],
          values: [1, Number.NaN, 2, 3, 1, Number.POSITIVE_INFINITY, 2, Number.NEGATIVE_INFINITY],
        },
      ],
      options: { axis: 1 },
      ...isSpecial,
    },
    { inputs: [{ shape: [1024, 1024], ...draw }], options: { axis: 1 }, benchmark: true, ...tooLarge },
    { inputs: [{ shape: [1024, 1024], ...draw }], options: { axis: 0 }, benchmark: true, ...tooLarge },
    { inputs: [{ shape: [1 << 20], ...draw }], benchmark: true, ...tooLarge },
  ],
  // One rounding of half an ULP an element, along the longest axis or the flat tensor.
  tolerance: ([x]) => ({ relative: Math.max(2, ...(x as Spec).shape) * 0.5 * ULP, absolute: 0 }),
})
