// overfitSmallSet: the lectures' first test of a network, and what it looks like where one fails it.
import { checkDataset, type Dataset } from '../data/dataset.ts'
import { shuffledRows } from '../data/shuffle.ts'
import { fail, RetrogradError, show } from '../errors.ts'
import { checkLayers, type Layer } from '../nn/layer.ts'
import type { Optimizer } from '../optim/optimizer.ts'
import { integer, number, optional, parseOptions } from '../options.ts'
import { sizeOf } from '../shape.ts'
import type { Parameter } from '../tensor.ts'
import { percent, rounded } from '../text.ts'
import { diagnose } from './diagnose.ts'
import { type Diagnosis, REMEDIES, TOO_MANY, VANISHING } from './diagnosis.ts'
import { defaultLoss } from './evaluate.ts'
import { fit } from './fit.ts'
import type { FitOptions } from './fit_options.ts'
import { type LossFunction, type LossName, lossOf } from './losses.ts'
import { threshold } from './stopping.ts'
import { layerName } from './trace.ts'
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
  /** Default 32. */
  batchSize?: number
  /** Seeds the model where a function makes it, the choice of rows and their order. Default 0. */
  seed?: number
}

/** What keeps a network from learning a small set by heart. */
export type OverfitCause =
  | 'saturated units'
  | 'learning rate'
  | 'vanishing gradients'
  | 'dead units'
  | 'too few epochs'
  | 'too small a network'

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
  const isSorted = classes !== null || lossOf(where, loss, classes).link !== 'identity'
  const metric = isSorted ? 'accuracy' : 'rSquared'
  try {
    kept?.save()
    const before = await diagnose(network, { data: set, loss })
    const run = fit(network, {
      train: set,
      validation: set,
      loss,
      metrics: [metric],
      stop: threshold(1 - allowed, { monitor: metric }),
      epochs,
      batchSize: Math.min(batchSize ?? 32, set.size),
      seed,
      watch: true,
      ...(optimizer ? { optimizer } : {}),
    } satisfies FitOptions)
    const broken = await run.then(() => null, overflowed)
    const after = broken === null ? await diagnose(network, { data: set, loss }) : before
    const records = run.history.epochs.flatMap(({ validation }) => validation ?? [])
    const losses = [before.loss, ...records.map(scores => scores.loss)]
    const score = broken === null ? (records.at(-1)?.[metric] ?? Number.NaN) : Number.NaN
    const error = 1 - score
    const passed = score >= 1 - allowed
    const facts = { network, rows: set.size, losses, before, after, broken }
    const causes = passed ? [] : causesOf(facts)
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

/** The message of a step in which numbers grew out of range; other failures are thrown on. */
function overflowed(error: unknown): string {
  const isStep = error instanceof RetrogradError && error.message.startsWith('[fit] step')
  if (isStep && error.message.endsWith(REMEDY.growth)) return error.message
  throw error
}

interface Facts {
  readonly network: Layer
  readonly rows: number
  readonly losses: readonly number[]
  readonly before: Diagnosis
  readonly after: Diagnosis
  readonly broken: string | null
}

type Causes = { cause: OverfitCause; advice: string }[]

const short = (value: number): string => rounded(value, 3)

/** By how much of its mean the loss rises, on average over epochs, where it bounces. */
const ROUGH = 0.05

function causesOf(facts: Facts): Causes {
  const { network, rows, losses, before, after } = facts
  const causes: Causes = [...saturated(before, 'before the first step'), ...bouncing(facts)]
  if (causes[0]?.cause !== 'saturated units') causes.push(...saturated(after, 'after training'))
  causes.push(...vanishing(before, 'before the first step'), ...dead(after))
  // At the end it also comes of a loss that is small, or of units that are stuck.
  if (causes.length === 0) causes.push(...vanishing(after, 'after training'))
  if (causes.length > 0) return causes
  const [first = 0, last = 0] = [losses.at(-1 - Math.ceil(losses.length / 4)), losses.at(-1)]
  if (last < 0.95 * first)
    return [
      {
        cause: 'too few epochs',
        advice: `the loss still falls, from ${short(first)} to ${short(last)} in the last quarter of them; train longer, or with a higher learning rate.`,
      },
    ]
  const size = network.parameters().reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  return [
    {
      cause: 'too small a network',
      advice: `the loss stands still at ${short(last)} while gradients are sound; ${size} parameters seem too few for ${rows} rows: add units or layers.`,
    },
  ]
}

function saturated({ layers }: Diagnosis, when: string): Causes {
  const [layer] = layers.filter(one => (one.saturated ?? 0) > TOO_MANY)
  if (!layer) return []
  return [
    {
      cause: 'saturated units',
      advice: `${percent(layer.saturated ?? 0)} of the outputs of ${layerName({ ...layer, layer })} are saturated ${when}; ${REMEDIES.saturated}.`,
    },
  ]
}

/** A learning rate that makes the loss bounce, or worse. */
function bouncing({ losses, broken }: Facts): Causes {
  const told = (what: string): Causes => [
    { cause: 'learning rate', advice: `${what}; take a tenth of the learning rate, or clip the gradients.` },
  ]
  if (broken)
    return told(
      `numbers grew until ${broken.slice('[fit] '.length, -REMEDY.growth.length).replace(/\. $/, '')}`,
    )
  const late = losses.slice(Math.floor(losses.length / 2))
  const mean = late.reduce((sum, loss) => sum + loss, 0) / late.length
  const rises = late.slice(1).map((loss, i) => Math.max(0, loss - (late[i] as number)))
  const share = rises.filter(rise => rise > 0).length / Math.max(1, rises.length)
  const rough = rises.reduce((sum, rise) => sum + rise, 0) / Math.max(1, rises.length) / mean
  const [start = 0, end = 0] = [losses[0], losses.at(-1)]
  if (end > 2 * start) return told(`the loss grew from ${short(start)} to ${short(end)}`)
  if (rough < ROUGH || share < 0.2) return []
  const [low, high] = [Math.min(...late), Math.max(...late)]
  return told(
    `the loss bounces between ${short(low)} and ${short(high)}, and rose in ${percent(share)} of the later epochs`,
  )
}

function vanishing({ layers }: Diagnosis, when: string): Causes {
  const layer = layers.find(({ gradient }) => gradient !== null && gradient > 0 && gradient < VANISHING)
  const last = layers.findLast(({ gradient }) => gradient !== null)
  if (!layer || layer === last) return []
  return [
    {
      cause: 'vanishing gradients',
      advice: `the gradient of ${layerName({ ...layer, layer })} has norm ${short(layer.gradient ?? 0)} ${when}, that of the last layer ${short(last?.gradient ?? 0)}; use relu, batch normalisation or residual connections, or fewer layers.`,
    },
  ]
}

function dead({ layers }: Diagnosis): Causes {
  const [layer] = layers.filter(one => (one.dead ?? 0) > TOO_MANY)
  if (!layer) return []
  return [
    {
      cause: 'dead units',
      advice: `${percent(layer.dead ?? 0)} of the units of ${layerName({ ...layer, layer })} give 0 for every row; ${REMEDIES.dead}.`,
    },
  ]
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
