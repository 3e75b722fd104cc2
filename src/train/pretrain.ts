// Greedy pre-training: the hidden layers of a multilayer perceptron, one after another, without labels.
import { checkDataset, type Dataset, dataset as datasetOf } from '../data/dataset.ts'
import { fail } from '../errors.ts'
import { checkLayers, type Layer } from '../nn/layer.ts'
import { linear, sequential, tied } from '../nn/layers.ts'
import { rbm } from '../nn/rbm.ts'
import { assignTo } from '../ops/parameter.ts'
import { max, min } from '../ops/reduce.ts'
import { integer, oneOf, parseOptions } from '../options.ts'
import { at } from '../shape.ts'
import { type Parameter, scope, type Tensor } from '../tensor.ts'
import { predict } from './evaluate.ts'
import { fit } from './fit.ts'
import type { History } from './history.ts'
import type { LossFunction } from './losses.ts'
import { checkFit, type FreshFit } from './selection.ts'

/**
 * Options of the run that trains a layer. An optimizer is given as the function that makes it. The loss of an autoencoder
 * is the squared error unless told; 'sigmoidCrossEntropy' learns faster from numbers in [0, 1]. An RBM has its own.
 */
export type PretrainFitOptions = FreshFit<'train' | 'validation' | 'metrics'>

/** Options of `pretrain`. */
export interface PretrainOptions {
  /**
   * 'autoencoder', the default: a layer learns to give back what it takes, through its own weights transposed. 'rbm': it
   * learns as a restricted Boltzmann machine, from features in [0, 1] and with sigmoid activations.
   */
  with?: 'autoencoder' | 'rbm'
  /** Linear layers that are trained, from the first. Default: all but the last, which gives the outputs. */
  layers?: number
  /** Gibbs steps of contrastive divergence. Default 1. */
  steps?: number
  /** Options of each layer's `fit`, or what gives them by the layer's number, counted from 0. */
  fit?: PretrainFitOptions | ((layer: number) => PretrainFitOptions)
}

/**
 * Trains the hidden layers of a model one by one, each on what those before make of the features, and puts their weights
 * and biases into the model (with 'rbm' Hinton, Osindero and Teh 2006; with 'autoencoder' Bengio et al. 2007, "Greedy
 * layer-wise training of deep networks"). Labels play no part; `fit` then tunes the whole. Gives each layer's history.
 *
 *     await train.pretrain(model, images, { with: 'rbm', fit: { epochs: 5 } })
 *     await train.fit(model, { train: images })
 *
 * The model is a sequence, as `nn.mlp` makes it. Each layer starts from the weights it has. Dropout that follows it is at
 * work in its training, normalisation is not. What the layers before give for all rows lies on the GPU meanwhile. When
 * `fit` is aborted, so is the rest. Rejects with `value` for models without hidden layers or with other than linear ones,
 * and for what makes no RBM: other activations, features outside [0, 1].
 */
export async function pretrain(
  model: Layer,
  dataset: Dataset,
  options: PretrainOptions = {},
): Promise<History[]> {
  checkLayers(WHERE, [model])
  checkDataset(WHERE, 'the data', dataset)
  const { lead, stages } = stagesOf(model)
  const checked = parseOptions(WHERE, options, {
    with: oneOf(['autoencoder', 'rbm'], 'autoencoder'),
    layers: integer(Math.max(stages.length - 1, 0), { max: stages.length }),
    steps: integer(1, { min: 1 }),
    fit: (value = {}) => value as NonNullable<PretrainOptions['fit']>,
  })
  const chosen = stages.slice(0, checked.layers)
  if (chosen.length === 0)
    fail(
      'value',
      WHERE,
      `of the model's ${stages.length} linear layers none is to be trained.`,
      'Pass a model with hidden layers, such as nn.mlp([784, 256, 10]).',
    )
  const isRbm = checked.with === 'rbm'
  if (isRbm) chosen.forEach(checkSigmoid)
  const histories: History[] = []
  let inputs = predict(sequential(...lead), dataset)
  try {
    if (isRbm) await checkRange(inputs)
    for (const [i, stage] of chosen.entries()) {
      const asked = typeof checked.fit === 'function' ? checked.fit(i) : checked.fit
      const own = checkFit(WHERE, asked, [
        'train',
        'validation',
        'metrics',
        ...(isRbm ? ['loss' as const] : []),
      ])
      const trainee = inputs.engine.use(() => (isRbm ? machine(stage, checked.steps) : mirror(stage)))
      try {
        const train = datasetOf(inputs)
        const { history, stopped } = await fit(trainee.model, { loss: trainee.loss, ...own, train })
        histories.push(history)
        stage.parameters.forEach((parameter, place) => {
          assignTo(parameter, trainee.learnt[place] as Parameter)
        })
        if (stopped?.by === 'abort') break
      } finally {
        for (const parameter of trainee.model.parameters()) parameter.dispose()
      }
      if (i === chosen.length - 1) break
      const outputs = predict(sequential(stage.linear, ...stage.rest), inputs)
      inputs.dispose()
      inputs = outputs
    }
  } finally {
    inputs.dispose()
  }
  return histories
}

