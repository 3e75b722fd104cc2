// One-hot rows: class ids as the vectors that stand for them.
import type { DType } from '../dtype.ts'
import { must } from '../errors.ts'
import { defineOp, needs, type Op } from '../op.ts'
import { checkDType, integer } from '../options.ts'
import { at, checkShape } from '../shape.ts'
import { oneHotKernel, spoiledValue } from '../skeletons/gather.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { ulps } from './samples.ts'
import { tensorsAndOptions } from './signature.ts'

/** Labels below 5, with repetitions. */
const PICKS = [4, 0, 2, 2, 1, 3, 4, 4]

/** Options of the op `oneHot`. */
export interface OneHotOptions {
  /** Length of a row. */
  classes: number
  /** Of the result. Default float32. */
  dtype?: DType
}

export interface OneHotAttributes {
  readonly classes: number
  readonly dtype: DType
}

/**
 * A row for each label, 1 at the label's place and 0 elsewhere: labels (int32 or uint32) [...] give [..., classes]. A
 * label outside [0, classes) throws `index` where the host knows it, else its row is NaN (0 for integers) and the next
 * read rejects.
 */
export const oneHot: Op<[labels: Tensor, options: OneHotOptions]> = defineOp<
  OneHotAttributes,
  [labels: Tensor, options: OneHotOptions]
>({
  name: 'oneHot',
  family: 'movement',
  parse: tensorsAndOptions('oneHot', ['labels'], {
    classes: integer(undefined, { min: 1 }),
    dtype: (value): DType => (value === undefined ? 'float32' : checkDType('oneHot', value)),
  }),
  infer: ([labels], { classes, dtype }) => {
    needs('oneHot', labels as Spec, ['int32', 'uint32'], 'labels')
    return { shape: checkShape('oneHot', [...(labels as Spec).shape, classes]), dtype }
  },
  indices: (_inputs, { classes }) => [{ input: 0, bound: classes }],
  reference: ([labels], [out], { outputs, attributes: { classes }, reportRow }) => {
    const [ids, to] = [must(labels, 'labels'), must(out, 'output')]
    const { dtype } = must(outputs[0], 'output')
    for (let row = 0; row < ids.length; row++) {
      const id = at(ids, row)
      const valid = id >= 0 && id < classes
      if (!valid) reportRow(row)
      for (let j = 0; j < classes; j++) to[row * classes + j] = valid ? Number(j === id) : spoiledValue(dtype)
    }
  },
  kernel: oneHotKernel,
  gradient: 'none',
  samples: [
    { inputs: [{ shape: [1], dtype: 'int32', values: [0] }], options: { classes: 1 } },
    { inputs: [{ shape: [], dtype: 'int32', values: [2] }], options: { classes: 3 } },
    { inputs: [{ shape: [67], dtype: 'int32', values: PICKS }], options: { classes: 5 } },
    { inputs: [{ shape: [2, 3], dtype: 'uint32', values: PICKS }], options: { classes: 5 } },
    { inputs: [{ shape: [0], dtype: 'int32' }], options: { classes: 5 } },
    ...(['int32', 'uint32', 'bool'] as const).map(dtype => ({
      inputs: [{ shape: [8], dtype: 'int32' as const, values: PICKS }],
      options: { classes: 5, dtype },
    })),
    {
      inputs: [{ shape: [4096], dtype: 'int32', low: 0, high: 1000 }],
      options: { classes: 1000 },
      benchmark: true,
    },
  ],
  tolerance: ulps(0),
})
