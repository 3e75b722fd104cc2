// What a layer is: a function of a tensor that knows its parameters and its parts.
import { isFloat } from '../dtype.ts'
import { fail, show } from '../errors.ts'
import { inDType } from '../ops/in_dtype.ts'
import { checkTensor, refuseExtra } from '../ops/signature.ts'
import { boolean, checkKind, checkOptions } from '../options.ts'
import { Parameter, type Tensor } from '../tensor.ts'
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
  /** The function that makes such layers, by which tools know them: 'linear', 'relu'. Of one's own 'own', unless it says. */
  readonly kind: string
  /** The layers it is made of. */
  readonly layers: readonly Layer[]
  /** All parameters, in a fixed order: its own, then those of its parts. */
  parameters(): Parameter[]
  /** The same by name: `0.weight`, `2.bias`. */
  namedParameters(): Map<string, Parameter>
  /** State that training overwrites without a gradient, such as running statistics. Not among the parameters. */
  buffers(): Parameter[]
  /** The same by name: `1.mean`, `1.variance`. */
  namedBuffers(): Map<string, Parameter>
  /**
   * A table of layers: what each gives (`*` for the rows of a batch, nothing where its sizes do not tell), its parameters
   * and their count, its buffers, and the sums. Nothing is computed.
   */
  summary(): string
  /** Frees parameters and buffers, those of its parts too. */
  dispose(): void
}

/** What a layer of your own is made of. */
export interface LayerParts {
  readonly label: string
  /** Default 'own'. A layer that is 'sigmoid', 'tanh' or 'relu' is looked at as those by `train.diagnose`. */
  readonly kind?: string
  readonly forward: (x: Tensor, options: Required<CallOptions>) => Tensor
  /** Its own parameters by name. */
  readonly parameters?: Readonly<Record<string, Parameter>>
  /** Its own buffers by name: what forward assigns to in training, and no optimizer. */
  readonly buffers?: Readonly<Record<string, Parameter>>
  readonly layers?: readonly Layer[]
}

/**
 * Makes a layer of one's own from a forward function and, where it has some, parameters, buffers and inner layers. All
 * that a layer can do follows from them. A gain of its own for each of n features:
 *
 *     const gain = (n: number) => {
 *       const weight = parameter(ones([n]))
 *       return nn.layer({ label: `gain(${n})`, parameters: { weight }, forward: x => x.mul(weight) })
 *     }
 *
 * `forward` is called with { training } and may hand that on to the layers it lists. Throws `value` for parameters and
 * buffers that are none, for a name that both have, and when forward gives no tensor.
 */
export function layer(parts: LayerParts): Layer {
  checkKind('layer', 'the argument', parts, 'an object')
  const { label, kind = 'own', forward, parameters = {}, buffers = {}, layers = [] } = parts
  checkKind('layer', 'label', label, 'text')
  checkKind('layer', 'forward', forward, 'a function', 'Write forward: x => ….')
  checkKind('layer', 'parameters', parameters, 'an object')
  checkKind('layer', 'buffers', buffers, 'an object')
  checkLayers(label, layers)
  for (const [name, item] of [...Object.entries(parameters), ...Object.entries(buffers)]) {
    if (!(item instanceof Parameter))
      fail(
        'value',
        label,
        `${name} is ${show(item)}, not a parameter.`,
        'Make it one with parameter(tensor).',
      )
    if (Object.hasOwn(parameters, name) && Object.hasOwn(buffers, name))
      fail('value', label, `a parameter and a buffer are both called ${name}.`, 'Rename one.')
  }
  const call = (x: Tensor, options: CallOptions = {}): Tensor => {
    checkTensor(label, x)
    checkOptions(label, options, ['training'])
    const training = boolean(false)(options.training, { where: label, name: 'training', rank: x.rank })
    return observed(made, x, () => {
      const output = forward(x, { training })
      checkTensor(label, output, "forward's result")
      return output
    })
  }
  const named = (own: Readonly<Record<string, Parameter>>, ofPart: (part: Layer) => Map<string, Parameter>) =>
    new Map([
      ...Object.entries(own),
      ...layers.flatMap((part, i) =>
        [...ofPart(part)].map(([name, parameter]): [string, Parameter] => [`${i}.${name}`, parameter]),
      ),
    ])
  const namedParameters = () => named(parameters, part => part.namedParameters())
  const namedBuffers = () => named(buffers, part => part.namedBuffers())
  const made: Layer = Object.assign(call, {
    label,
    kind,
    layers,
    namedParameters,
    namedBuffers,
    // A parameter that two layers share is one parameter.
    parameters: () => [...new Set(namedParameters().values())],
    buffers: () => [...new Set(namedBuffers().values())],
    summary: () => summarize(made, observeLayers),
    dispose: () => {
      for (const tensor of [...made.parameters(), ...made.buffers()]) tensor.dispose()
    },
  })
  return made
}

