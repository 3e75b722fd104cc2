// Update ops: they overwrite parameters in place, in tape order, after all readers of the old version.
import adamWgsl from '../../shaders/adam.wgsl?raw'
import momentumWgsl from '../../shaders/momentum.wgsl?raw'
import sgdWgsl from '../../shaders/sgd.wgsl?raw'
import { isFloat, type NumericArray } from '../dtype.ts'
import { fail, must, show } from '../errors.ts'
import { shader } from '../kernel.ts'
import { defineOp, type Op, type Sample } from '../op.ts'
import { at, sameShape, sizeOf } from '../shape.ts'
import { type Move, move, moveReference } from '../skeletons/move.ts'
import { update as updateKernel } from '../skeletons/update.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { ULP, ulps } from './samples.ts'

type Update = Op<readonly Tensor[], readonly []>

const copyWhole = ([value]: readonly Spec[]): readonly Move[] => [
  {
    shape: [sizeOf((value as Spec).shape)],
    source: { offset: 0, strides: [1] },
    target: { offset: 0, strides: [1] },
  },
]

/** Overwrites a parameter with a tensor of its shape and dtype: `assign(value, parameter)`. */
export const assign: Op<[value: Tensor, parameter: Tensor], readonly []> = defineOp<
  object,
  [value: Tensor, parameter: Tensor],
  readonly []
>({
  name: 'assign',
  family: 'update',
  method: false,
  parse: (value, parameter) => ({ inputs: [value, parameter], attributes: {} }),
  infer: ([value, parameter]) => {
    const [from, to] = [value as Spec, parameter as Spec]
    if (!sameShape(from.shape, to.shape))
      fail(
        'shape',
        'assign',
        `the parameter is ${show(to.shape)}, the value ${show(from.shape)}.`,
        'They must be the same.',
      )
    return to
  },
  updates: [1],
  reference: moveReference(copyWhole),
  kernel: move(copyWhole),
  gradient: 'none',
  tolerance: ulps(0),
  samples: [[1], [67], [3, 5], [4, 8]].map(shape => ({
    inputs: [
      { shape, low: -3, high: 3 },
      { shape, low: -3, high: 3 },
    ],
  })),
})

export interface UpdateEntry {
  readonly name: string
  readonly wgsl: string
  /** Names of the states' bindings in the shader. */
  readonly states: readonly string[]
  /** Names of the settings, in the order the kernel reads them. */
  readonly settings: readonly string[]
  /** The next parameter and states of one element. */
  readonly rule: (
    p: number,
    g: number,
    states: readonly number[],
    settings: NumericArray,
  ) => readonly number[]
  readonly sampleSettings: readonly (readonly number[])[]
  /** Absolute error of one step of the samples, in ULP of 1. */
  readonly error: number
}

/** An update of parameters of a shape; `proceed` holds the flag that lets it, if there is one. */
const sampleOf = (
  { states, settings }: UpdateEntry,
  shape: readonly number[],
  values: readonly number[],
  proceed: readonly number[],
): Sample<readonly Tensor[]> => ({
  inputs: [
    { shape, low: -3, high: 3 },
    { shape, low: -1, high: 1 },
    ...states.map(() => ({ shape, low: 0, high: 1 })),
    { shape: [settings.length], dtype: 'float32', values },
    ...proceed.map(flag => ({ shape: [], dtype: 'bool' as const, values: [flag] })),
  ],
  gradient: false,
  note: 'updates have no gradient',
})

/**
 * An optimizer's update of a whole arena: `update(parameter, gradient, ...states, settings, proceed?)`. The gradient may
 * be of another float dtype. Where `proceed`, a bool scalar, is false, nothing is written: every bit stays.
 */
