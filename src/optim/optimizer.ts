// Optimizers: state in flat arenas beside the parameters', one fused update for all of them.
import type { HostArray } from '../dtype.ts'
import { fail, show } from '../errors.ts'
import { evaluated } from '../host.ts'
import { tensor } from '../ops/create.ts'
import { finiteUpdate } from '../ops/finite.ts'
import { pack } from '../ops/join.ts'
import { filledParameter, gatherArena } from '../ops/parameter.ts'
import { all } from '../ops/reduce.ts'
import { reshape } from '../ops/reshape.ts'
import { checkTensor } from '../ops/signature.ts'
import { isFinite as areFinite } from '../ops/unary.ts'
import type { Penalty, Settings, Update } from '../ops/update_entry.ts'
import { asGiven, boolean, type Option, optional, parseOptions } from '../options.ts'
import { keepResult, Parameter, Tensor } from '../tensor.ts'
import { checkGradients, checkState } from './checks.ts'
import { clipped } from './clip.ts'
import { blockTable, groupsOf } from './groups.ts'
import { type LossScale, lossScaleOption } from './loss_scale.ts'
import { type Common, learningRateOf } from './options.ts'
import type { Schedule } from './schedules.ts'

/** Options of `optimizer.step`. */
export interface StepOptions {
  /** The scale of the loss the gradients are of. */
  scale?: LossScale
  /** Whether a step with a gradient that is infinite or NaN is skipped. With `scale` it always is. Default false. */
  skipNonFinite?: boolean
  /**
   * The loss, and a bool scalar that becomes false once it or a gradient is infinite or NaN; from then on all steps are
   * skipped, until true is assigned to it. Not with `scale`.
   */
  watch?: { readonly loss: Tensor; readonly finite: Parameter }
}

/** An optimizer's state, to be put back. */
export interface OptimizerState {
  readonly steps: number
  /** By name, flat as the parameters' arena is. */
  readonly tensors: Readonly<Record<string, Tensor | HostArray | readonly number[]>>
  /** Put back unless the optimizer has a schedule, which says itself what the rate of each step is. */
  readonly learningRate?: number
  /** Of a schedule that has one: put back where the optimizer has such a schedule. */
  readonly schedule?: Readonly<Record<string, number>>
}

/** A rule at work on its parameters: it holds its state and takes steps. */
export interface Optimizer {
  readonly name: string
  readonly parameters: readonly Parameter[]
  /**
   * Length of the next step. Set it to a number or a schedule; that makes no new recording. Where a schedule gives NaN or a
   * negative number, the step throws `value` and does nothing.
   */
  get learningRate(): number
  set learningRate(value: number | Schedule)
  /** Length of the step taken last; null before the first. */
  readonly lastLearningRate: number | null
  /**
   * Overwrites the parameters by their gradients, in the order of the parameters. With `scale`, the gradients are those of
   * a loss it was applied to: they are unscaled. With `scale`, `skipNonFinite` or `watch` a step with a gradient that is
   * not finite is skipped on the GPU: parameters and state keep every bit. Whether it was taken is told by the result, a bool scalar,
   * else null. The host does not learn of it: the steps it counts, on which schedules, Adam's corrections 1 − βᵗ and the
   * first step of a dampened momentum depend, include skipped ones, so that early steps after one are a little shorter.
   */
  step(gradients: readonly Tensor[], options?: StepOptions): Tensor | null
  /** The optimizer's tensors by name, flat as the parameters' arena is, and the steps taken, skipped ones included. */
  state(): {
    readonly steps: number
    readonly tensors: Readonly<Record<string, Parameter>>
    /** Left out where a schedule says what it is. */
    readonly learningRate?: number
    /** The state of the schedule, where it has one. */
    readonly schedule?: Readonly<Record<string, number>>
  }
  /** Puts back what `state` gave, as tensors or numbers. Throws `value` or `shape` where names or sizes are others; then nothing is put back. */
  load(state: OptimizerState): void
  /** Whether its schedule waits for `observe`. */
  readonly observes: boolean
  /** Tells a schedule that waits for it, such as reduceOnPlateau, the validation loss after an epoch. */
  observe(metric: number): void
  /** Frees the state. The parameters stay. */
  dispose(): void
}

interface Rule<Name extends string> {
  readonly name: string
  readonly parameters: readonly Parameter[]
  readonly options: Common
  readonly update: Update<Name>
  /** Settings of the update for a step, counted from 1, but for penalties. */
  readonly settings: (learningRate: number, step: number) => Settings<Exclude<Name, Penalty>> & Steps
  /** Weight decay is taken off the parameters, not added to the gradient. */
  readonly isDecoupled?: boolean
}

/** What `reach` reads of an update's settings. */
type Steps = Readonly<{ rate: number; momentum?: number; share?: number; direct?: number }>

/** The length of the steps that directions of 1 come to. */
const reach = ({ rate, momentum = 0, share = 1, direct = 0 }: Steps): number =>
  direct + (rate * share) / (1 - momentum)

/** The optimizers that schedules belong to. One that observes losses, fed with two runs', would fall by the wrong ones. */
const owners = new WeakMap<Schedule, object>()

/** Throws `value` where the schedule observes the losses of another optimizer. */
function checkOwner(name: string, rate: number | Schedule, owner: object): void {
  const known = typeof rate === 'function' && rate.observe && owners.get(rate)
  if (known && known !== owner)
    fail(
      'value',
      name,
      'its schedule has followed the losses of another optimizer.',
      'Make a schedule for each: optimizer: parameters => optim.sgd(parameters, { learningRate: optim.reduceOnPlateau(…) }).',
    )
}

