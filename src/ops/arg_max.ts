// Places of extremes: the index of the largest or smallest element along an axis.
import argMaxWgsl from '../../shaders/reduce/arg_max.wgsl?raw'
import argMinWgsl from '../../shaders/reduce/arg_min.wgsl?raw'
import candidateWgsl from '../../shaders/reduce/candidate.wgsl?raw'
import { dtypes } from '../dtype.ts'
import { shader } from '../kernel.ts'
import { defineOp, type Sample } from '../op.ts'
import { axes, axis, type Option } from '../options.ts'
import { at } from '../shape.ts'
import { type ReduceAttributes, reduce, reducedShape, reduceReference } from '../skeletons/reduce.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import {
  INTEGERS,
  type ReduceOptions,
  reduceSamples,
  refuseEmpty,
  SCHEMA,
  SPECIAL,
} from './reduction_entry.ts'
import { draw, ulps } from './samples.ts'
import { tensorAndOptions, type WithOptions } from './signature.ts'

/** Options of `argMax` and `argMin`. */
export interface ArgOptions {
  /** The axis to search; the flat tensor when not given. */
  axis?: number
  keepDims?: boolean
}

/** The axis, or all of them when not given. */
const oneOrAll: Option<readonly number[]> = (value, context) =>
  value === undefined ? axes(value, context) : [axis(0)(value, context)]

/** argMax or argMin, which share everything but the direction. */
function argExtreme(
  name: 'argMax' | 'argMin',
  order: string,
  wins: (x: number, best: number) => boolean,
): WithOptions<ArgOptions> {
  return defineOp<ReduceAttributes, [x: Tensor, options?: ArgOptions]>({
    name,
    family: 'reduction',
    parse: tensorAndOptions(name, { ...SCHEMA, axis: oneOrAll }),
    infer: ([x], attributes) => {
      refuseEmpty(name, x as Spec, attributes.axis)
      return { shape: reducedShape((x as Spec).shape, attributes), dtype: 'int32' }
    },
    reference: reduceReference(elements => {
      let best = 0
      for (let i = 1; i < elements.length; i++) {
        const [x, y] = [at(elements, i), at(elements, best)]
        if (!Number.isNaN(y) && (Number.isNaN(x) || wins(x, y))) best = i
      }
      return best
    }),
    kernel: reduce(x => ({
      combine: shader(candidateWgsl),
      order: shader(order),
      accumulator: 'Candidate',
      compute: dtypes[x.dtype].compute,
      result: 'i32',
    })),
    gradient: 'none',
    samples: [
      ...reduceSamples(draw, { empty: false, gradient: false }).filter(
        ({ options }) => !Array.isArray((options as ReduceOptions | undefined)?.axis),
      ),
      ...reduceSamples({ values: [1, 3, 3, 2] }, { empty: false, gradient: false }).slice(2, 5),
      ...SPECIAL,
      ...INTEGERS,
    ].map(sample => sample as Sample<[Tensor, ArgOptions?]>),
    tolerance: ulps(0),
  })
}

/** Index of the largest element, int32: the first NaN if there is one, else the first of equals. */
export const argMax: WithOptions<ArgOptions> = argExtreme('argMax', argMaxWgsl, (x, best) => x > best)

/** Index of the smallest element, int32: the first NaN if there is one, else the first of equals. */
export const argMin: WithOptions<ArgOptions> = argExtreme('argMin', argMinWgsl, (x, best) => x < best)
