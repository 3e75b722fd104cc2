// overfitSmallSet: the lectures' first test of a network, and what it looks like where one fails it.
import { checkDataset, type Dataset } from '../data/dataset.ts'
import { shuffledRows } from '../data/shuffle.ts'
import { fail, RetrogradError, show } from '../errors.ts'
import { checkLayers, type Layer } from '../nn/layer.ts'
import { adam } from '../optim/index.ts'
import type { Optimizer } from '../optim/optimizer.ts'
import { integer, number, optional, parseOptions } from '../options.ts'
import type { Parameter } from '../tensor.ts'
import { percent } from '../text.ts'
import { diagnose } from './diagnose.ts'
import type { Diagnosis } from './diagnosis.ts'
import { fit } from './fit.ts'
import type { FitOptions } from './fit_options.ts'
import { defaultLoss, type LossFunction, type LossName, lossOf } from './losses.ts'
import { causesOf, FALLS, type Faster, type OverfitCause, short } from './overfit_causes.ts'
import { threshold } from './stopping.ts'
import { REMEDY } from './watch.ts'
import { Weights } from './weights.ts'

/** Options of `overfitSmallSet`. */
export interface OverfitOptions {
  /** Rows of the small set, drawn from the data; all where it has fewer. Default 500. */
  count?: number
  /** Epochs it may take. Default 200. */
  epochs?: number
  /** The error at which it has passed: the share of rows taken for a wrong class, or 1 − R² of numbers. Default 0.01. */
  error?: number
  /** By default as the labels ask. */
  loss?: LossName | LossFunction
  /** Makes the optimizer that is tried. Default `optim.adam`. */
  optimizer?: (parameters: readonly Parameter[]) => Optimizer
  /** Default as of `fit`. */
  batchSize?: number
  /** Seeds the model where a function makes it, the choice of rows and their order. Default 0. */
  seed?: number
}

/** How a network fared on a small set, and why. */
export interface OverfitReport {
  readonly passed: boolean
  /** Of all rows of the small set, after training. NaN where a step was not finite. */
  readonly error: number
  /** On the small set: before training, and after each epoch. */
  readonly losses: readonly number[]
  /** What it looks like, likeliest first, in plain words and with figures. Empty where it passed. */
  readonly causes: readonly { readonly cause: OverfitCause; readonly advice: string }[]
  /** Of the network before and after; the same where a step was not finite. */
  readonly before: Diagnosis
  readonly after: Diagnosis
  /** The outcome, the advice and the layers. */
  toString(): string
}

/**
 * Overfit a small set first: a network that cannot learn 500 examples by heart will not learn many. Trains on a few
 * rows until next to none is wrong; where that fails, says which of the usual causes it looks like:
 *
 *     console.log(String(await train.overfitSmallSet(() => nn.mlp([784, 64, 10]), set)))
 *
 * Where no cause shows, it trains on with higher learning rates, a quarter of the epochs each, to see whether they help.
 * A model that is passed itself gets its weights back in the end.
 */
