// The options of fit, and how they are read.
import { checkDataset, type Dataset } from '../data/dataset.ts'
import { Stream } from '../data/stream.ts'
import { adam } from '../optim/index.ts'
import { type LossScale, lossScaleOption } from '../optim/loss_scale.ts'
import { type Optimizer, optimizerOption } from '../optim/optimizer.ts'
import { abortSignal, asGiven, boolean, callback, integer, optional } from '../options.ts'
import type { Parameter } from '../tensor.ts'
import type { EpochEvent, StepEvent } from './history.ts'
import type { LossFunction, LossName } from './losses.ts'
import type { Metric, MetricName } from './metrics.ts'
import type { StopRule } from './stopping.ts'

/** Options of `fit`. */
export interface FitOptions {
  /** A stream brings its own batch size, and its rows in the order of their source. */
  train: Dataset | Stream
  /** Evaluated after each epoch. */
  validation?: Dataset
  /** By default as the labels ask: softmax cross-entropy for class ids, squared error for numbers. */
  loss?: LossName | LossFunction
  /** An optimizer of the model's parameters, or what makes one. Default `optim.adam`. */
  optimizer?: Optimizer | ((parameters: readonly Parameter[]) => Optimizer)
  /** Default 10. */
  epochs?: number
  /** Rows a step; the last step of an epoch takes what is left, by a plan of its own. Default 32, or the whole set. */
  batchSize?: number
  /** Leaves the last step of an epoch out where it is short: batch norm refuses a single row. Default false. */
  dropLast?: boolean
  /** Whether every epoch takes the rows in a fresh order. Default true. */
  shuffle?: boolean
  /** Seeds the order, and what is drawn for dropout. Default: the engine's seed, and its random stream. */
  seed?: number
  /** Of the validation set. */
  metrics?: readonly (MetricName | Metric)[]
  /** Rules that end training before all epochs are done. */
  stop?: StopRule | readonly StopRule[]
  /** Hears of each step once its loss is known, while later ones run. */
  onStep?: (event: StepEvent) => void
  /** Hears of each epoch before the next begins, which waits for a promise it returns. */
  onEpoch?: (event: EpochEvent) => void | Promise<void>
  /**
   * Looks for NaN and infinity in every loss and gradient, on the GPU, by one more dispatch a step. At the first, that step
   * and all after it are skipped, parameters and the optimizer's state keeping every bit; the step is repeated op by
   * op, and the promise rejects with what made it so: an op and its layer, a parameter, or a row of the data. Default
   * false: only losses are looked at, and weights may be lost.
   */
  watch?: boolean
  /**
   * A loss scale, for a model that computes in float16: losses are multiplied by it, gradients divided, and a step that
   * overflows is skipped on the GPU. It and `watch` exclude each other.
   */
  scale?: LossScale
  /** Ends training within about a tenth of a second; the promise resolves with the history so far. */
  signal?: AbortSignal
}

/** How `fit` reads its options. */
export const schema = {
  train: (value: unknown): Dataset | Stream =>
    value instanceof Stream ? value : checkDataset('fit', 'train', value),
  validation: optional((value): Dataset => checkDataset('fit', 'validation', value)),
  loss: asGiven,
  optimizer: asGiven,
  epochs: integer(10, { min: 1 }),
  batchSize: optional(integer(undefined, { min: 1 })),
  dropLast: boolean(false),
  shuffle: boolean(true),
  seed: optional(integer(undefined)),
  metrics: asGiven,
  stop: asGiven,
  onStep: callback<FitOptions['onStep']>,
  onEpoch: callback<FitOptions['onEpoch']>,
  watch: boolean(false),
  scale: optional(lossScaleOption),
  signal: abortSignal,
}

/** The optimizer that an option holds or makes. Throws `option`. */
export function optimizerOf(given: unknown, parameters: readonly Parameter[]): Optimizer {
  const made: unknown =
    given === undefined ? adam(parameters) : typeof given === 'function' ? given(parameters) : given
  return optimizerOption(made, { where: 'fit', name: 'optimizer', rank: 0 })
}
