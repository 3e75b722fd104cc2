// Optimizers: state in flat arenas beside the parameters', one fused update for all of them.
import { fail, show } from '../errors.ts'
import { hostVector } from '../host.ts'
import { zeros } from '../ops/create.ts'
import { pack } from '../ops/join.ts'
import { gatherArena, parameter } from '../ops/parameter.ts'
import { checkOptions } from '../options.ts'
import { sameShape } from '../shape.ts'
import { type Parameter, Tensor } from '../tensor.ts'

export interface Optimizer {
  /** Length of a step. Changing it makes no new recording. */
  learningRate: number
  /** Overwrites the parameters by their gradients, in the order of the parameters. */
  step(gradients: readonly Tensor[]): void
  /** The optimizer's tensors by name, flat as the parameters' arena is, and the steps taken. */
  state(): { readonly steps: number; readonly tensors: Readonly<Record<string, Parameter>> }
}

/** A number above 0, or `option`. */
export function positive(where: string, name: string, value: unknown): number {
  if (typeof value !== 'number' || !(value > 0) || value === Number.POSITIVE_INFINITY) {
    fail('option', where, `${name} is ${show(value)}; it must be a number above 0.`)
  }
  return value
}

/** A number in [0, below), or `option`. */
export function share(where: string, name: string, value: unknown, below = 1): number {
  if (typeof value !== 'number' || !(value >= 0) || !(value < below)) {
    fail('option', where, `${name} is ${show(value)}; it must be in [0, ${below}).`)
  }
  return value
}

interface Rule {
  readonly name: string
  readonly parameters: readonly Parameter[]
  readonly learningRate: number
  /** Names of the state tensors. */
  readonly states: readonly string[]
  /** The update op. */
  readonly update: (...inputs: Tensor[]) => unknown
  /** Its settings for a step, counted from 1. */
  readonly settings: (learningRate: number, step: number) => readonly number[]
}

/** Makes an optimizer of an update op. Its state is made here, its parameters gathered in an arena. */
export function optimizer({ name, parameters, learningRate, states, update, settings }: Rule): Optimizer {
  const arena = gatherArena(name, parameters)
  const members = [...parameters]
  const { engine } = arena
  const tensors = Object.fromEntries(states.map(state => [state, emptyState(arena)]))
  let rate = positive(name, 'learningRate', learningRate)
  let steps = 0
  const length = settings(rate, 1).length
  return {
    get learningRate() {
      return rate
    },
    set learningRate(value: number) {
      rate = positive(name, 'learningRate', value)
    },
    step(gradients) {
      checkGradients(name, members, gradients)
      if (arena.members.length !== members.length) {
        fail(
          'disposed',
          name,
          'another optimizer has taken over its parameters.',
          'Step that one, or make a new one.',
        )
      }
      const host = hostVector(engine, length, 'float32', () => settings(rate, ++steps))
      const packed = pack(gradients)
      update(arena, packed, ...Object.values(tensors), host)
      host.dispose()
      packed.dispose()
    },
    state: () => ({ steps, tensors }),
  }
}

function emptyState(arena: Parameter): Parameter {
  const empty = zeros(arena.shape, { dtype: arena.dtype, engine: arena.engine })
  const state = parameter(empty)
  empty.dispose()
  return state
}

function checkGradients(
  where: string,
  parameters: readonly Parameter[],
  gradients: unknown,
): asserts gradients is readonly Tensor[] {
  if (!Array.isArray(gradients) || gradients.length !== parameters.length) {
    const found = Array.isArray(gradients) ? `${gradients.length} gradients` : show(gradients)
    fail(
      'value',
      where,
      `expected ${parameters.length} gradients, one a parameter, not ${found}.`,
      'Pass grad(loss, model.parameters()).',
    )
  }
  parameters.forEach(({ shape }, i) => {
    const gradient: unknown = gradients[i]
    if (!(gradient instanceof Tensor))
      fail('value', where, `gradient ${i} is ${show(gradient)}, not a tensor.`)
    if (!sameShape(gradient.shape, shape))
      fail('shape', where, `gradient ${i} is ${show(gradient.shape)}, its parameter ${show(shape)}.`)
  })
}

/** Reads options with defaults, refusing unknown ones. */
export function withDefaults<T extends object>(where: string, options: Partial<T>, defaults: T): T {
  checkOptions(where, options, Object.keys(defaults))
  return {
    ...defaults,
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
  }
}
