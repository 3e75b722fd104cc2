// Evaluation: the loss and metrics of a model on a whole data set, and its outputs, without training it.
import { compile } from '../compile.ts'
import { checkDataset, type Dataset } from '../data/dataset.ts'
import { isFloat } from '../dtype.ts'
import { fail, show } from '../errors.ts'
import { checkLayers, type Layer } from '../nn/layer.ts'
import { tensor } from '../ops/create.ts'
import { gather } from '../ops/gather.ts'
import { concat } from '../ops/join.ts'
import { slice } from '../ops/slice.ts'
import { asGiven, integer, parseOptions } from '../options.ts'
import { scope, Tensor } from '../tensor.ts'
import { columns } from '../text.ts'
import { checkNames } from './class_names.ts'
import { RowFeed } from './feed.ts'
import { type Loss, type LossFunction, type LossName, lossOf } from './losses.ts'
import {
  type ClassScores,
  type Confusion,
  classScores,
  confusionOf,
  type Metric,
  type MetricName,
  metricsOf,
} from './metrics.ts'
import { type Predictions, sayOne } from './predictions.ts'

/** Rows computed at a time unless the caller says otherwise. */
const BATCH = 1024

/** The loss and each metric by name. */
export type Scores = Readonly<{ loss: number } & Record<string, number>>

/** Evaluates a model on a set as often as asked; its plans are made once. */
export class Evaluator {
  private readonly feed: RowFeed
  private readonly step
  private readonly loss: Loss

  /** Throws `value` and `shape` for labels that are not what loss and metrics take. */
  constructor(
    where: string,
    model: Layer,
    private readonly dataset: Dataset,
    loss: unknown,
    private readonly metrics: readonly Metric[],
    private readonly batchSize = BATCH,
    /** Whether outputs are read: else losses alone. */
    private readonly wantsOutputs = metrics.length > 0,
  ) {
    this.loss = lossOf(where, loss, dataset)
    const { odd, rows } = dataset
    if (odd && metrics.some(({ ofClasses }) => ofClasses)) sayOne(where, this.loss.link, odd, rows)
    this.feed = new RowFeed(dataset)
    this.step = compile(
      (length: number): Tensor[] => {
        const { features, labels } = this.feed.batch(length)
        const output = model(features)
        const value = this.loss.apply(output, labels)
        return this.wantsOutputs ? [value, output, labels] : [value]
      },
      { engine: dataset.engine },
    )
    // Now, so that what does not fit is told at the user's call.
    this.step.planned(this.lengths[0] as number)
  }

  /** Asks for the pipelines. */
  async warmUp(): Promise<void> {
    for (const length of new Set(this.lengths)) await this.step.warmUp(length)
  }

  /** Rows of each batch: all of one size but for the last. */
  private get lengths(): number[] {
    const { batchSize, dataset } = this
    const count = Math.ceil(dataset.size / batchSize)
    return Array.from({ length: count }, (_, i) => Math.min(batchSize, dataset.size - i * batchSize))
  }

  /** Submits all batches at once, and reads what they gave. */
  async predictions(): Promise<{ loss: number; predictions: Predictions }> {
    let first = 0
    const reads = this.lengths.map(async length => {
      const start = first
      first += length
      this.feed.announce(Int32Array.from({ length }, (_, i) => start + i))
      const results = this.step(length)
      try {
        const [value, output, labels] = results
        const [loss, outputs, ids] = await Promise.all([value?.item(), output?.data(), labels?.data()])
        const width = output ? output.size / length : 0
        const areIds = labels !== undefined && !isFloat(labels.dtype)
        return { length, loss: loss ?? Number.NaN, width, outputs: outputs ?? [], labels: ids ?? [], areIds }
      } finally {
        for (const tensor of results) tensor.dispose()
      }
    })
    const parts = await Promise.all(reads)
    const { size } = this.dataset
    const loss = parts.reduce((sum, part) => sum + part.loss * part.length, 0) / size
    const joined = (key: 'outputs' | 'labels') => {
      const all = new Float64Array(parts.reduce((sum, part) => sum + part[key].length, 0))
      let offset = 0
      for (const part of parts) {
        all.set(part[key], offset)
        offset += part[key].length
      }
      return all
    }
    const { width = 0, areIds = false } = parts[0] ?? {}
    const predictions = {
      count: size,
      width,
      outputs: joined('outputs'),
      labels: joined('labels'),
      areIds,
      link: this.loss.link,
    }
    return { loss, predictions }
  }

