// Options common to all optimizers: the learning rate, penalties and whom they concern, groups and clipping.
import { fail, show } from '../errors.ts'
import { checkOptions, number, type Option, optional, parseOptions } from '../options.ts'
import { Parameter } from '../tensor.ts'
import type { Schedule } from './schedules.ts'

/** Which parameters penalties concern: 'weights', those of rank 2 and above; 'all'; or those of which a function says so. */
export type Penalized = 'weights' | 'all' | ((parameter: Parameter, index: number) => boolean)

/** Options of some of the parameters. What a group leaves out is as for the others. */
export interface ParameterGroup {
  parameters: readonly Parameter[]
  /** What the optimizer's learning rate is multiplied with. Default 1. */
  learningRateFactor?: number
  /** Concerns all parameters of the group, biases and norms too. */
  weightDecay?: number
  /** Concerns all parameters of the group, biases and norms too. */
  l1?: number
}

/** A bound on gradients, before penalties are added. One of: */
export interface ClipOptions {
  /** Every number is held within ±value. */
  value?: number
  /** The Euclidean norm of each parameter's gradient: one that is larger is scaled down to it. */
  norm?: number
  /** The same of all gradients as one vector. */
  globalNorm?: number
}

/** What every optimizer takes. */
export interface OptimizerOptions {
  learningRate?: number | Schedule
  /** λ of an L2 penalty λ/2·‖p‖²: λ·p is added to the gradient. Of adamw: learningRate·λ·p is taken off the parameter. */
  weightDecay?: number
  /**
   * λ of an L1 penalty λ·‖p‖₁, as its proximal step: after each step p is drawn to 0, where it stays exactly 0 while steps
   * are no longer than that. It is drawn by as much as the optimizer moves it in the long run where each gradient is λ:
   * by learningRate·λ without momentum, 1/(1 − momentum) times that with it, and where gradients are divided, so is λ
   * (Duchi, Hazan and Singer 2011; Yun et al. 2021). So λ means the same for every optimizer.
   */
  l1?: number
  /** Which parameters weightDecay and l1 concern. Default 'weights': rank 2 and above, no biases and norms. */
  penalized?: Penalized
  groups?: readonly ParameterGroup[]
  clip?: ClipOptions
}

/** A number in [0, 1), or in [0, 1]. */
export const share =
  (fallback: number, { orOne = false } = {}): Option<number> =>
  (value, { where, name }) => {
    const given = value === undefined ? fallback : value
    if (typeof given === 'number' && given >= 0 && (given < 1 || (orOne && given === 1))) return given
    return fail('option', where, `${name} is ${show(given)}; it must be in [0, 1${orOne ? ']' : ')'}.`)
  }

/** What keeps a divisor above 0: a normal float32, since GPUs flush what is below. */
export const epsilon = (fallback: number): Option<number> =>
  number(fallback, { min: 2 ** -126, max: Number.MAX_VALUE })

/** The λ of a penalty. */
const penalty = (fallback: number): Option<number> => number(fallback, { min: 0, max: Number.MAX_VALUE })

/** A learning rate: a number above 0, or a schedule. */
export function learningRateOf(where: string, value: unknown): number | Schedule {
  if (typeof value === 'function') return value as Schedule
  if (typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY) return value
  return fail(
    'option',
    where,
    `learningRate is ${show(value)}; it must be a number above 0, or a schedule of steps.`,
  )
}

const learningRate =
  (fallback: number): Option<number | Schedule> =>
  (value, { where }) =>
    learningRateOf(where, value === undefined ? fallback : value)

const penalized: Option<Penalized> = (value = 'weights', { where }) => {
  if (value === 'weights' || value === 'all' || typeof value === 'function') return value as Penalized
  return fail(
    'option',
    where,
    `penalized is ${show(value)}; it must be 'weights', 'all' or (parameter, index) => boolean.`,
  )
}

const groups: Option<readonly ParameterGroup[]> = (value = [], { where }) => {
  if (!Array.isArray(value)) fail('option', where, `groups is ${show(value)}; it must be a list.`)
  return (value as unknown[]).map((group, i) => {
    const place = `${where}, group ${i}`
    checkOptions(place, group, ['parameters', ...Object.keys(GROUP)])
    const { parameters, ...rest } = group as ParameterGroup
    if (!Array.isArray(parameters) || !parameters.every(item => item instanceof Parameter))
      fail('option', place, `parameters is ${show(parameters)}; it must be a list of parameters.`)
    return { parameters, ...given(parseOptions(place, rest, GROUP)) }
  })
}

const GROUP = {
  learningRateFactor: number(1, { min: 0, max: Number.MAX_VALUE }),
  weightDecay: optional(penalty(0)),
  l1: optional(penalty(0)),
}

/** The entries that are not undefined. */
const given = (options: object): object =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))

const clip: Option<ClipOptions | undefined> = (value, { where }) => {
  if (value === undefined) return undefined
  const place = `${where}, clip`
  const found = given(
    parseOptions(place, value, { value: limit, norm: limit, globalNorm: limit }),
  ) as ClipOptions
  if (Object.keys(found).length === 1) return found
  return fail(
    'option',
    place,
    `it names ${Object.keys(found).join(', ') || 'nothing'}.`,
    'Name one of value, norm, globalNorm.',
  )
}

const limit: Option<number | undefined> = optional((value, { where, name }) => limitOf(where, name, value))

/** A bound above 0. */
export function limitOf(where: string, name: string, value: unknown): number {
  if (typeof value === 'number' && value > 0) return value
  return fail('option', where, `${name} is ${show(value)}; it must be a number above 0.`)
}

/** The schema of the common options. */
export const common = (rate: number, decay = 0) => ({
  learningRate: learningRate(rate),
  weightDecay: penalty(decay),
  l1: penalty(0),
  penalized,
  groups,
  clip,
})

/** The common options as read. */
export type Common = {
  readonly [K in keyof ReturnType<typeof common>]: ReturnType<ReturnType<typeof common>[K]>
}
