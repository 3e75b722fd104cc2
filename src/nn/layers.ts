// The layers of a multilayer perceptron: linear and tied ones, dropout, and how layers are put together.
import { fail, show } from '../errors.ts'
import { dropout as dropoutOp } from '../ops/dropout.ts'
import { add } from '../ops/elementwise.ts'
import { linear as linearOp, matmul } from '../ops/matmul.ts'
import { filledParameter, parameterFrom } from '../ops/parameter.ts'
import { reshape } from '../ops/reshape.ts'
import { boolean, parseOptions } from '../options.ts'
import { at, sameShape, sizeOf } from '../shape.ts'
import { keepResult } from '../tensor.ts'
import { type Initializer, type InitializerName, initialize } from './initializers.ts'
import { checkLayers, checkSize, type Layer, layer, parameterFor, plain } from './layer.ts'

/** Options of `linear`. */
export interface LinearOptions {
  bias?: boolean
  /** How the weight starts. Default 'glorotUniform'. */
  initializer?: InitializerName | Initializer
}

/**
 * x·w + b with w of shape [inputs, outputs], drawn by the initialiser, and b of zeros. Computed in the dtype of x, the
 * parameters cast to it: float16 in, float16 out, and float32 gradients of float32 parameters.
 */
export function linear(inputs: number, outputs: number, options: LinearOptions = {}): Layer {
  checkSize('linear', inputs, 'inputs')
  checkSize('linear', outputs, 'outputs')
  const asGiven = (value: unknown) => value as LinearOptions['initializer']
  const { bias, initializer = 'glorotUniform' } = parseOptions('linear', options, {
    bias: boolean(true),
    initializer: asGiven,
  })
  const weight = parameterFrom(initialize('linear', [inputs, outputs], initializer))
  const offset = bias ? filledParameter([outputs], 0) : null
  return layer({
    kind: 'linear',
    label: `linear(${inputs}, ${outputs})`,
    parameters: { weight, ...(offset ? { bias: offset } : {}) },
    forward: x =>
      keepResult(() => {
        const w = parameterFor(x, weight)
        return offset ? linearOp(x, w, parameterFor(x, offset)) : linearOp(x, w)
      }),
  })
}

/**
 * x·wᵀ + b back from the outputs of a linear layer to its inputs: the weight is that layer's own, one parameter of both,
 * whose gradients add up (the decoder of an autoencoder); b is new, of zeros. Throws `value` for what is no linear layer.
 */
export function tied(to: Layer, options: { bias?: boolean } = {}): Layer {
  const weight = to?.kind === 'linear' ? to.namedParameters().get('weight') : undefined
  if (!weight) {
    const found = to?.label ?? show(to)
    fail('value', 'tied', `${found} is no linear layer.`, 'Pass what linear(inputs, outputs) gave.')
  }
  const { bias } = parseOptions('tied', options, { bias: boolean(true) })
  const [outputs, inputs] = [at(weight.shape, 0), at(weight.shape, 1)]
  const offset = bias ? filledParameter([outputs], 0, { engine: weight.engine }) : null
  const label = `tied(${inputs}, ${outputs})`
  return layer({
    kind: 'tied',
    label,
    parameters: { weight, ...(offset ? { bias: offset } : {}) },
    forward: x => {
      if (x.shape.at(-1) !== inputs) fail('shape', label, `x is ${show(x.shape)}; it must be […, ${inputs}].`)
      return keepResult(() => {
        const product = matmul(x, parameterFor(x, weight), { transposeB: true })
        return offset ? add(product, parameterFor(x, offset)) : product
      })
    },
  })
}

/** In training, drops a random share of the elements and scales the rest by 1 / (1 − probability). */
export function dropout(probability: number): Layer {
  if (typeof probability !== 'number' || !(probability >= 0 && probability < 1)) {
    fail('value', 'dropout', `probability is ${show(probability)}; it must be in [0, 1).`)
  }
  return layer({
    kind: 'dropout',
    label: `dropout(${probability})`,
    forward: (x, { training }) => dropoutOp(x, { probability, training }),
  })
}

/** [rows, ...] to [rows, features]. */
export const flatten = plain('flatten', x => reshape(x, [x.shape[0] ?? 1, sizeOf(x.shape.slice(1))]))

/** Layers one after another. */
export function sequential(...layers: readonly Layer[]): Layer {
  checkLayers('sequential', layers)
  return layer({
    kind: 'sequential',
    label: 'sequential',
    layers,
    forward: (x, options) => layers.reduce((y, part) => part(y, options), x),
  })
}

/** x + block(x): He et al. 2016. Throws `shape` when the block gives another shape than it takes. */
export function residual(block: Layer): Layer {
  checkLayers('residual', [block])
  return layer({
    kind: 'residual',
    label: 'residual',
    layers: [block],
    forward: (x, options) => {
      const y = block(x, options)
      if (!sameShape(x.shape, y.shape)) {
        fail(
          'shape',
          'residual',
          `${block.label} takes ${show(x.shape)} to ${show(y.shape)}, which cannot be added.`,
          'Give the block as many outputs as inputs.',
        )
      }
      return add(x, y)
    },
  })
}
