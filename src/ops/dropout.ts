// Dropout: elements dropped by counter, so that the gradient drops the same.
import dropoutWgsl from '../../shaders/dropout.wgsl?raw'
import philoxWgsl from '../../shaders/philox.wgsl?raw'
import dropWgsl from '../../shaders/random/drop.wgsl?raw'
import { dtypes, isFloat, type NumericArray } from '../dtype.ts'
import { fail, must } from '../errors.ts'
import { shader } from '../kernel.ts'
import { defineComposite, defineOp, type Op } from '../op.ts'
import { boolean, integer, number, optional, parseOptions } from '../options.ts'
import { eachRandom, unitFloat } from '../random.ts'
import { at } from '../shape.ts'
import type { Spec } from '../tape.ts'
import { Tensor } from '../tensor.ts'
import { drawing, keyFor } from './random.ts'
import { draw, ULP } from './samples.ts'
import { checkTensor, type Operand, type WithOptions } from './signature.ts'

/** Drops elements of x where the stream of `key` says so; dropping the gradient by the same key is its gradient. */
export const dropWhere: Op<[x: Tensor, key: Tensor, probability: Operand]> = defineOp<
  object,
  [x: Tensor, key: Tensor, probability: Operand]
>({
  name: 'dropWhere',
  family: 'random',
  method: false,
  mixed: true,
  parse: (x, key, probability) => ({
    inputs: [
      x,
      key,
      probability instanceof Tensor
        ? probability
        : new Tensor(x.engine.constant('dropout', probability, 'float32')),
    ],
    attributes: {},
  }),
  infer: ([x]) => {
    const input = must(x, 'input')
    if (!isFloat(input.dtype))
      fail('dtype', 'dropout', `x is ${input.dtype}; it must be a float.`, "Use cast(x, 'float32') first.")
    return input
  },
  reference: (inputs, outputs) => {
    const [x, key, probability] = inputs as [NumericArray, NumericArray, NumericArray]
    const out = must(outputs[0], 'output')
    eachRandom(key, out.length, (bits, index) => {
      out[index] = unitFloat(bits) < at(probability, 0) ? 0 : at(x, index) / (1 - at(probability, 0))
    })
  },
  kernel: {
    variants: ['philox'],
    expression: ({ inputs: [x] }) => {
      const { wgsl, compute } = dtypes[must(x, 'input').dtype]
      return {
        inputs: [{ type: wgsl }, { type: 'vec4<u32>', first: true }, { type: 'f32', first: true }],
        constants: [],
        steps: [
          {
            fragment: shader(dropWgsl),
            operands: [{ input: 0 }, { input: 1 }, { input: 2 }],
            types: { Compute: compute, Result: compute },
            converted: [compute, null, null],
            stored: wgsl,
            indexed: true,
            library: [shader(philoxWgsl)],
          },
        ],
        results: [{ step: 0 }],
      }
    },
    program: ({ inputs: [x] }) =>
      drawing(dropoutWgsl, [], { T: dtypes[must(x, 'input').dtype].wgsl }, x as Spec),
  },
  gradient: ([_x, key, probability], _outputs, [g]) => [
    dropWhere(g as Tensor, key as Tensor, probability as Tensor),
    null,
    null,
  ],
  tolerance: () => ({ relative: 4 * ULP, absolute: 0 }),
  samples: [[], [1], [67], [3, 5], [0, 3]].map(shape => ({
    inputs: [
      { shape, ...draw },
      { shape: [4], dtype: 'uint32', values: [7, 0, 3, 0] },
    ],
    call: (x, key) => [x as Tensor, key as Tensor, 0.3],
  })),
})

/** Options of the op `dropout`. */
export interface DropoutOptions {
  /** Share of elements dropped, in [0, 1). Default ½. */
  probability?: number
  /** When false, x comes back as it is. Default true. */
  training?: boolean
  seed?: number
}

/** In training, 0 for a random share of elements and x / (1 − probability) for the rest; else x itself. */
export const dropout: WithOptions<DropoutOptions> = defineComposite<[x: Tensor, options?: DropoutOptions]>({
  name: 'dropout',
  family: 'random',
  compose: (x, options = {}) => {
    checkTensor('dropout', x)
    const checked = parseOptions('dropout', options, {
      probability: number(0.5, { min: 0, max: 1 }),
      training: boolean(true),
      seed: optional(integer(0)),
    })
    if (checked.probability === 1)
      fail('option', 'dropout', 'probability is 1, which drops everything.', 'It must be in [0, 1).')
    if (!checked.training || checked.probability === 0) return x
    return dropWhere(x, keyFor('dropout', x.engine, checked.seed), checked.probability)
  },
  tolerance: () => ({ relative: 4 * ULP, absolute: 0 }),
  samples: [[], [1], [67], [3, 5]].map(shape => ({
    inputs: [{ shape, ...draw }],
    options: { probability: 0.3, seed: 5 },
  })),
})
