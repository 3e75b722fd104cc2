// Schedules: the learning rate of each step, counted from 0. They are asked for a number at each step: none makes a new recording.
import { fail, show } from '../errors.ts'
import { integer, number, type Option, parseOptions } from '../options.ts'
import { share } from './options.ts'

/**
 * The learning rate of a step, counted from 0. `observe` is told a validation loss after each epoch; what follows from
 * those is the schedule's `state`, which `load` puts back, so that a run that is saved goes on as if nothing had happened.
 */
export interface Schedule {
  (step: number): number
  observe?(metric: number): void
  state?(): Readonly<Record<string, number>>
  load?(state: Readonly<Record<string, number>>): void
}

/** A rate above 0, required unless there is a fallback. */
const rate =
  (fallback?: number): Option<number> =>
  (value, { where, name }) => {
    const given = value === undefined ? fallback : value
    if (typeof given === 'number' && given > 0 && given < Number.POSITIVE_INFINITY) return given
    return fail('option', where, `${name} is ${show(given)}; it must be a number above 0.`)
  }

/** A rate that may be 0. */
const finalRate: Option<number> = number(0, { min: 0, max: Number.MAX_VALUE })
const count = integer(undefined, { min: 1 })

/** How far a step is on the way to `steps`, at most 1. */
const progress = (step: number, steps: number): number => Math.min(step / steps, 1)

/** From a to b along half a cosine wave, as t goes from 0 to 1. */
const alongCosine = (a: number, b: number, t: number): number =>
  b + ((a - b) * (1 + Math.cos(Math.PI * t))) / 2

/** The same rate at each step. */
export function constant(learningRate: number): Schedule {
  const value = rate()(learningRate, { where: 'constant', name: 'the rate', rank: 0 })
  return () => value
}

/** initial·factor^⌊step/every⌋: by default halved each `every` steps. */
export function stepDecay(options: { initial: number; every: number; factor?: number }): Schedule {
  const { initial, every, factor } = parseOptions('stepDecay', options, {
    initial: rate(),
    every: count,
    factor: rate(0.5),
  })
  return step => initial * factor ** Math.floor(step / every)
}

/** initial·factor^(step/every): by `factor` each `every` steps (default 1), smoothly. */
export function exponential(options: { initial: number; factor: number; every?: number }): Schedule {
  const { initial, factor, every } = parseOptions('exponential', options, {
    initial: rate(),
    factor: rate(),
    every: integer(1, { min: 1 }),
  })
  return step => initial * factor ** (step / every)
}

/** From `initial` at step 0 down to `final` (default 0) at step `steps` and after, along half a cosine wave (Loshchilov and Hutter 2017). */
export function cosine(options: { initial: number; steps: number; final?: number }): Schedule {
  const { initial, steps, final } = parseOptions('cosine', options, {
    initial: rate(),
    steps: count,
    final: finalRate,
  })
  return step => alongCosine(initial, final, progress(step, steps))
}

/** From `initial` at step 0 to `final` (default 0) at step `steps` and after, in equal parts. */
export function linear(options: { initial: number; steps: number; final?: number }): Schedule {
  const { initial, steps, final } = parseOptions('linear', options, {
    initial: rate(),
    steps: count,
    final: finalRate,
  })
  return step => initial + (final - initial) * progress(step, steps)
}

/** `steps` steps that rise in equal parts, from 1/steps of its first rate, to another schedule or a number; then that, its step 0 first. */
export function warmUp(after: Schedule | number, options: { steps: number }): Schedule {
  const { steps } = parseOptions('warmUp', options, { steps: count })
  const then = typeof after === 'function' ? after : constant(after)
  // Beside the rate, it is what comes after.
  const { observe, state, load } = then
  return Object.assign(
    (step: number) => (step < steps ? (then(0) * (step + 1)) / steps : then(step - steps)),
    observe && { observe: observe.bind(then) },
    state && { state: state.bind(then) },
    load && { load: load.bind(then) },
  )
}

/**
 * One cycle over `steps` steps (Smith and Topin 2018, "Super-Convergence"): from max/25 at step 0 up to `max` in the
 * first `rise` of them (default 0.3), then down to max/250,000 at the last, each along half a cosine wave. PyTorch's defaults.
 */
export function oneCycle(options: { max: number; steps: number; rise?: number }): Schedule {
  const { max, steps, rise } = parseOptions('oneCycle', options, {
    max: rate(),
    steps: integer(undefined, { min: 2 }),
    rise: share(0.3),
  })
  const peak = Math.max(rise * steps - 1, 0)
  const last = steps - 1
  return step =>
    step < peak
      ? alongCosine(max / 25, max, step / peak)
      : alongCosine(max, max / 250_000, progress(step - peak, last - peak))
}

/** Options of `reduceOnPlateau`. */
export interface PlateauOptions {
  initial: number
  /** What the rate is multiplied with. Default 0.5: halved. */
  factor?: number
  /** Observations in a row without an improvement after which the rate falls. Default 5. */
  patience?: number
  /** An improvement is a metric lower than the lowest so far by more than this. Default 0. */
  minDelta?: number
  /** The rate falls no lower. Default 0. */
  min?: number
}

/**
 * The lectures' schedule: start large, hold until the validation loss stops improving, halve, repeat. `observe(metric)`
 * is told the loss, lower being better; `fit` does so after each epoch. NaN is no improvement. It serves one optimizer:
 * a second throws `value`.
 */
export function reduceOnPlateau(
  options: PlateauOptions,
): Schedule & Required<Pick<Schedule, 'observe' | 'state' | 'load'>> {
  const { initial, factor, patience, minDelta, min } = parseOptions('reduceOnPlateau', options, {
    initial: rate(),
    factor: share(0.5),
    patience: integer(5, { min: 1 }),
    minDelta: number(0, { min: 0 }),
    min: finalRate,
  })
  let current = initial
  let best = Number.POSITIVE_INFINITY
  let waited = 0
  return Object.assign(() => current, {
    observe(metric: number): void {
      if (typeof metric !== 'number')
        fail('value', 'reduceOnPlateau', `the metric is ${show(metric)}; it must be a number.`)
      if (metric < best - minDelta) {
        best = metric
        waited = 0
      } else if (++waited >= patience) {
        current = Math.max(current * factor, Math.min(min, current))
        waited = 0
      }
    },
    // JSON knows no infinity.
    state: () => ({
      rate: current,
      waited,
      ...(best < Number.POSITIVE_INFINITY ? { best: Math.max(best, -Number.MAX_VALUE) } : {}),
    }),
    load(state: Readonly<Record<string, number>>): void {
      const read = parseOptions('reduceOnPlateau', state, {
        rate: number(initial, { min: 0, max: Number.MAX_VALUE }),
        waited: integer(0),
        best: number(Number.POSITIVE_INFINITY),
      })
      ;({ rate: current, waited, best } = read)
    },
  })
}
