// The layers of a multilayer perceptron: linear, activations, dropout, and their composition.
import { fail, show } from '../errors.ts'
import * as activationOps from '../ops/activations.ts'
import { zeros } from '../ops/create.ts'
import { linear as linearOp } from '../ops/matmul.ts'
import { parameterFrom } from '../ops/parameter.ts'
import { dropout as dropoutOp } from '../ops/random.ts'
import { softmax as softmaxOp } from '../ops/softmax.ts'
import { tanh as tanhOp } from '../ops/unary.ts'
import { boolean, number, parseOptions } from '../options.ts'
import { at } from '../shape.ts'
import { keepResult, type Tensor } from '../tensor.ts'
import { type Initializer, type InitializerName, initialize } from './initializers.ts'
import { checkLayers, inDTypeOf, type Layer, layer } from './layer.ts'

function checkSize(where: string, size: unknown, name: string): void {
  if (typeof size === 'number' && Number.isSafeInteger(size) && size > 0) return
  fail('value', where, `${name} is ${show(size)}; it must be a whole number above 0.`)
}

export interface LinearOptions {
  bias?: boolean
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
  const offset = bias ? parameterFrom(zeros([outputs])) : null
  return layer({
    label: `linear(${inputs}, ${outputs})`,
    parameters: { weight, ...(offset ? { bias: offset } : {}) },
    forward: x =>
      keepResult(() => {
        const w = inDTypeOf(x, weight)
        return offset ? linearOp(x, w, inDTypeOf(x, offset)) : linearOp(x, w)
      }),
  })
}

/** An elementwise function as a layer. */
const activation =
  <O extends object>(name: string, apply: (x: Tensor, options?: O) => Tensor) =>
  (options?: O): Layer => {
    const words = options ? Object.entries(options).map(([key, value]) => `${key}: ${show(value)}`) : []
    return layer({ label: `${name}(${words.join(', ')})`, forward: x => apply(x, options) })
  }

export const relu = activation('relu', x => activationOps.relu(x))
export const leakyRelu = activation('leakyRelu', activationOps.leakyRelu)
export const elu = activation('elu', activationOps.elu)
export const selu = activation('selu', x => activationOps.selu(x))
export const gelu = activation('gelu', activationOps.gelu)
export const silu = activation('silu', x => activationOps.silu(x))
export const sigmoid = activation('sigmoid', x => activationOps.sigmoid(x))
export const tanh = activation('tanh', x => tanhOp(x))
export const softplus = activation('softplus', x => activationOps.softplus(x))
export const softmax = activation('softmax', softmaxOp)
export const identity = activation('identity', x => x)

/** Activations that `mlp` takes by name. */
export const activations = { relu, leakyRelu, elu, selu, gelu, silu, sigmoid, tanh, softplus, identity }
export type ActivationName = keyof typeof activations

/** In training, drops a random share of the elements and scales the rest by 1 / (1 − probability). */
export function dropout(probability: number): Layer {
  if (typeof probability !== 'number' || !(probability >= 0 && probability < 1)) {
    fail('value', 'dropout', `probability is ${show(probability)}; it must be in [0, 1).`)
  }
  return layer({
    label: `dropout(${probability})`,
    forward: (x, { training }) => dropoutOp(x, { probability, training }),
  })
}

/** Layers one after another. */
export function sequential(...layers: readonly Layer[]): Layer {
  checkLayers('sequential', layers)
  return layer({
    label: 'sequential',
    layers,
    forward: (x, options) => layers.reduce((y, part) => part(y, options), x),
  })
}

export interface MlpOptions {
  activation?: ActivationName
  /** Share of each hidden layer's units dropped in training. Default 0: none. */
  dropout?: number
  initializer?: InitializerName | Initializer
}

/** A multilayer perceptron of the given sizes, inputs and outputs included: `mlp([784, 1024, 10])`. The last layer is linear. */
export function mlp(sizes: readonly number[], options: MlpOptions = {}): Layer {
  if (!Array.isArray(sizes) || sizes.length < 2)
    fail(
      'value',
      'mlp',
      `sizes are ${show(sizes)}; at least two are needed.`,
      'Write mlp([inputs, …, outputs]).',
    )
  const asGiven = (value: unknown) => value as MlpOptions['initializer']
  const name = (value: unknown): ActivationName => {
    if (value === undefined) return 'relu'
    if (typeof value === 'string' && Object.hasOwn(activations, value)) return value as ActivationName
    return fail(
      'option',
      'mlp',
      `unknown activation ${show(value)}.`,
      `Known: ${Object.keys(activations).join(', ')}.`,
    )
  }
  const checked = parseOptions('mlp', options, {
    activation: name,
    dropout: number(0, { min: 0, max: 1 }),
    initializer: asGiven,
  })
  const layers = sizes.slice(1).flatMap((outputs, i): Layer[] => {
    const inputs = at(sizes, i)
    const weights = linear(
      inputs,
      outputs,
      checked.initializer === undefined ? {} : { initializer: checked.initializer },
    )
    if (i === sizes.length - 2) return [weights]
    return [
      weights,
      activations[checked.activation](),
      ...(checked.dropout > 0 ? [dropout(checked.dropout)] : []),
    ]
  })
  return sequential(...layers)
}
