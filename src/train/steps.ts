// Training steps over a source of batches: a set on the GPU, or a stream; each yields the losses of what it submitted.
import { compile } from '../compile.ts'
import { BATCH_SIZE } from '../data/batches.ts'
import type { Dataset } from '../data/dataset.ts'
import { unscoped } from '../data/numbers.ts'
import { shuffledRows } from '../data/shuffle.ts'
import { type Look, Stream } from '../data/stream.ts'
import type { Engine } from '../engine.ts'
import { fail } from '../errors.ts'
import { detach } from '../ops/reshape.ts'
import type { RandomStream } from '../random.ts'
import type { Tensor } from '../tensor.ts'
import { type Batch, RowFeed } from './feed.ts'
import type { Pace } from './pace.ts'
import type { Replay } from './watch.ts'

/** Steps of one size that were submitted together. */
export interface Submit {
  /** Of each step. */
  readonly rows: number
  /** The loss of each step. */
  readonly losses: Tensor
  /** What `body` gave beside it. */
  readonly finite: Tensor | null
  /** One of its steps, to be done again. */
  replay(index: number): Replay
  /** Frees what was kept for that. */
  dispose(): void
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
  readonly dropLast: boolean
  readonly shuffle: boolean
  readonly seed: number | undefined
  readonly pace: Pace
  /** Is told of the targets of a stream. */
  readonly look: Look | undefined
  /** Whether steps may have to be done again. */
  readonly watch: boolean
  /** Once aborted, no batch is waited for. */
  readonly signal: AbortSignal
}

/** What a step gives: its loss, and with a watch whether all was finite so far. */
export type Body = (batch: Batch) => readonly [loss: Tensor, finite?: Tensor]

/**
 * The steps of a source, for which `body` trains on a batch. Throws `value` for a batch size above the set's, and
 * what `body` throws of batches of a set; a stream's first batch tells.
 */
export function stepsOf(source: Dataset | Stream, body: Body, options: StepOptions): Steps {
  return source instanceof Stream ? ofStream(source, body, options) : ofSet(source, body, options)
}

/** Where an engine's random numbers go on. */
function streamOf(engine: Engine): RandomStream {
  const [seedLow = 0, seedHigh = 0, low = 0, high = 0] = engine.nextRandomKey()
  engine.returnRandomKeys(1)
  return { seed: seedLow + 2 ** 32 * seedHigh, counter: low + 2 ** 32 * high }
}

/**
 * How steps are called: what those with a seed draw, for dropout say, depends on it alone. The counter starts far from
 * those that a model of the same seed was initialised with. Tells where the numbers of each step begin.
 */
function drawing(seed: number | undefined) {
  const stream = seed === undefined ? null : { seed, counter: 2 ** 42 }
  return <T>(
    engine: Engine,
    times: number,
    call: () => T,
  ): { results: T; randomOf: (i: number) => RandomStream } => {
    const counted = () => {
      const before = streamOf(engine)
      const results = call()
      const each = (streamOf(engine).counter - before.counter) / times
      return { results, randomOf: (i: number) => ({ ...before, counter: before.counter + i * each }) }
    }
    return stream ? engine.withSeed(stream, counted) : counted()
  }
}

function ofSet(dataset: Dataset, body: Body, options: StepOptions): Steps {
  const { size } = dataset
  const {
    dropLast,
    shuffle,
    pace,
    seed = dataset.engine.seed,
    batchSize = Math.min(BATCH_SIZE, size),
  } = options
  const draw = drawing(options.seed)
  if (batchSize > size)
    fail('value', 'fit', `batchSize is ${batchSize}, the set has ${size} rows.`, `Use at most ${size}.`)
  const feed = new RowFeed(dataset)
  const step = compile((rows: number) => body(feed.batch(rows)), { engine: dataset.engine })
  const end = size - (dropLast ? size % batchSize : 0)
  const rest = end % batchSize
  const sizes = rest > 0 ? [batchSize, rest] : [batchSize]
  try {
    // Now, so that what does not fit is told at the user's call: batch norm refuses a single row, say.
    for (const rows of sizes) step.planned(rows)
  } catch (error) {
    step.dispose()
    throw error
  }
  return {
    perEpoch: Math.ceil(end / batchSize),
    warmUp: async () => {
      for (const rows of sizes) await step.warmUp(rows)
    },
    /** As many steps at once as take a few milliseconds. */
    *epoch(number) {
      const inOrder = Int32Array.from({ length: size }, (_, i) => i)
      const order = shuffle ? shuffledRows(size, seed, number - 1) : inOrder
      for (let first = 0; first < end; ) {
        const rows = Math.min(batchSize, end - first)
        const times = Math.min(pace.chunk, Math.floor((end - first) / rows))
        const batches = Array.from({ length: times }, (_, i) =>
          order.subarray(first + i * rows, first + (i + 1) * rows),
        )
        first += times * rows
        for (const batch of batches) feed.announce(batch)
        const { results, randomOf } = draw(dataset.engine, times, () => step.run(times, rows))
        const [losses, finite = null] = results
        yield {
          rows,
          losses,
          finite,
          replay: i => feed.replay(batches[i] as Int32Array, randomOf(i)),
          dispose: () => undefined,
        }
      }
    },
    dispose: () => step.dispose(),
  }
}

function ofStream(stream: Stream, body: Body, options: StepOptions): Steps {
  const { batchSize, dropLast, seed, watch, look, signal } = options
  if (batchSize !== undefined || dropLast)
    fail('option', 'fit', 'a stream has a batchSize and dropLast of its own.', 'Pass them to data.stream.')
  const step = compile((features: Tensor, labels: Tensor) => body({ features, labels }))
  const draw = drawing(seed)
  return {
    perEpoch: null,
    warmUp: () => Promise.resolve(),
    async *epoch() {
      for await (const { features, labels, size } of untilAborted(stream.batches(look), signal)) {
        const { results, randomOf } = draw(features.engine, 1, () => step(features, labels))
        const [losses, finite = null] = results
        // The stream takes its batch back when it is asked for the next.
        const kept = watch ? [features, labels].map(tensor => unscoped(detach(tensor))) : []
        const [x = features, y = labels] = kept
        const dispose = (): void => {
          for (const tensor of kept) tensor.dispose()
        }
        yield {
          rows: size,
          losses,
          finite,
          replay: () => ({
            batch: () => ({ features: detach(x), labels: detach(y) }),
            random: randomOf(0),
            rows: null,
          }),
          dispose,
        }
      }
    },
    dispose: () => step.dispose(),
  }
}

/** What a source gives until the signal is aborted, which ends it even while the source is waited for. */
async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]()
  let wake = (): void => undefined
  const onAbort = (): void => wake()
  signal.addEventListener('abort', onAbort)
  let isWaiting = false
  try {
    while (!signal.aborted) {
      isWaiting = true
      const next = await new Promise<IteratorResult<T> | null>((resolve, reject) => {
        wake = () => resolve(null)
        iterator.next().then(resolve, reject)
      })
      if (next === null) return
      isWaiting = false
      if (next.done) return
      yield next.value
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    const closed = iterator.return?.()
    // A source that is waited for closes when it answers, if ever.
    if (isWaiting) closed?.catch(() => undefined)
    else await closed
  }
}
