// The multilayer perceptron by its sizes.
import { fail, nearest, show } from '../errors.ts'
import { boolean, number, type OptionContext, parseOptions } from '../options.ts'
import { at } from '../shape.ts'
import { type ActivationName, activations } from './activations.ts'
import type { Initializer, InitializerName } from './initializers.ts'
import { checkSizes, type Layer } from './layer.ts'
import { dropout, linear, sequential } from './layers.ts'
import { batchNorm } from './norms.ts'

/** Options of `mlp`. */
export interface MlpOptions {
  /** Of all hidden layers, or a list of one for each. Default 'relu'. */
  activation?: ActivationName | readonly ActivationName[]
  /** Of the outputs. Default none: losses such as softmaxCrossEntropy take logits. */
  outputActivation?: ActivationName
  /** Share of each hidden layer's units dropped in training, after the activation. Default 0: none. */
  dropout?: number
  /** Whether to normalise each hidden layer before its activation; its linear part then has no bias. Default false. */
  batchNorm?: boolean
  /** How the weights start. Default 'glorotUniform'. */
  initializer?: InitializerName | Initializer
}

function activationName(value: unknown, { name }: OptionContext): ActivationName {
  if (typeof value === 'string' && Object.hasOwn(activations, value)) return value as ActivationName
  const known = Object.keys(activations)
  const near = typeof value === 'string' ? nearest(value, known) : null
  return fail(
    'option',
    'mlp',
    `${name}: unknown activation ${show(value)}.`,
    near ? `Did you mean '${near}'?` : `Known: ${known.join(', ')}.`,
  )
}

/**
 * A multilayer perceptron of the given sizes, inputs and outputs included: `mlp([784, 1024, 10])`. Each hidden layer is
 * linear, normalised if asked, an activation, and dropout if asked; the last is linear. Throws `value` for sizes and
 * `option` for options that make no network.
 */
export function mlp(sizes: readonly number[], options: MlpOptions = {}): Layer {
  checkSizes('mlp', sizes)
  const hidden = sizes.length - 2
  const checked = parseOptions('mlp', options, {
    activation: (value, context) => {
      if (!Array.isArray(value))
        return Array<ActivationName>(hidden).fill(
          value === undefined ? 'relu' : activationName(value, context),
        )
      if (value.length !== hidden)
        fail(
          'option',
          'mlp',
          `activation lists ${value.length}; sizes ${show(sizes)} have ${hidden} hidden layers.`,
          'List one a hidden layer.',
        )
      return value.map(item => activationName(item, context))
    },
    outputActivation: (value, context) => (value === undefined ? null : activationName(value, context)),
    dropout: number(0, { min: 0, max: 1 }),
    batchNorm: boolean(false),
    initializer: value => value as MlpOptions['initializer'],
  })
  const { initializer } = checked
  const drawn = initializer === undefined ? {} : { initializer }
  const layers = sizes.slice(1).flatMap((outputs, i): Layer[] => {
    const inputs = at(sizes, i)
    if (i === hidden) {
      const last = linear(inputs, outputs, drawn)
      return checked.outputActivation ? [last, activations[checked.outputActivation]()] : [last]
    }
    return [
      // A bias would vanish with the mean.
      linear(inputs, outputs, { ...drawn, bias: !checked.batchNorm }),
      ...(checked.batchNorm ? [batchNorm(outputs)] : []),
      activations[checked.activation[i] as ActivationName](),
      ...(checked.dropout > 0 ? [dropout(checked.dropout)] : []),
    ]
  })
  return sequential(...layers)
}