/** Makes an optimizer of an update op. Its state is made here, its parameters gathered in an arena. */
export function optimizer<Name extends string>(rule: Rule<Name>): Optimizer {
  const { name, options, update, settings, isDecoupled = false } = rule
  checkOwner(name, options.learningRate, rule)
  const arena = gatherArena(name, rule.parameters)
  const members = [...rule.parameters]
  const { engine, shape, dtype } = arena
  const groups = groupsOf(name, members, options)
  const tensors = Object.fromEntries(
    update.states.map(state => [state, filledParameter(shape, 0, { dtype, engine })]),
  )
  const table = groups.groups.length > 1 ? blockTable(members, groups.members) : null
  const places = options.clip?.norm === undefined ? null : blockTable(members, [...members.keys()])
  let steps = 0
  let last: number | null = null
  let rate = options.learningRate
  const follow = (next: number | Schedule): void => {
    rate = next
    if (typeof next === 'function') owners.set(next, rule)
  }
  follow(rate)

  const rateAt = (step: number): number => {
    if (typeof rate === 'number') return rate
    const value: unknown = rate(step)
    if (typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY) return value
    return fail(
      'value',
      name,
      `the schedule gives ${show(value)} at step ${step}.`,
      'It must give a number from 0 on.',
    )
  }
  /** The numbers of a step, counted from 1. */
  const numbersOf = (step: number): number[] => {
    const learningRate = rateAt(step - 1)
    last = learningRate
    return groups.groups.flatMap(({ factor, weightDecay, l1 }) => {
      const length = learningRate * factor
      const own = settings(length, step)
      const all: Readonly<Record<string, number>> = {
        ...own,
        weightDecay: isDecoupled ? 0 : weightDecay,
        decay: isDecoupled ? length * weightDecay : 0,
        threshold: l1 * reach(own),
      }
      return update.settings.map(key => all[key] as number)
    })
  }
  const spec = { shape: [groups.groups.length * update.settings.length], dtype: 'float32' } as const
  const asked = (): Tensor =>
    evaluated(
      name,
      engine,
      spec,
      () => numbersOf(++steps),
      count => {
        steps -= count
      },
    )
  const apply = (read: () => Tensor, proceed: Tensor | null): void => {
    const gradient = options.clip ? clipped(read, options.clip, places, members.length) : read()
    // Asked last, since eager use asks for the settings here, and with them counts the step.
    const state = [
      ...Object.values(tensors),
      asked(),
      ...(table ? [table] : []),
      ...(proceed ? [proceed] : []),
    ]
    update(arena, gradient, ...state)
  }

  return {
    name,
    parameters: members,
    get learningRate(): number {
      return rateAt(steps)
    },
    set learningRate(value: number | Schedule) {
      const next = learningRateOf(name, value)
      checkOwner(name, next, rule)
      follow(next)
    },
    get lastLearningRate() {
      return last
    },
    step(gradients, given = {}) {
      checkGradients(name, members, gradients)
      const { scale, skipNonFinite, watch } = parseOptions(name, given, STEP)
      scale?.check(name, arena)
      if (scale && watch) fail('option', name, 'watch and scale exclude each other.', 'Leave one out.')
      if (arena.members.length !== members.length) {
        fail(
          'disposed',
          name,
          'another optimizer has taken over its parameters.',
          'Step that one, or make a new one.',
        )
      }
      const before = steps
      try {
        return keepResult(() => {
          const packed = flat(gradients, arena)
          if (scale) return scale.step(arena, packed, apply)
          if (watch) finiteUpdate(watch.finite, watch.loss, packed)
          const finite = watch?.finite ?? (skipNonFinite ? all(areFinite(packed)) : null)
          apply(() => packed, finite)
          return finite
        })
      } catch (error) {
        steps = before
        throw error
      }
    },
    state() {
      if (typeof rate === 'number') return { steps, tensors, learningRate: rate }
      const schedule = rate.state?.()
      return { steps, tensors, ...(schedule && { schedule }) }
    },
    load(state) {
      const loaded = checkState(name, tensors, state)
      if (state.learningRate !== undefined && typeof rate === 'number')
        rate = learningRateOf(name, state.learningRate)
      if (state.schedule !== undefined && typeof rate === 'function') rate.load?.(state.schedule)
      keepResult(() => {
        for (const [target, value] of loaded)
          target.assign(value instanceof Tensor ? value : tensor(value, { shape, dtype, engine }))
      })
      steps = state.steps
    },
    get observes() {
      return typeof rate === 'function' && rate.observe !== undefined
    },
    observe(metric) {
      if (typeof rate === 'function') rate.observe?.(metric)
    },
    dispose() {
      for (const owned of [...Object.values(tensors), table, places]) owned?.dispose()
    },
  }
}

/** An optimizer. Throws `option` for what is none. */
export const optimizerOption: Option<Optimizer> = (value, { where }) =>
  typeof (value as Optimizer | null | undefined)?.load === 'function'
    ? (value as Optimizer)
    : fail('option', where, `optimizer is ${show(value)}.`, 'Make one with optim.adam(model.parameters()).')

const STEP = {
  scale: optional(lossScaleOption),
  skipNonFinite: boolean(false),
  watch: optional((value, { where }) => {
    const { loss, finite } = parseOptions(`${where}, watch`, value, { loss: asGiven, finite: asGiven })
    checkTensor(where, loss, 'the loss')
    if (finite instanceof Parameter) return { loss, finite }
    return fail('option', where, `finite is ${show(finite)}.`, 'Make it with parameter(tensor(true)).')
  }),
}

/** Gradients as the arena lies. One that fills it is that already. */
function flat(gradients: readonly Tensor[], { size, shape }: Parameter): Tensor {
  const [only] = gradients
  return only && gradients.length === 1 && only.size === size ? reshape(only, shape) : pack(gradients)
}