  /** The loss, averaged over rows, and the metrics. */
  async run(): Promise<Scores> {
    const { loss, predictions } = await this.predictions()
    return { loss, ...Object.fromEntries(this.metrics.map(({ name, of }) => [name, of(predictions)])) }
  }

  dispose(): void {
    this.step.dispose()
  }
}

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** By default as the labels ask: softmax cross-entropy for class ids, squared error for numbers. */
  loss?: LossName | LossFunction
  metrics?: readonly (MetricName | Metric)[]
  /** Rows computed at a time. Default 1024. */
  batchSize?: number
}

function prepared(
  where: string,
  model: Layer,
  dataset: Dataset,
  options: EvaluateOptions,
  wantsOutputs?: true,
): Evaluator {
  checkLayers(where, [model])
  checkDataset(where, 'the data', dataset)
  checkNames(where, 'the data', model, dataset.classNames)
  const { loss, metrics, batchSize } = parseOptions(where, options, {
    loss: asGiven,
    metrics: asGiven,
    batchSize: integer(BATCH, { min: 1 }),
  })
  return new Evaluator(where, model, dataset, loss, metricsOf(where, metrics), batchSize, wantsOutputs)
}

/**
 * The model's loss on a data set, averaged over its rows, and the metrics asked for, as `{ loss, accuracy }`. Throws
 * `shape` where the model's output does not fit the labels.
 */
export async function evaluate(
  model: Layer,
  dataset: Dataset,
  options: EvaluateOptions = {},
): Promise<Scores> {
  const evaluator = prepared('evaluate', model, dataset, options)
  try {
    return await evaluator.run()
  } finally {
    evaluator.dispose()
  }
}

/** How a classifier fares, class by class. As text, a table. */
export interface ClassificationReport {
  readonly accuracy: number
  readonly confusion: Confusion
  readonly classes: readonly ClassScores[]
  toString(): string
}

/** Confusion matrix, and precision, recall and F1 of each class. */
export async function classificationReport(
  model: Layer,
  dataset: Dataset,
  options: Omit<EvaluateOptions, 'metrics'> = {},
): Promise<ClassificationReport> {
  const evaluator = prepared('classificationReport', model, dataset, options, true)
  try {
    const { predictions } = await evaluator.predictions()
    const confusion = confusionOf(predictions)
    const classes = classScores(confusion)
    const right = confusion.reduce((sum, row, i) => sum + (row[i] ?? 0), 0)
    const accuracy = right / predictions.count
    return {
      accuracy,
      confusion,
      classes,
      toString: () => reportTable(dataset, confusion, classes, accuracy),
    }
  } finally {
    evaluator.dispose()
  }
}

function reportTable(
  { classNames }: Dataset,
  confusion: Confusion,
  scores: readonly ClassScores[],
  accuracy: number,
): string {
  const names = scores.map((_, i) => classNames?.[i] ?? `${i}`)
  const head = ['actual', ...names, 'precision', 'recall', 'f1']
  const rows = scores.map(({ precision, recall, f1 }, i) => [
    names[i] as string,
    ...(confusion[i] as readonly number[]).map(String),
    ...[precision, recall, f1].map(score => score.toFixed(4)),
  ])
  return [...columns([head, ...rows], []), `accuracy ${accuracy.toFixed(4)}`].join('\n')
}

/**
 * The model's outputs for features [rows, …] or a data set, computed `batchSize` rows at a time. Nothing is trained:
 * dropout keeps all, batch norm uses its running statistics.
 */
export function predict(model: Layer, x: Tensor | Dataset, options: { batchSize?: number } = {}): Tensor {
  checkLayers('predict', [model])
  const { batchSize } = parseOptions('predict', options, { batchSize: integer(BATCH, { min: 1 }) })
  return scope(() => {
    const features = x instanceof Tensor ? x : rowsOf(checkDataset('predict', 'x', x))
    const rows = features.shape[0]
    if (rows === undefined)
      return fail('shape', 'predict', `x is ${show(features.shape)}; it must be [rows, …].`)
    if (rows <= batchSize) return model(features)
    const parts: Tensor[] = []
    for (let first = 0; first < rows; first += batchSize) {
      const start = features.shape.map((_, axis) => (axis === 0 ? first : 0))
      const end = features.shape.map((length, axis) =>
        axis === 0 ? Math.min(rows, first + batchSize) : length,
      )
      parts.push(model(slice(features, { start, end })))
    }
    return concat(parts)
  })
}

const rowsOf = ({ features, rows, engine }: Dataset): Tensor =>
  gather(features, tensor(rows, { dtype: 'int32', engine }))