/** A layer's call, as `observeLayers` tells of it. */
export interface LayerEvent {
  /** The layer's place, as in the names of parameters: '' for the model, '0', '2.1'. */
  readonly path: string
  readonly layer: Layer
  readonly input: Tensor
  /** Undefined on entering. */
  readonly output: Tensor | undefined
  readonly when: 'enter' | 'leave'
}

interface Observation {
  readonly observe: (event: LayerEvent) => void
  /** The calls under way, outermost first; `next` is where to look for the layer called next. */
  readonly calls: { readonly layer: Layer; readonly path: string; next: number }[]
}

let observation: Observation | null = null

/**
 * Runs `body`, and tells `observe` of each call of a layer in it as it begins and ends. Replays of compiled functions
 * call no layers: observe while one records. What `observe` computes of a tensor is a part of the recording.
 */
export function observeLayers<T>(observe: (event: LayerEvent) => void, body: () => T): T {
  checkKind('observeLayers', 'observe', observe, 'a function')
  checkKind('observeLayers', 'body', body, 'a function')
  const before = observation
  observation = { observe, calls: [] }
  try {
    return body()
  } finally {
    observation = before
  }
}

function observed(layer: Layer, input: Tensor, run: () => Tensor): Tensor {
  if (!observation) return run()
  const { observe, calls } = observation
  const path = pathOf(layer, calls.at(-1))
  calls.push({ layer, path, next: 0 })
  try {
    observe({ path, layer, input, output: undefined, when: 'enter' })
    const output = run()
    observe({ path, layer, input, output, when: 'leave' })
    return output
  } finally {
    calls.pop()
  }
}

/** Where a layer stands in the one that calls it. One that is listed twice is called in that order. */
function pathOf(layer: Layer, caller: Observation['calls'][number] | undefined): string {
  if (!caller) return ''
  const { layers } = caller.layer
  const later = layers.indexOf(layer, caller.next)
  const place = later >= 0 ? later : layers.indexOf(layer)
  caller.next = place + 1
  const name = place >= 0 ? String(place) : layer.label
  return caller.path === '' ? name : `${caller.path}.${name}`
}

/**
 * A parameter as its layer computes with it: in the dtype of x where that is another float. Its gradient comes back in
 * its own, so that float32 parameters serve as the masters of a network that computes in float16.
 */
export function parameterFor(x: Tensor, parameter: Parameter): Tensor {
  return isFloat(x.dtype) ? inDType(parameter, x.dtype) : parameter
}

/** A function without options as a layer. */
export const plain =
  (name: string, apply: (x: Tensor) => Tensor) =>
  (...options: readonly never[]): Layer => {
    refuseExtra(name, options, 0)
    return layer({ kind: name, label: `${name}()`, forward: x => apply(x) })
  }

/** Throws `value` unless every item is a layer. */
export function checkLayers(where: string, layers: readonly unknown[]): asserts layers is readonly Layer[] {
  checkKind(where, 'layers', layers, 'a list')
  layers.forEach((item, i) => {
    if (typeof item === 'function' && 'namedParameters' in item && 'namedBuffers' in item) return
    fail(
      'value',
      where,
      `item ${i} is ${show(item)}, not a layer.`,
      'Pass layers such as linear(2, 8) or relu().',
    )
  })
}

/** Throws `value` for what is no count of features. */
export function checkSize(where: string, size: unknown, name: string): void {
  if (typeof size === 'number' && Number.isSafeInteger(size) && size > 0) return
  fail('value', where, `${name} is ${show(size)}; it must be a whole number above 0.`)
}

/** Throws `value` for sizes that make no network. */
export function checkSizes(where: string, sizes: readonly number[]): void {
  if (!Array.isArray(sizes) || sizes.length < 2)
    fail('value', where, `sizes are ${show(sizes)}; at least two are needed.`, `Write ${where}([784, 64]).`)
}
