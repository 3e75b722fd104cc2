// Cross-validation: how choices fare on data they were not trained on, and the model trained on all data with the best.
import { checkDataset, type Dataset } from '../data/dataset.ts'
import { kFold } from '../data/split.ts'
import { fail, show } from '../errors.ts'
import type { Layer } from '../nn/layer.ts'
import {
  abortSignal,
  asGiven,
  boolean,
  callback,
  integer,
  optional,
  parseOptions,
  required,
} from '../options.ts'
import { fit } from './fit.ts'
import { type ChoiceResult, type Run, resultOf, runOf, scoringOf } from './fold_scores.ts'
import type { History } from './history.ts'
import type { Metric, MetricName } from './metrics.ts'
import { bestOf, checkFit, type FreshFit, list, modelMaker, seedOf, turn } from './selection.ts'
import { stopRules } from './stopping.ts'

/** What `prepare` gives: a fitted transform, or anything else that makes sets of sets. */
export interface Preparation {
  apply(x: Dataset): Dataset
}

/** How each model is trained. */
export type FoldFit = FreshFit<'train' | 'validation' | 'seed' | 'signal'>

/** Options of `crossValidate`. */
export interface CrossValidateOptions<Choice = undefined, P extends Preparation = Preparation> {
  /** Makes a fresh model; the weights follow from the seed. */
  model: (choice: Choice) => Layer
  data: Dataset
  /** What is to be chosen from: learning rates, sizes, objects of several. Default: there is one way. */
  choices?: readonly Choice[]
  /** How often a model is trained for each choice, each time without another part of the data. Default 10. */
  folds?: number
  /** Keep the shares of the classes in each part. Default: where the host knows the class ids. */
  stratify?: boolean
  /** What models are compared by, on the part left out. Default: 'accuracy' for classes, else 'loss'. */
  metric?: 'loss' | MetricName | Metric
  /**
   * Fits a transform on a fold's training part alone, so that nothing of the part left out leaks into training:
   * `prepare: data.standardize`. Both parts are transformed by it.
   */
  prepare?: (train: Dataset) => P | Promise<P>
  /** Options of `fit`, or those for a choice. */
  fit?: FoldFit | ((choice: Choice) => FoldFit)
  /**
   * Choose the number of epochs too: a choice is scored after the epoch, of the `epochs` there are, that is best on the
   * average over folds. Default false: scored with the weights that training ends with.
   */
  chooseEpochs?: boolean
  /** Train on all data with the best choice, for as many epochs as served it in the folds, and give the model. Default false. */
  retrain?: boolean
  /** All that is drawn follows from it: folds, weights, orders, dropout. Default: the engine's seed. */
  seed?: number
  /** Hears of each model trained. */
  onFold?: (event: FoldEvent<Choice>) => void
  /** Ends it soon: the promise rejects with the signal's reason. */
  signal?: AbortSignal
}

/** A model was trained and scored. */
export interface FoldEvent<Choice> {
  readonly choice: Choice
  /** Counted from 1. */
  readonly fold: number
  /** With the weights that training ended with; NaN where training failed for a loss that is not finite. */
  readonly score: number
}

/** What cross-validation comes to. */
export interface CrossValidation<Choice> {
  /** In the order of the choices. */
  readonly choices: readonly ChoiceResult<Choice>[]
  /** The one with the best mean, the first of equals. */
  readonly best: ChoiceResult<Choice>
}

/** What training on all data gave. */
export interface Retrained<P> {
  readonly model: Layer
  /** What `prepare` made of all data; null without it. Apply it to what the model is to see. */
  readonly transform: P | null
  readonly history: History
}

/**
 * k-fold cross-validation of each choice, by models trained from scratch. Choices share folds and seeds, so that they
 * differ in nothing else; the same seed gives the same numbers on one backend. Models of folds are freed.
 *
 *     const { best, model, transform } = await train.crossValidate({
 *       data: irises, prepare: data.standardize, retrain: true, seed: 1,
 *       choices: [4, 16], model: hidden => nn.mlp([4, hidden, 3]), fit: { epochs: 50 },
 *     })
 *
 * Throws `value` for more folds than rows (of a class), for a model that is none, and when no choice has a score;
 * `option` for options that make no sense; and what `fit` throws, but for losses that are not finite: such a choice has
 * no mean and never is the best.
 */