const WHERE = 'pretrain'

/** A linear layer and what follows it up to the next. */
interface Stage {
  readonly linear: Layer
  /** Its weight and, where it has one, its bias. */
  readonly parameters: readonly Parameter[]
  readonly rest: readonly Layer[]
}

/** Layers of a sequence and of the sequences in it. */
const flattened = (model: Layer): readonly Layer[] =>
  model.kind === 'sequential' ? model.layers.flatMap(flattened) : [model]

/** A model as stages, and the layers that come before the first. */
function stagesOf(model: Layer): { lead: readonly Layer[]; stages: readonly Stage[] } {
  const lead: Layer[] = []
  const stages: (Stage & { readonly rest: Layer[] })[] = []
  for (const part of flattened(model)) {
    const parameters = part.parameters()
    if (part.kind === 'linear') stages.push({ linear: part, parameters, rest: [] })
    else if (parameters.every(({ rank }) => rank < 2)) (stages.at(-1)?.rest ?? lead).push(part)
    else
      fail(
        'value',
        WHERE,
        `${part.label} is no layer of a multilayer perceptron.`,
        'Pass a sequence of linear layers and activations.',
      )
  }
  return { lead, stages }
}

/** A model that trains the parameters of a stage, and its own parameters that stand for them. */
interface Trainee {
  readonly model: Layer
  readonly loss: LossFunction | 'meanSquaredError'
  readonly learnt: readonly Parameter[]
}

const sizesOf = ({ parameters }: Stage): [inputs: number, outputs: number] => {
  const { shape } = parameters[0] as Parameter
  return [at(shape, 0), at(shape, 1)]
}

/** Starts a trainee from what the stage has. */
function startedFrom({ parameters }: Stage, trainee: Trainee): Trainee {
  parameters.forEach((parameter, i) => {
    assignTo(trainee.learnt[i] as Parameter, parameter)
  })
  return trainee
}

/** The stage and back through its weights transposed. */
function mirror(stage: Stage): Trainee {
  const bias = stage.parameters.length > 1
  const copy = linear(...sizesOf(stage), { bias, initializer: 'zeros' })
  const between = stage.rest.filter(part => part.parameters().length === 0)
  const model = sequential(copy, ...between, tied(copy))
  return startedFrom(stage, { model, loss: 'meanSquaredError', learnt: copy.parameters() })
}

function machine(stage: Stage, steps: number): Trainee {
  const model = rbm(...sizesOf(stage), { initializer: 'zeros' })
  const loss: LossFunction = (_, x) => model.contrastiveDivergence(x, { steps })
  return startedFrom(stage, { model, loss, learnt: model.parameters() })
}

/** Throws `value` unless a stage computes what the hidden units of an RBM do. */
function checkSigmoid({ linear, parameters, rest }: Stage): void {
  const units = rest.filter(part => part.parameters().length === 0 && part.kind !== 'dropout')
  if (parameters.length > 1 && units.length === 1 && units[0]?.kind === 'sigmoid') return
  const found = [linear, ...rest].map(({ label }) => label).join(', ')
  fail(
    'value',
    WHERE,
    `the units of an RBM are sigmoids with a bias, not ${found}.`,
    "Use nn.mlp(sizes, { activation: 'sigmoid' }), or with: 'autoencoder'.",
  )
}

/** Rejects with `value` unless all numbers are within [0, 1]. */
async function checkRange(x: Tensor): Promise<void> {
  const ends = scope(() => [min(x), max(x)])
  const [low, high] = await Promise.all(ends.map(end => end.item()))
  for (const end of ends) end.dispose()
  if (low !== undefined && high !== undefined && low >= 0 && high <= 1) return
  fail(
    'value',
    WHERE,
    `the features lie in [${low}, ${high}]; those of an RBM are in [0, 1].`,
    "Use data.minMax, or with: 'autoencoder'.",
  )
}
