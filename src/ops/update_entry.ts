// What the updates of all optimizers share: their inputs, penalties, velocity, reference and samples.
import straightWgsl from '../../shaders/update/straight.wgsl?raw'
import velocityWgsl from '../../shaders/update/velocity.wgsl?raw'
import { isFloat, type NumericArray } from '../dtype.ts'
import { fail, must, show } from '../errors.ts'
import { shader } from '../kernel.ts'
import { defineOp, type Op, type Sample, type SampleInput } from '../op.ts'
import { at, sameShape, sizeOf } from '../shape.ts'
import { GROUP_BLOCK, update as updateKernel } from '../skeletons/update.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { draw, ULP } from './samples.ts'

/** Settings of penalties: λ of λ·p added to the gradient, the share of p taken off, and how far an L1 penalty draws to 0. */
export type Penalty = 'weightDecay' | 'decay' | 'threshold'
/** What the direction, or the velocity, is multiplied by. */
type Straight = Penalty | 'rate'
/** v = momentum·v + share·d, and the step is direct·d + rate·v. */
type Velocity = Straight | 'momentum' | 'share' | 'direct'

export type Settings<Name extends string> = Readonly<Record<Name, number>>

/**
 * An optimizer's update of a whole arena: `update(parameter, gradient, ...states, settings, table?, proceed?)`. The
 * gradient may be of another float dtype. With `table`, the group of each 128 elements, settings are those of all groups.
 * Where `proceed`, a bool scalar, is false, nothing is written: every bit stays.
 */
export type Update<Name extends string> = Op<readonly Tensor[], readonly []> & {
  readonly states: readonly string[]
  /** Names of the settings, in the order the kernel reads them. */
  readonly settings: readonly Name[]
}

/** What a rule multiplies a gradient with. */
export interface Metric {
  stretch: number
}

/** A rule for the direction of steps: its WGSL, and the same for the reference. */
export interface Direction<Name extends string> {
  readonly wgsl: string
  /** Names of the states, and of their bindings in the shader. */
  readonly states: readonly string[]
  readonly settings: readonly Name[]
  /** The direction of one element; its next states are written over the old ones, and how it stretches a gradient. */
  readonly along: (settings: Settings<Name>) => (g: number, states: number[], metric: Metric) => number
  readonly samples: readonly Settings<Name>[]
  /** Absolute error of a direction of the samples, in ULP of 1. */
  readonly error: number
}

const STRAIGHT = ['weightDecay', 'decay', 'threshold', 'rate'] as const
const VELOCITY = [...STRAIGHT, 'momentum', 'share', 'direct'] as const

/** The step along a direction, and the penalties, of the samples. */
const STEPS: readonly Settings<Velocity>[] = [
  { weightDecay: 0, decay: 0, threshold: 0, rate: 0.1, momentum: 0.9, share: 1, direct: 0 },
  { weightDecay: 0.01, decay: 0, threshold: 0.05, rate: 0.05, momentum: 0.5, share: 0.5, direct: 0.1 },
  { weightDecay: 0, decay: 0.02, threshold: 1, rate: 0.001, momentum: 0.9, share: 1, direct: 0 },
]

/** An update that steps straight along a direction. */
export function straightUpdate<Name extends string>(
  name: string,
  direction: Direction<Name>,
): Update<Name | Straight> {
  return update<Name, Straight>(name, direction, STRAIGHT, straightWgsl, s => d => s.rate * d)
}

/** An update along a velocity, its last state, that gathers directions. */
export function velocityUpdate<Name extends string>(
  name: string,
  direction: Direction<Name>,
): Update<Name | Velocity> {
  const states = [...direction.states, 'velocity']
  const last = states.length - 1
  return update<Name, Velocity>(
    name,
    { ...direction, states, error: 2 * direction.error },
    VELOCITY,
    velocityWgsl,
    s => (d, next) => {
      const v = s.momentum * at(next, last) + s.share * d
      next[last] = v
      return s.direct * d + s.rate * v
    },
  )
}

