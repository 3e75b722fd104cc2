// Ensembles: several models asked as one, which errs less than they do where they err apart.
import { checkDataset } from '../data/dataset.ts'
import { Stream } from '../data/stream.ts'
import { fail, show } from '../errors.ts'
import { checkLayers, type Layer, layer } from '../nn/layer.ts'
import { argMax } from '../ops/arg_max.ts'
import { add, div, greater } from '../ops/binary.ts'
import { oneHot } from '../ops/one_hot.ts'
import { cast } from '../ops/unary.ts'
import { abortSignal, integer, number, oneOf, optional, parseOptions, required } from '../options.ts'
import { sameShape } from '../shape.ts'
import { keepResult, type Tensor } from '../tensor.ts'
import { learnNames } from './class_names.ts'
import { fit } from './fit.ts'
import type { History } from './history.ts'
import { lossOf, thresholdOf } from './losses.ts'
import { checkFit, type FreshFit, modelMaker, seedOf, turn } from './selection.ts'

/** How the outputs of models become one: their 'mean', or a 'vote' of a class each. */
export type Combine = 'vote' | 'mean'

/** Options of `ensemble`. */
export interface EnsembleOptions {
  /**
   * 'mean' (the default): the mean of the models' outputs as they are: numbers predicted, or logits, whose mean is that of the
   * logarithms of probabilities. Its squared error and its cross-entropy are at most the mean of the models' own (Jensen).
   *
   * 'vote': each model votes for its class (the first of equals), and the output is each class's share of votes, so that
   * metrics take the class with the most, of equals the lowest. With one output, which says class 1 above `threshold`,
   * it is above `threshold` where most models are. A loss makes little of shares.
   */
  combine?: Combine
  /**
   * Where a single output begins to say class 1, for votes. The default 0 is for logits, as sigmoidCrossEntropy and hinge
   * train them; pass 0.5 for models trained with another loss, whose outputs metrics read from 0 to 1.
   */
  threshold?: number
}

/**
 * Models combined to one, a layer like any other: `evaluate`, `predict` and metrics take it. Its parameters are the
 * models' own; `dispose()` frees them. Throws `value` for no models, `shape` at the first call where outputs differ.
 */
export function ensemble(models: readonly Layer[], options: EnsembleOptions = {}): Layer {
  const where = 'ensemble'
  checkLayers(where, models)
  if (models.length === 0) fail('value', where, 'there are no models.', 'Pass one or more.')
  const { combine, threshold } = parseOptions(where, options, {
    combine: oneOf(['mean', 'vote'], 'mean'),
    threshold: number(0),
  })
  const count = models.length
  return layer({
    kind: where,
    label: `ensemble(${count}, ${combine})`,
    layers: models,
    forward: (x, call) =>
      keepResult(() => {
        const outputs = models.map(model => model(x, call))
        const { shape, dtype } = outputs[0] as Tensor
        const other = outputs.find(output => !sameShape(output.shape, shape))
        if (other)
          fail('shape', where, `models give ${show(shape)} and ${show(other.shape)}.`, 'Give all one shape.')
        const mean = (parts: readonly Tensor[]): Tensor =>
          div(
            parts.reduce((sum, part) => add(sum, part)),
            count,
          )
        if (combine === 'mean') return mean(outputs)
        const classes = shape.at(-1) ?? 1
        if (classes > 1)
          return mean(outputs.map(output => oneHot(argMax(output, { axis: -1 }), { classes, dtype })))
        return add(mean(outputs.map(output => cast(greater(output, threshold), dtype))), threshold - 0.5)
      }),
  })
}

/** Options of `trainEnsemble`. */
export interface TrainEnsembleOptions {
  /** Makes a fresh model; the weights follow from the seed. */
  model: () => Layer
  /** How many. Default 5. */
  count?: number
  /** Options of `fit` for each of them. */
  fit: FreshFit<'seed' | 'signal'>
  /** Default: 'vote' for classes, a single output read as metrics read it under `fit`'s loss; 'mean' for numbers to predict. */
  combine?: Combine
  /** All that is drawn follows from it, for each model other weights, orders and dropout. Default: the engine's seed. */
  seed?: number
  /** Ends it soon: the promise rejects with the signal's reason. */
  signal?: AbortSignal
}

/** Models trained from different seeds, as one. */
export interface TrainedEnsemble {
  readonly model: Layer
  readonly models: readonly Layer[]
  readonly histories: readonly History[]
}

/** Trains models from different seeds, one after another, and combines them. Throws as `fit` does; then no model is left. */
export async function trainEnsemble(options: TrainEnsembleOptions): Promise<TrainedEnsemble> {
  const where = 'trainEnsemble'
  const { fit: own, ...checked } = parseOptions(where, options, {
    model: required<() => Layer>,
    count: integer(5, { min: 1 }),
    fit: (value: unknown) => checkFit(where, value ?? {}, ['seed', 'signal']) as TrainEnsembleOptions['fit'],
    combine: optional(oneOf(['vote', 'mean'], 'mean')),
    seed: optional(integer(undefined)),
    signal: abortSignal,
  })
  const { signal } = checked
  const { train } = own
  const { engine, classes } = train instanceof Stream ? train : checkDataset(where, 'train', train)
  const seed = checked.seed ?? engine.seed
  const make = modelMaker(where, engine, checked.model)
  const models: Layer[] = []
  const histories: History[] = []
  try {
    for (let i = 0; i < checked.count; i++) {
      await turn(signal)
      const ownSeed = seedOf(seed, i)
      const model = make(ownSeed, undefined)
      models.push(model)
      const { history } = await fit(model, { ...own, seed: ownSeed, ...(signal ? { signal } : {}) })
      signal?.throwIfAborted()
      histories.push(history)
    }
    const combine = checked.combine ?? (classes === null ? 'mean' : 'vote')
    const threshold = thresholdOf(lossOf(where, own.loss, train).link)
    const model = ensemble(models, { combine, threshold })
    learnNames(model, train.classNames)
    return { model, models, histories }
  } catch (error) {
    for (const model of models) model.dispose()
    throw error
  }
}
