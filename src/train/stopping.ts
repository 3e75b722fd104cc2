// When to stop: rules that hear of each epoch, as the lectures list them.
import { fail, nearest, show } from '../errors.ts'
import { boolean, integer, number, oneOf, optional, parseOptions } from '../options.ts'
import type { EpochRecord } from './history.ts'
import { type Metric, metrics } from './metrics.ts'

/** What a rule makes of an epoch. */
export interface Verdict {
  /** True where the weights of now are the best so far. */
  readonly best?: boolean
  /** Why to stop, if that is what is to be done. */
  readonly stop?: string
}

/** A rule, as an option holds it: each run of training starts it anew. */
export interface StopRule {
  /** Whether the weights of the best epoch are put back in the end. */
  readonly restoresBest: boolean
  /** Is told the metrics of the validation set, if there is one. Throws `option` where what it looks at is none of them. */
  start(metrics?: readonly Metric[]): (epoch: EpochRecord) => Verdict
}

/**
 * What a rule looks at: 'loss', the mean training loss of the epoch; 'validationLoss'; the name of a metric of the
 * validation set; or a function of the epoch's record.
 */
export type Monitor = string | ((epoch: EpochRecord) => number)

/** How a rule reads an epoch, once it knows which metrics there are. Throws `option`. */
function monitored(
  where: string,
  monitor: unknown,
): (metrics?: readonly Metric[]) => (epoch: EpochRecord) => number {
  if (typeof monitor === 'function') return () => monitor as (epoch: EpochRecord) => number
  if (typeof monitor !== 'string')
    fail('option', where, `monitor is ${show(monitor)}; it must be a name or a function.`)
  if (monitor === 'loss') return () => epoch => epoch.loss
  return metrics => {
    if (!metrics)
      fail(
        'option',
        where,
        `${show(monitor)} needs a validation set.`,
        'Pass { validation }, or monitor the loss.',
      )
    const known = ['loss', 'validationLoss', ...metrics.map(({ name }) => name)]
    const near = nearest(monitor, known)
    if (!known.includes(monitor))
      fail(
        'option',
        where,
        `there is no metric ${show(monitor)}.`,
        near ? `Did you mean '${near}'?` : `There are: ${known.join(', ')}.`,
      )
    const name = monitor === 'validationLoss' ? 'loss' : monitor
    return ({ validation }) => validation?.[name] ?? Number.NaN
  }
}

/** Options of `earlyStopping`. */
export interface EarlyStoppingOptions {
  /** Default 'validationLoss'. */
  monitor?: Monitor
  /** Epochs to look ahead after the best before giving up. Default 5. */
  patience?: number
  /** By how much an epoch must be better to count. Default 0. */
  minDelta?: number
  /** Whether less or more is better. Default: as the metric says; less for losses and functions. */
  mode?: 'less' | 'more'
  /** Put the weights of the best epoch back in the end. Default true. */
  restoreBest?: boolean
}

/** Whether more of what is monitored is better. */
const betterOf = (monitor: unknown, given: readonly Metric[] = []): 'less' | 'more' =>
  [...given, ...Object.values(metrics)].find(({ name }) => name === monitor)?.better ?? 'less'

const nameOf = (monitor: unknown): string => (typeof monitor === 'string' ? monitor : 'what is monitored')

type Checked = Required<Omit<EarlyStoppingOptions, 'mode'>> & { mode: 'less' | 'more' | undefined }

/** A rule that gives up once so many epochs in a row were no better. */
function patient(where: string, { monitor, patience, minDelta, mode, restoreBest }: Checked): StopRule {
  const reader = monitored(where, monitor)
  return {
    restoresBest: restoreBest,
    start: metrics => {
      const read = reader(metrics)
      const sign = (mode ?? betterOf(monitor, metrics)) === 'more' ? -1 : 1
      let best = Number.POSITIVE_INFINITY
      let since = 0
      return epoch => {
        const value = sign * read(epoch)
        if (value < best - minDelta || (best === Number.POSITIVE_INFINITY && value < best)) {
          best = value
          since = 0
          return { best: true }
        }
        if (++since < patience) return {}
        const epochs = `${patience} epoch${patience === 1 ? '' : 's'}`
        return { stop: `${nameOf(monitor)} has not improved for ${epochs}` }
      }
    },
  }
}

const monitorOption = (fallback: string) => (value: unknown) => (value ?? fallback) as Monitor
const minDelta = number(0, { min: 0 })

/**
 * Stops when the validation error has not become better for `patience` epochs, and gives the model the weights of the best
 * one back: "validation error rising, with a look-ahead".
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): StopRule {
  const checked = parseOptions('earlyStopping', options, {
    monitor: monitorOption('validationLoss'),
    patience: integer(5, { min: 1 }),
    minDelta,
    mode: optional(oneOf(['less', 'more'], 'less')),
    restoreBest: boolean(true),
  })
  return patient('earlyStopping', checked)
}

/** Stops when the training error no longer decreases by more than `minDelta` over `patience` epochs; weights stay as they are. */
export function noDecrease(
  options: { monitor?: Monitor; patience?: number; minDelta?: number } = {},
): StopRule {
  const checked = parseOptions('noDecrease', options, {
    monitor: monitorOption('loss'),
    patience: integer(1, { min: 1 }),
    minDelta,
  })
  return patient('noDecrease', { ...checked, mode: 'less', restoreBest: false })
}

/** Stops once the training error is at or below a threshold, or a metric of which more is better at or above it. */
export function threshold(value: number, options: { monitor?: Monitor } = {}): StopRule {
  const where = 'threshold'
  if (typeof value !== 'number' || Number.isNaN(value))
    fail('value', where, `the threshold is ${show(value)}; it must be a number.`)
  const { monitor } = parseOptions(where, options, { monitor: monitorOption('loss') })
  const reader = monitored(where, monitor)
  return {
    restoresBest: false,
    start: metrics => {
      const read = reader(metrics)
      const more = betterOf(monitor, metrics) === 'more'
      return epoch => {
        const now = read(epoch)
        const reached = more ? now >= value : now <= value
        return reached ? { stop: `${nameOf(monitor)} reached ${value}` } : {}
      }
    },
  }
}

/** The rules of an option: one, a list or none. Throws `option`. */
export function stopRules(where: string, given: unknown): readonly StopRule[] {
  if (given === undefined) return []
  const list: readonly unknown[] = Array.isArray(given) ? given : [given]
  return list.map(item => {
    if (typeof (item as StopRule | undefined)?.start === 'function') return item as StopRule
    return fail('option', where, `stop is ${show(item)}, not a rule.`, 'Write train.earlyStopping().')
  })
}
