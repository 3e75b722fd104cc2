// What a layer is: a function of a tensor that knows its parameters and its parts.
import { isFloat } from '../dtype.ts'
import { fail, show } from '../errors.ts'
import { checkTensor } from '../ops/signature.ts'
import { cast } from '../ops/unary.ts'
import { checkOptions } from '../options.ts'
import type { Parameter, Tensor } from '../tensor.ts'
import { summarize } from './summary.ts'

/** What a call of a layer may say. */
export interface CallOptions {
  /** Whether the call is part of training: dropout drops then. Default false. */
  training?: boolean
}

/** A model or a part of one: called like a function. */
export interface Layer {
  (x: Tensor, options?: CallOptions): Tensor
  /** What it is, as `summary` prints it: `linear(784, 1024)`. */
  readonly label: string
  /** The layers it is made of. */
  readonly layers: readonly Layer[]
  /** All parameters, in a fixed order: its own, then those of its parts. */
  parameters(): Parameter[]
  /** The same by name: `0.weight`, `2.bias`. */
  namedParameters(): Map<string, Parameter>
  /** A table of layers, parameter shapes and counts, with the sum. */
  summary(): string
}

export interface LayerParts {
  readonly label: string
  readonly forward: (x: Tensor, options: Required<CallOptions>) => Tensor
  /** Its own parameters by name. */
  readonly parameters?: Readonly<Record<string, Parameter>>
  readonly layers?: readonly Layer[]
}

/** Makes a layer of one's own from a forward function and, where it has some, parameters and inner layers. */
export function layer({ label, forward, parameters = {}, layers = [] }: LayerParts): Layer {
  const call = (x: Tensor, options: CallOptions = {}): Tensor => {
    checkTensor(label, x)
    checkOptions(label, options, ['training'])
    return forward(x, { training: options.training ?? false })
  }
  const namedParameters = (): Map<string, Parameter> => {
    const named = new Map(Object.entries(parameters))
    layers.forEach((inner, i) => {
      for (const [name, parameter] of inner.namedParameters()) named.set(`${i}.${name}`, parameter)
    })
    return named
  }
  const made: Layer = Object.assign(call, {
    label,
    layers,
    namedParameters,
    // A parameter that two layers share is one parameter.
    parameters: () => [...new Set(namedParameters().values())],
    summary: () => summarize(made),
  })
  return made
}

/**
 * A parameter as its layer computes with it: in the dtype of x where that is another float. Its gradient comes back in
 * its own, so that float32 parameters serve as the masters of a network that computes in float16.
 */
export function inDTypeOf(x: Tensor, parameter: Parameter): Tensor {
  const differs = x.dtype !== parameter.dtype && isFloat(x.dtype)
  return differs ? cast(parameter, x.dtype) : parameter
}

/** Throws `value` unless every item is a layer. */
export function checkLayers(where: string, layers: readonly unknown[]): asserts layers is readonly Layer[] {
  layers.forEach((item, i) => {
    if (typeof item === 'function' && 'parameters' in item && 'namedParameters' in item) return
    fail(
      'value',
      where,
      `item ${i} is ${show(item)}, not a layer.`,
      'Pass layers such as linear(2, 8) or relu().',
    )
  })
}