function update(entry: UpdateEntry): Update {
  const { name, states, settings } = entry
  const stateInputs = states.map((_, i) => i + 2)
  const least = states.length + 3
  return defineOp<object, readonly Tensor[], readonly []>({
    name,
    family: 'update',
    method: false,
    parse: (...inputs) => ({ inputs, attributes: {} }),
    infer: inputs => {
      if (inputs.length !== least && inputs.length !== least + 1)
        fail('value', name, `it takes ${least} or ${least + 1} tensors, not ${inputs.length}.`)
      const [parameter, gradient] = inputs as [Spec, Spec]
      if (!isFloat(parameter.dtype))
        fail('dtype', name, `the parameter is ${parameter.dtype}; it must be a float.`)
      if (!isFloat(gradient.dtype))
        fail('dtype', name, `the gradient is ${gradient.dtype}; it must be a float.`, 'Use cast(x, dtype).')
      const moments = stateInputs.map(i => must(inputs[i], 'state'))
      for (const input of [gradient, ...moments]) {
        if (!sameShape(input.shape, parameter.shape))
          fail(
            'shape',
            name,
            `the parameter is ${show(parameter.shape)}, its gradient or state ${show(input.shape)}.`,
          )
      }
      for (const { dtype } of moments) {
        if (dtype !== parameter.dtype)
          fail('dtype', name, `the parameter is ${parameter.dtype}, its state ${dtype}.`)
      }
      if (at(must(inputs[least - 1], 'settings').shape, 0) !== settings.length)
        fail('shape', name, `settings are ${settings.join(', ')}.`)
      const proceed = inputs[least]
      if (proceed && (proceed.dtype !== 'bool' || sizeOf(proceed.shape) !== 1))
        fail('dtype', name, `proceed is ${proceed.dtype} ${show(proceed.shape)}; it must be a bool scalar.`)
      return [parameter, ...moments]
    },
    mixed: true,
    updates: [0, ...stateInputs],
    reference: (inputs, outputs) => {
      const [p, g] = inputs as [NumericArray, NumericArray]
      const numbers = must(inputs[least - 1], 'settings')
      const proceeds = at(inputs[least] ?? [1], 0) !== 0
      for (let i = 0; i < p.length; i++) {
        const before = stateInputs.map(k => at(must(inputs[k], 'state'), i))
        const next = proceeds ? entry.rule(at(p, i), at(g, i), before, numbers) : [at(p, i), ...before]
        next.forEach((value, k) => {
          must(outputs[k], 'output')[i] = value
        })
      }
    },
    kernel: updateKernel({ skeleton: shader(entry.wgsl), states }),
    gradient: 'none',
    tolerance: () => ({ relative: 8 * ULP, absolute: entry.error * ULP }),
    // A multiply-add a setting is about what an element takes.
    operations: ([parameter]) => 2 * settings.length * sizeOf((parameter as Spec).shape),
    samples: entry.sampleSettings.flatMap((values, i) => [
      ...[[1], [67], [3, 5], [1000]].flatMap(shape =>
        [[], [1], [0]].map(proceed => sampleOf(entry, shape, values, proceed)),
      ),
      ...(i === 0 ? [{ ...sampleOf(entry, [2 ** 20], values, []), benchmark: true }] : []),
    ]),
  })
}

/** p − learningRate·(g + weightDecay·p). */
export const sgdUpdate: Update = update({
  name: 'sgdUpdate',
  wgsl: sgdWgsl,
  states: [],
  settings: ['learningRate', 'weightDecay'],
  rule: (p, g, _states, s) => [p - at(s, 0) * (g + at(s, 1) * p)],
  sampleSettings: [
    [0.1, 0],
    [0.1, 0.01],
  ],
  error: 4,
})

/** Momentum as in PyTorch; `share` is 1 − dampening, and at the first step momentum 0 and share 1 make v = g. */
export const momentumUpdate: Update = update({
  name: 'momentumUpdate',
  wgsl: momentumWgsl,
  states: ['velocity'],
  settings: ['learningRate', 'weightDecay', 'momentum', 'share', 'nesterov'],
  rule: (p, gradient, [velocity], s) => {
    const g = gradient + at(s, 1) * p
    const v = at(s, 2) * (velocity as number) + at(s, 3) * g
    const step = at(s, 4) ? g + at(s, 2) * v : v
    return [p - at(s, 0) * step, v]
  },
  sampleSettings: [
    [0.1, 0, 0.9, 1, 0],
    [0.1, 0.01, 0.9, 0.5, 0],
    [0.1, 0, 0.9, 1, 1],
  ],
  error: 8,
})

/** Adam: Kingma and Ba 2015, algorithm 1. */
export const adamUpdate: Update = update({
  name: 'adamUpdate',
  wgsl: adamWgsl,
  states: ['mean', 'square'],
  settings: [
    'learningRate',
    'beta1',
    '1 - beta1',
    'beta2',
    '1 - beta2',
    'epsilon',
    '1 - beta1^t',
    '1 - beta2^t',
  ],
  rule: (p, g, [mean, square], s) => {
    const m = at(s, 1) * (mean as number) + at(s, 2) * g
    const v = at(s, 3) * (square as number) + at(s, 4) * g * g
    const step = m / at(s, 6) / (Math.sqrt(v / at(s, 7)) + at(s, 5))
    return [p - at(s, 0) * step, m, v]
  },
  sampleSettings: [
    [0.001, 0.9, 0.1, 0.999, 0.001, 1e-8, 0.1, 0.001],
    [0.1, 0.9, 0.1, 0.999, 0.001, 1e-8, 0.65, 0.01],
  ],
  // The step is at most 0.1·1.5·√10: a dozen ULP of it, and those of p ≤ 3.
  error: 16,
})
