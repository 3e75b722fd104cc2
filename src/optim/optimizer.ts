// Optimizers: state in flat arenas beside the parameters', one fused update for all of them.
import { fail, show } from '../errors.ts'
import { evaluated } from '../host.ts'
import { zeros } from '../ops/create.ts'
import { pack } from '../ops/join.ts'
import { reshape } from '../ops/move.ts'
import { gatherArena, parameterFrom } from '../ops/parameter.ts'
import { checkOptions } from '../options.ts'
import { sameShape } from '../shape.ts'
import { keepResult, type Parameter, Tensor } from '../tensor.ts'
import { LossScale } from './loss_scale.ts'

export interface StepOptions {
  /** The scale of the loss the gradients are of. */
  scale?: LossScale
}

export interface Optimizer {
  /** Length of a step. Changing it makes no new recording. */
  learningRate: number
  /**
   * Overwrites the parameters by their gradients, in the order of the parameters. With `scale`, the gradients are those of
   * a loss it was applied to: they are unscaled, and where one is not finite the step is skipped on the GPU: parameters
   * and state keep every bit. The host does not learn of that: the steps it counts, on which Adam's corrections 1 − βᵗ and
   * the first step of a dampened momentum depend, include skipped ones, so that early steps after one are a little shorter.
   */
  step(gradients: readonly Tensor[], options?: StepOptions): void
  /** The optimizer's tensors by name, flat as the parameters' arena is, and the steps taken, skipped ones included. */
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
  const tensors = Object.fromEntries(
    states.map(state => [state, parameterFrom(zeros(arena.shape, { dtype: arena.dtype, engine }))]),
  )
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
    step(gradients, options = {}) {
      checkGradients(name, members, gradients)
      const scale = checkScale(name, options)
      scale?.check(name, arena)
      if (arena.members.length !== members.length) {
        fail(
          'disposed',
          name,
          'another optimizer has taken over its parameters.',
          'Step that one, or make a new one.',
        )
      }
      keepResult(() => {
        const packed = flat(gradients, arena)
        const state = Object.values(tensors)
        // Last, since eager use asks for the settings here, and with them counts the step.
        const next = (): Tensor =>
          evaluated(
            name,
            engine,
            { shape: [length], dtype: 'float32' },
            () => settings(rate, ++steps),
            count => {
              steps -= count
            },
          )
        if (scale)
          scale.step(arena, packed, (gradient, finite) => update(arena, gradient, ...state, next(), finite))
        else update(arena, packed, ...state, next())
      })
    },
    state: () => ({ steps, tensors }),
  }
}

/** Gradients as the arena lies. One that fills it is that already. */
function flat(gradients: readonly Tensor[], { size, shape }: Parameter): Tensor {
  const [only] = gradients
  return only && gradients.length === 1 && only.size === size ? reshape(only, shape) : pack(gradients)
}

function checkScale(where: string, options: StepOptions): LossScale | undefined {
  checkOptions(where, options, ['scale'])
  const scale: unknown = options.scale
  if (scale === undefined || scale instanceof LossScale) return scale
  return fail('option', where, `scale is ${show(scale)}, not a loss scale.`, 'Make one with lossScale().')
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
  parameters.forEach(({ shape, dtype }, i) => {
    const gradient: unknown = gradients[i]
    if (!(gradient instanceof Tensor))
      fail('value', where, `gradient ${i} is ${show(gradient)}, not a tensor.`)
    gradient.read(where)
    if (gradient.dtype !== dtype && !(gradient.dtype === 'float16' && dtype === 'float32'))
      fail(
        'dtype',
        where,
        `gradient ${i} is ${gradient.dtype}, its parameter ${dtype}.`,
        'Use cast(x, dtype).',
      )
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