function update<Name extends string, Common extends Straight | Velocity>(
  name: string,
  { wgsl, states, settings: own, along, samples, error }: Direction<Name>,
  common: readonly (Straight | Common)[],
  stepWgsl: string,
  stepAlong: (settings: Settings<Common>) => (d: number, states: number[]) => number,
): Update<Name | Common> {
  type Names = Name | Common
  const settings = [...common, ...own] as readonly Names[]
  const stateInputs = states.map((_, i) => i + 2)
  const place = states.length + 2
  /** The table and the flag, where there are any. */
  const rest = <T>(inputs: readonly T[], specs: readonly Spec[]): { table?: T; proceed?: T } => {
    const isGrouped = specs[place + 1]?.dtype === 'uint32'
    const [table, proceed] = isGrouped ? inputs.slice(place + 1) : [undefined, inputs[place + 1]]
    return { ...(table ? { table } : {}), ...(proceed ? { proceed } : {}) }
  }
  const rule = (numbers: NumericArray, group: number) => {
    const first = group * settings.length
    const named = Object.fromEntries(settings.map((key, i) => [key, at(numbers, first + i)]))
    const s = named as Settings<Names | Straight>
    const [directionOf, stepOf] = [along(s), stepAlong(s)]
    const metric: Metric = { stretch: 1 }
    return (p: number, gradient: number, next: number[]): number => {
      const step = stepOf(directionOf(gradient + s.weightDecay * p, next, metric), next)
      const moved = p - s.decay * p - step
      const threshold = s.threshold * metric.stretch
      return moved - Math.min(Math.max(moved, -threshold), threshold)
    }
  }
  const op = defineOp<object, readonly Tensor[], readonly []>({
    name,
    family: 'update',
    method: false,
    parse: (...inputs) => ({ inputs, attributes: {} }),
    infer: inputs => {
      const { table, proceed } = rest(inputs, inputs)
      const most = place + 1 + Number(table !== undefined) + Number(proceed !== undefined)
      if (inputs.length < place + 1 || inputs.length > most)
        fail('value', name, `it takes ${place + 1} to ${place + 3} tensors, not ${inputs.length}.`)
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
      const numbers = sizeOf(must(inputs[place], 'settings').shape)
      if (table ? numbers === 0 || numbers % settings.length > 0 : numbers !== settings.length)
        fail('shape', name, `settings are ${settings.join(', ')}${table ? ' of each group' : ''}.`)
      const blocks = Math.ceil(sizeOf(parameter.shape) / GROUP_BLOCK)
      if (table && sizeOf(table.shape) !== blocks)
        fail('shape', name, `the table is ${show(table.shape)}; it must have ${blocks} groups.`)
      if (proceed && (proceed.dtype !== 'bool' || sizeOf(proceed.shape) !== 1))
        fail('dtype', name, `proceed is ${proceed.dtype} ${show(proceed.shape)}; it must be a bool scalar.`)
      return [parameter, ...moments]
    },
    mixed: true,
    updates: [0, ...stateInputs],
    reference: (inputs, outputs, { inputs: specs }) => {
      const [p, g] = inputs as [NumericArray, NumericArray]
      const { table, proceed } = rest(inputs, specs)
      const numbers = must(inputs[place], 'settings')
      const rules = Array.from({ length: numbers.length / settings.length }, (_, i) => rule(numbers, i))
      const next = states.map(() => 0)
      for (let i = 0; i < p.length; i++) {
        states.forEach((_, k) => {
          next[k] = at(must(inputs[k + 2], 'state'), i)
        })
        const group = table ? at(table, Math.floor(i / GROUP_BLOCK)) : 0
        const proceeds = !proceed || at(proceed, 0) !== 0
        must(outputs[0], 'parameter')[i] = proceeds
          ? must(rules[group], 'group')(at(p, i), at(g, i), next)
          : at(p, i)
        next.forEach((value, k) => {
          must(outputs[k + 1], 'state')[i] = value
        })
      }
    },
    kernel: updateKernel({ fragments: [shader(wgsl), shader(stepWgsl)], states, settings }),
    gradient: 'none',
    tolerance: () => ({ relative: 8 * ULP, absolute: error * ULP }),
    // A multiply-add a setting is about what an element takes.
    operations: ([parameter]) => 2 * settings.length * sizeOf((parameter as Spec).shape),
    samples: samplesOf(states.length, settings, samples),
  })
  return Object.assign(op, { states, settings })
}

/** Updates of parameters of all sizes, with each set of settings alone and with all of them as groups; with a flag, too. */
function samplesOf<Name extends string>(
  states: number,
  settings: readonly string[],
  own: readonly Settings<Name>[],
): Sample<readonly Tensor[]>[] {
  const rows = STEPS.map((steps, i) => {
    const all: Readonly<Record<string, number>> = { ...steps, ...own[i % own.length] }
    return settings.map(name => must(all[name], name))
  })
  const sample = (shape: readonly number[], values: readonly number[], more: readonly SampleInput[]) => ({
    inputs: [
      { shape, ...draw },
      { shape, low: -1, high: 1 },
      ...Array.from({ length: states }, () => ({ shape, low: 0, high: 1 })),
      { shape: [values.length], dtype: 'float32' as const, values },
      ...more,
    ],
    gradient: false,
    note: 'updates have no gradient',
  })
  const flags = [[], [1], [0]].map(values =>
    values.map(() => ({ shape: [], dtype: 'bool' as const, values })),
  )
  const table = (size: number): SampleInput => ({
    shape: [Math.ceil(size / GROUP_BLOCK)],
    dtype: 'uint32',
    values: [2, 0, 1],
  })
  return [
    ...rows.flatMap(row =>
      [[1], [67], [3, 5], [1000]].flatMap(shape => flags.map(flag => sample(shape, row, flag))),
    ),
    ...[[67], [9, 130]].flatMap(shape =>
      flags.map(flag => sample(shape, rows.flat(), [table(sizeOf(shape)), ...flag])),
    ),
    { ...sample([2 ** 20], must(rows[0], 'settings'), []), benchmark: true },
  ]
}