export async function overfitSmallSet(
  model: Layer | (() => Layer),
  data: Dataset,
  options: OverfitOptions = {},
): Promise<OverfitReport> {
  const where = 'overfitSmallSet'
  const { size, classes, engine } = checkDataset(where, 'the data', data)
  const settings = parseOptions(where, options, {
    count: integer(500, { min: 1 }),
    epochs: integer(200, { min: 1 }),
    error: number(0.01, { min: 0, max: 1 }),
    loss: value => (value ?? defaultLoss(data)) as LossName | LossFunction,
    optimizer: maker,
    batchSize: optional(integer(undefined, { min: 1 })),
    seed: integer(0),
  })
  const { count, epochs, error: allowed, loss, optimizer, batchSize, seed } = settings
  const isModel = typeof model === 'function' && 'namedParameters' in model
  const network: Layer = isModel || typeof model !== 'function' ? model : engine.withSeed(seed, model)
  checkLayers(where, [network])
  const kept = isModel ? new Weights(network) : null
  const set = data.subset(shuffledRows(size, seed, 0).subarray(0, Math.min(count, size)))
  const isSorted = classes !== null || lossOf(where, loss, data).link !== 'identity'
  const metric = isSorted ? 'accuracy' : 'rSquared'
  try {
    kept?.save()
    const before = await diagnose(network, { data: set, loss })
    const shared = {
      train: set,
      validation: set,
      loss,
      optimizer: optimizer ?? adam,
      seed,
      watch: true,
      ...(batchSize ? { batchSize: Math.min(batchSize, set.size) } : {}),
    }
    const stop = threshold(1 - allowed, { monitor: metric })
    const run = fit(network, { ...shared, metrics: [metric], stop, epochs })
    const broken = await run.then(() => null, overflowed)
    const after = broken === null ? await diagnose(network, { data: set, loss }) : before
    const records = run.history.epochs.flatMap(({ validation }) => validation ?? [])
    const losses = [before.loss, ...records.map(scores => scores.loss)]
    const score = broken === null ? (records.at(-1)?.[metric] ?? Number.NaN) : Number.NaN
    const error = 1 - score
    const passed = score >= 1 - allowed
    const faster = (last: number) =>
      trainedFaster(network, { ...shared, epochs: Math.ceil(epochs / 4) }, last)
    const facts = { network, rows: set.size, losses, before, after, broken, faster }
    const causes = passed ? [] : await causesOf(facts)
    const outcome = outcomeOf(passed, error, isSorted, set.size, losses)
    const text = [
      outcome,
      ...causes.map(({ cause, advice }) => `It looks like ${cause}: ${advice}`),
      String(after),
    ]
    return { passed, error, losses, causes, before, after, toString: () => text.join('\n') }
  } finally {
    if (kept) kept.restore()
    else network.dispose()
    kept?.dispose()
  }
}

function maker(value: unknown, { where }: { where: string }): OverfitOptions['optimizer'] {
  if (value === undefined || typeof value === 'function') return value as OverfitOptions['optimizer']
  return fail('option', where, `optimizer is ${show(value)}.`, 'Pass parameters => optim.adam(parameters).')
}

/** Tells of a step in which numbers grew out of range; other failures are thrown on. */
function overflowed(error: unknown): string {
  if (error instanceof RetrogradError && error.remedy === REMEDY.growth) return error.what
  throw error
}

/** The most that a learning rate is multiplied with, ten by ten, to see whether it was too low. */
const MOST = 1e6

/** Trains on with higher and higher learning rates, until the loss falls or rises; null where it does not fall. */
async function trainedFaster(
  network: Layer,
  options: FitOptions & { optimizer: (parameters: readonly Parameter[]) => Optimizer },
  last: number,
): Promise<Faster | null> {
  for (let factor = 10; factor <= MOST; factor *= 10) {
    let rate = 0
    const optimizer = (parameters: readonly Parameter[]): Optimizer => {
      const made = options.optimizer(parameters)
      rate = made.learningRate * factor
      // A schedule may begin with 0.
      if (rate > 0) made.learningRate = rate
      return made
    }
    const run = fit(network, { ...options, optimizer })
    if ((await run.then(() => null, overflowed)) !== null) return null
    const loss = run.history.epochs.at(-1)?.validation?.loss ?? Number.NaN
    if (loss < FALLS * last) return { factor, rate, loss, epochs: run.history.epochs.length }
    if (!(loss * FALLS < last)) return null
  }
  return null
}

function outcomeOf(
  passed: boolean,
  error: number,
  isSorted: boolean,
  rows: number,
  losses: readonly number[],
): string {
  const what = isSorted
    ? `${percent(error)} of ${rows} rows are wrong`
    : `1 − R² is ${short(error)} on ${rows} rows`
  const [first = 0, last = 0] = [losses[0], losses.at(-1)]
  const found = Number.isNaN(error) ? 'training broke off' : what
  return `${passed ? 'Passed' : 'Failed'}: ${found} after ${losses.length - 1} epochs, the loss went from ${short(first)} to ${short(last)}.`
}
