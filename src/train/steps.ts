// Training steps over a source of batches: a set on the GPU, or a stream; each yields the losses of what it submitted.
import { compile } from '../compile.ts'
import { Dataset } from '../data/dataset.ts'
import { shuffledRows } from '../data/shuffle.ts'
import { Stream } from '../data/stream.ts'
import type { Engine } from '../engine.ts'
import { fail, show } from '../errors.ts'
import type { Tensor } from '../tensor.ts'
import { type Batch, RowFeed } from './feed.ts'
import type { Pace } from './pace.ts'

/** Steps of one size that were submitted together. */
export interface Submit {
  /** Of each step. */
  readonly rows: number
  /** The loss of each step. */
  readonly losses: Tensor
}

/** Steps of an epoch, submitted as they are asked for. */
export interface Steps {
  /** Steps of an epoch, null where only its end tells. */
  readonly perEpoch: number | null
  /** Asks for all pipelines, without which the first steps would hold the page up. */
  warmUp(): Promise<void>
  /** Counted from 1. */
  epoch(number: number): Iterable<Submit> | AsyncIterable<Submit>
  dispose(): void
}

export interface StepOptions {
  readonly batchSize: number | undefined
  readonly shuffle: boolean
  readonly seed: number | undefined
  readonly pace: Pace
}

/** Rows of a batch unless the caller says otherwise. */
const BATCH = 32

/**
 * The steps of a source. `body` trains on a batch and gives its loss. Throws `value` for a batch size above the set's, and
 * what `body` throws of batches of a set; a stream's first batch tells.
 */
export function stepsOf(source: unknown, body: (batch: Batch) => Tensor, options: StepOptions): Steps {
  if (source instanceof Dataset) return ofSet(source, body, options)
  if (source instanceof Stream) return ofStream(source, body, options)
  return fail(
    'value',
    'fit',
    `train is ${show(source)}.`,
    'Pass data.dataset(features, labels) or data.stream(chunks).',
  )
}

/**
 * How steps are called: what those with a seed draw, for dropout say, depends on it alone. The counter starts far from
 * those that a model of the same seed was initialised with.
 */
function drawing(seed: number | undefined): <T>(engine: Engine, call: () => T) => T {
  const stream = seed === undefined ? null : { seed, counter: 2 ** 42 }
  return (engine, call) => (stream ? engine.withSeed(stream, call) : call())
}

function ofSet(dataset: Dataset, body: (batch: Batch) => Tensor, options: StepOptions): Steps {
  const { size } = dataset
  const { shuffle, pace, seed = dataset.engine.seed, batchSize = Math.min(BATCH, size) } = options
  const draw = drawing(options.seed)
  if (batchSize > size)
    fail('value', 'fit', `batchSize is ${batchSize}, the set has ${size} rows.`, `Use at most ${size}.`)
  const feed = new RowFeed(dataset)
  const step = compile((rows: number) => body(feed.batch(rows)), { engine: dataset.engine })
  const rest = size % batchSize
  try {
    // Now, so that what does not fit is told at the user's call.
    step.planned(batchSize)
  } catch (error) {
    step.dispose()
    throw error
  }
  return {
    perEpoch: Math.ceil(size / batchSize),
    warmUp: async () => {
      for (const rows of rest > 0 ? [batchSize, rest] : [batchSize]) await step.warmUp(rows)
    },
    /** As many steps at once as take a few milliseconds. */
    *epoch(number) {
      const inOrder = Int32Array.from({ length: size }, (_, i) => i)
      const order = shuffle ? shuffledRows(size, seed, number - 1) : inOrder
      for (let first = 0; first < size; ) {
        const rows = Math.min(batchSize, size - first)
        const times = Math.min(pace.chunk, Math.floor((size - first) / rows))
        for (let i = 0; i < times; i++, first += rows) feed.announce(order.subarray(first, first + rows))
        yield { rows, losses: draw(dataset.engine, () => step.run(times, rows)) }
      }
    },
    dispose: () => step.dispose(),
  }
}

function ofStream(stream: Stream, body: (batch: Batch) => Tensor, options: StepOptions): Steps {
  const { batchSize, seed } = options
  if (batchSize !== undefined)
    fail('option', 'fit', 'a stream has a batch size of its own.', 'Pass it to data.stream.')
  const step = compile((features: Tensor, labels: Tensor) => body({ features, labels }))
  const draw = drawing(seed)
  return {
    perEpoch: null,
    warmUp: () => Promise.resolve(),
    async *epoch() {
      for await (const { features, labels, size } of stream)
        yield { rows: size, losses: draw(features.engine, () => step(features, labels)) }
    },
    dispose: () => step.dispose(),
  }
}
