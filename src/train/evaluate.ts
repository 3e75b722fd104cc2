// Evaluation: the loss and metrics of a model on a whole data set, and its outputs, without training it.
import { compile } from '../compile.ts'
import { checkDataset, type Dataset } from '../data/dataset.ts'
import { Stream } from '../data/stream.ts'
import { isFloat } from '../dtype.ts'
import { fail, show } from '../errors.ts'
import { checkLayers, type Layer } from '../nn/layer.ts'
import { tensor } from '../ops/create.ts'
import { gather } from '../ops/gather.ts'
import { concat } from '../ops/join.ts'
import { detach } from '../ops/reshape.ts'
import { slice } from '../ops/slice.ts'
import { asGiven, integer, parseOptions } from '../options.ts'
import { scope, Tensor } from '../tensor.ts'
import { columns } from '../text.ts'
import { checkNames } from './class_names.ts'
import { type Batch, RowFeed } from './feed.ts'
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
import { type Predictions, sayOne, sumOf } from './predictions.ts'

/** Rows computed at a time unless the caller says otherwise. */
const BATCH = 1024

/** The loss and each metric by name. */
export type Scores = Readonly<{ loss: number } & Record<string, number>>

/** What a batch gave, read. */
interface Part {
  readonly length: number
  readonly loss: number
  readonly width: number
  readonly outputs: ArrayLike<number>
  readonly labels: ArrayLike<number>
  readonly areIds: boolean
}

/** The batches of a source, and what a model makes of them. */
interface Batches {
  warmUp(): Promise<void>
  parts(): Promise<Part[]>
  dispose(): void
}

/** Evaluates a model on a set or a stream as often as asked; its plans are made once. */
export class Evaluator {
  private readonly batches: Batches
  private readonly loss: Loss

  /** Throws `value` and `shape` for labels that are not what loss and metrics take; those of a stream, once they come. */
  constructor(
    where: string,
    private readonly model: Layer,
    source: Dataset | Stream,
    loss: unknown,
    private readonly metrics: readonly Metric[],
    batchSize = BATCH,
    /** Whether outputs are read: else losses alone. */
    private readonly wantsOutputs = metrics.length > 0,
  ) {
    this.loss = lossOf(where, loss, source)
    if (source instanceof Stream) {
      this.batches = this.ofStream(source)
      return
    }
    const { odd, rows } = source
    if (odd && metrics.some(({ ofClasses }) => ofClasses)) sayOne(where, this.loss.link, odd, rows)
    this.batches = this.ofSet(source, batchSize)
  }

  /** Asks for the pipelines. */
  warmUp(): Promise<void> {
    return this.batches.warmUp()
  }

  private judge({ features, labels }: Batch): Tensor[] {
    const output = this.model(features)
    const loss = this.loss.apply(output, labels)
    return this.wantsOutputs ? [loss, output, labels] : [loss]
  }

  /** Reads what `judge` gave, and frees it. */
  private async read(results: readonly Tensor[], length: number): Promise<Part> {
    try {
      const [value, output, labels] = results
      const [loss, outputs, ids] = await Promise.all([value?.item(), output?.data(), labels?.data()])
      const width = output ? output.size / length : 0
      const areIds = labels !== undefined && !isFloat(labels.dtype)
      return { length, loss: loss ?? Number.NaN, width, outputs: outputs ?? [], labels: ids ?? [], areIds }
    } finally {
      for (const tensor of results) tensor.dispose()
    }
  }

  /** All submitted at once. */
  private ofSet(dataset: Dataset, batchSize: number): Batches {
    const { size, engine } = dataset
    // All of one size but for the last.
    const lengths = Array.from({ length: Math.ceil(size / batchSize) }, (_, i) =>
      Math.min(batchSize, size - i * batchSize),
    )
    const feed = new RowFeed(dataset)
    const step = compile((length: number) => this.judge(feed.batch(length)), { engine })
    // Now, so that what does not fit is told at the user's call.
    step.planned(lengths[0] as number)
    return {
      warmUp: async () => {
        for (const length of new Set(lengths)) await step.warmUp(length)
      },
      parts: () => {
        let first = 0
        return Promise.all(
          lengths.map(length => {
            const start = first
            first += length
            feed.announce(Int32Array.from({ length }, (_, i) => start + i))
            return this.read(step(length), length)
          }),
        )
      },
      dispose: () => step.dispose(),
    }
  }

  /** Each read before the next comes: what does not fit is never there as a whole. */
  private ofStream(stream: Stream): Batches {
    const step = compile((features: Tensor, labels: Tensor) =>
      this.judge({ features, labels: detach(labels) }),
    )
    return {
      warmUp: () => Promise.resolve(),
      parts: async () => {
        const parts: Part[] = []
        for await (const { features, labels, size } of stream.batches(this.loss.look))
          parts.push(await this.read(step(features, labels), size))
        return parts
      },
      dispose: () => step.dispose(),
    }
  }

  async predictions(): Promise<{ loss: number; predictions: Predictions }> {
    const parts = await this.batches.parts()
    const count = sumOf(parts.map(({ length }) => length))
    const loss = sumOf(parts.map(part => part.loss * part.length)) / count
    const joined = (key: 'outputs' | 'labels') => {
      const all = new Float64Array(sumOf(parts.map(part => part[key].length)))
      let offset = 0
      for (const part of parts) {
        all.set(part[key], offset)
        offset += part[key].length
      }
      return all
    }
    const { width = 0, areIds = false } = parts[0] ?? {}
    const predictions = {
      count,
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
    this.batches.dispose()
  }
}

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** By default as the labels ask: softmax cross-entropy for class ids, squared error for numbers. */
  loss?: LossName | LossFunction
  metrics?: readonly (MetricName | Metric)[]
  /** Rows of a set computed at a time; a stream has a size of its own. Default 1024. */
  batchSize?: number
}

function prepared(
  where: string,
  model: Layer,
  source: Dataset | Stream,
  options: EvaluateOptions,
  wantsOutputs?: true,
): Evaluator {
  checkLayers(where, [model])
  if (!(source instanceof Stream)) checkDataset(where, 'the data', source)
  checkNames(where, 'the data', model, source.classNames)
  const { loss, metrics, batchSize } = parseOptions(where, options, {
    loss: asGiven,
    metrics: asGiven,
    batchSize: integer(BATCH, { min: 1 }),
  })
  return new Evaluator(where, model, source, loss, metricsOf(where, metrics), batchSize, wantsOutputs)
}

/**
 * The model's loss on a data set, averaged over its rows, and the metrics asked for, as `{ loss, accuracy }`; or on a
 * stream, of which outputs and labels alone are kept, and that where metrics ask for them. Throws `shape` where the model's
 * output does not fit the labels.
 */
export async function evaluate(
  model: Layer,
  source: Dataset | Stream,
  options: EvaluateOptions = {},
): Promise<Scores> {
  const evaluator = prepared('evaluate', model, source, options)
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
  source: Dataset | Stream,
  options: Omit<EvaluateOptions, 'metrics'> = {},
): Promise<ClassificationReport> {
  const evaluator = prepared('classificationReport', model, source, options, true)
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
      toString: () => reportTable(source, confusion, classes, accuracy),
    }
  } finally {
    evaluator.dispose()
  }
}

function reportTable(
  { classNames }: Dataset | Stream,
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