export function crossValidate<Choice = undefined, P extends Preparation = Preparation>(
  options: CrossValidateOptions<Choice, P> & { retrain: true },
): Promise<CrossValidation<Choice> & Retrained<P>>
export function crossValidate<Choice = undefined, P extends Preparation = Preparation>(
  options: CrossValidateOptions<Choice, P>,
): Promise<CrossValidation<Choice> & Partial<Retrained<P>>>
export async function crossValidate<Choice, P extends Preparation>(
  options: CrossValidateOptions<Choice, P>,
): Promise<CrossValidation<Choice> & Partial<Retrained<P>>> {
  const checked = parseOptions(where, options, schema)
  const { data, folds: count, stratify, chooseEpochs, signal } = checked
  const { choices = [undefined] as unknown as readonly Choice[], prepare, fit: given = {} } = options
  const scoring = scoringOf(where, options.metric ?? (data.classes === null ? 'loss' : 'accuracy'))
  const seed = checked.seed ?? data.engine.seed
  const make = modelMaker(where, data.engine, options.model)
  const fits = choices.map((choice): FoldFit => {
    const asked = typeof given === 'function' ? given(choice) : given
    const own = checkFit(where, asked, ['train', 'validation', 'seed', 'signal'])
    if (chooseEpochs && stopRules(where, own.stop).length > 0)
      fail('option', where, 'chooseEpochs and a stop rule both end training.', 'Leave one of them out.')
    return own
  })
  const aborted = signal ? { signal } : {}
  const folds = kFold(data, { folds: count, seed, ...(stratify === undefined ? {} : { stratify }) })

  signal?.throwIfAborted()
  const runs = choices.map((): Run[] => [])
  for (const [f, { train, validation }] of folds.entries())
    await withPrepared(prepare, [train, validation], async ([train, validation]) => {
      for (const [c, choice] of choices.entries()) {
        await turn(signal)
        const own = seedOf(seed, f)
        const model = make(own, choice)
        try {
          const metrics = [...(fits[c]?.metrics ?? []), ...scoring.metrics]
          const sets = { train: train as Dataset, validation: validation as Dataset }
          const run = await runOf(
            fit(model, { ...fits[c], ...sets, metrics, seed: own, ...aborted }),
            scoring,
          )
          signal?.throwIfAborted()
          runs[c]?.push(run)
          await options.onFold?.({ choice, fold: f + 1, score: run.score })
        } finally {
          model.dispose()
        }
      }
    })

  const results = choices.map((choice, c) => resultOf(choice, runs[c] ?? [], chooseEpochs, scoring))
  const means = results.map(({ mean }) => mean)
  const found = bestOf(means, scoring.better)
  const best = results[found ?? 0] as ChoiceResult<Choice>
  if (found === null) {
    const failure = runs.flat().find(({ error }) => error !== undefined)
    if (failure) throw failure.error
    fail(
      'value',
      where,
      `${scoring.name} is NaN for every choice.`,
      'Look at the data, or use another metric.',
    )
  }
  if (!checked.retrain) return { choices: results, best }

  return withPrepared(prepare, [data], async ([train], transform) => {
    await turn(signal)
    const own = seedOf(seed, count)
    const model = make(own, best.choice)
    try {
      // Nothing is left out that could tell when to stop: the folds have told.
      const { stop, metrics, ...rest } = fits[found] as FoldFit
      const { epochs } = best
      const { history } = await fit(model, {
        ...rest,
        train: train as Dataset,
        epochs,
        seed: own,
        ...aborted,
      })
      signal?.throwIfAborted()
      return { choices: results, best, model, transform, history }
    } catch (error) {
      model.dispose()
      throw error
    }
  })
}

const where = 'crossValidate'

const schema = {
  model: required,
  data: (value: unknown): Dataset => checkDataset(where, 'data', value),
  choices: optional((value, { name }) => list(where, name, value)),
  folds: integer(10, { min: 2 }),
  stratify: optional(boolean(false)),
  metric: asGiven,
  prepare: callback,
  fit: asGiven,
  chooseEpochs: boolean(false),
  retrain: boolean(false),
  seed: optional(integer(undefined)),
  onFold: callback,
  signal: abortSignal,
}

/** Runs `body` on sets transformed by what `prepare` makes of the first, and frees them. */
async function withPrepared<P extends Preparation, T>(
  prepare: ((train: Dataset) => P | Promise<P>) | undefined,
  sets: readonly Dataset[],
  body: (sets: readonly Dataset[], transform: P | null) => Promise<T>,
): Promise<T> {
  if (!prepare) return body(sets, null)
  const transform = await prepare(sets[0] as Dataset)
  if (typeof (transform as Partial<Preparation> | undefined)?.apply !== 'function')
    fail('value', where, `prepare gave ${show(transform)}, no transform.`, 'Write prepare: data.standardize.')
  const made: Dataset[] = []
  try {
    for (const set of sets)
      made.push(checkDataset(where, "what prepare's transform gave", transform.apply(set)))
    return await body(made, transform)
  } finally {
    for (const [i, set] of made.entries()) if (set !== sets[i]) set.dispose()
  }
}
