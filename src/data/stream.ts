// Streams: batches from data that does not fit, fetched chunk by chunk while the model learns from those before.
import { type Engine, engineOr } from '../engine.ts'
import { fail, must, show } from '../errors.ts'
import { boolean, integer, parseOptions } from '../options.ts'
import { type Shape, sameShape, sizeOf } from '../shape.ts'
import { Tensor } from '../tensor.ts'
import { BATCH_SIZE, type Batch } from './batches.ts'
import { checkClasses, isClassIds, isNames, type Labels, oddities, readLabels } from './labels.ts'
import { engineOption, type FlatNumbers, isList, type Numbers, readNumbers, upload } from './numbers.ts'

/** Rows as they arrive, any number of them. Without labels the features are the targets. */
export interface Chunk {
  readonly features: Numbers
  readonly labels?: Exclude<Labels, Tensor>
}

/** Where chunks come from. */
export type ChunkSource = AsyncIterable<Chunk> | Iterable<Chunk>

/** Is told what each row's targets are not, as `oddities` has it, and throws what it will. */
export type Look = (where: string, odd: Uint8Array, rows?: Iterable<number>) => void

/** Options of `stream`. */
export interface StreamOptions {
  /** Rows of a batch. Default 32. */
  batchSize?: number
  /** Leaves the last batch out when it is short. Default false: it comes, with the rows that are left. */
  dropLast?: boolean
  /** Count or names of the classes, where labels are class ids; their names, where labels are names. */
  classes?: number | readonly string[]
  engine?: Engine
}

/**
 * Batches of one size from chunks of any: `for await (const { features, labels } of stream)`. Each iteration is an epoch.
 * Made by `stream`.
 */
export class Stream implements AsyncIterable<Batch> {
  /** Rows of a batch; the last of an epoch may have fewer. */
  readonly batchSize: number
  /** Count of classes where labels are class ids, else null. */
  readonly classes: number | null
  /** Names of the classes by id, where they were given. */
  readonly classNames: readonly string[] | null
  readonly engine: Engine
  private readonly source: ChunkSource | (() => ChunkSource)
  private readonly dropLast: boolean
  private shapes: { readonly features: Shape; readonly labels: Shape } | null = null
  private opened = false

  /** Internal: made by `stream`. */
  constructor(source: ChunkSource | (() => ChunkSource), options: StreamOptions) {
    const checked = parseOptions('stream', options, {
      batchSize: integer(BATCH_SIZE, { min: 1 }),
      dropLast: boolean(false),
      classes: value => checkClasses('stream', value),
      engine: engineOption,
    })
    if (typeof source !== 'function') opener(source)
    this.source = source
    this.batchSize = checked.batchSize
    this.dropLast = checked.dropLast
    this.classes = checked.classes.count || null
    this.classNames = checked.classes.names
    this.engine = engineOr('stream', checked.engine)
  }

  /** Shape of one row's features; null until the first chunk has come. */
  get featureShape(): Shape | null {
    return this.shapes?.features ?? null
  }

  /** The batches of one epoch; each is disposed when the next is asked for. */
  [Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    return this.batches()
  }

  /** Internal: the same, where what targets of a chunk are not is looked at. */
  async *batches(look?: Look): AsyncGenerator<Batch, void, undefined> {
    const fetcher = new Fetcher(this.open())
    const pool = new Pool(this.engine, this.batchSize)
    let given = 0
    try {
      for (let number = 0; ; number++) {
        const chunk = await fetcher.next()
        if (chunk === END) break
        if (isList(chunk?.features) && chunk.features.length === 0) continue
        const { features, labels } = this.read(chunk, number, look)
        for (let row = 0; row < features.shape[0]; ) {
          row += pool.add(features, labels, row)
          if (pool.size < this.batchSize) continue
          given++
          yield pool.lend()
          pool.takeBack()
        }
      }
      if (pool.size > 0 && !this.dropLast) {
        given++
        yield pool.lend()
      }
      if (given === 0)
        fail(
          'value',
          'stream',
          `the source gave ${pool.size} rows, no batch.`,
          'Lower batchSize or check the source.',
        )
    } finally {
      pool.takeBack()
      await fetcher.close()
    }
  }

  private open(): SourceIterator {
    const { source } = this
    const iterator = opener(typeof source === 'function' ? source() : source)()
    if (this.opened && source === (iterator as unknown))
      fail(
        'value',
        'stream',
        'the source was read before.',
        'Pass a function that makes a new one each epoch.',
      )
    this.opened = true
    return iterator
  }

  private read(chunk: Chunk, number: number, look?: Look): { features: Flat; labels: Flat } {
    const where = `stream, chunk ${number}`
    if (typeof chunk !== 'object' || chunk === null)
      fail('value', where, `it is ${show(chunk)}.`, 'Give { features, labels }.')
    const x = readNumbers(where, 'features', chunk.features)
    const labels = chunk.labels === undefined ? chunk.features : chunk.labels
    if (this.classes === null && isClassIds(labels) && labels !== chunk.features)
      fail('option', where, 'labels are class ids.', 'Give stream { classes }, their count or names.')
    // A chunk may lack names, so that their places in it say nothing.
    if (this.classNames === null && isNames(labels))
      fail('option', where, 'labels are names.', "Give stream { classes: ['a', 'b'] }, all of them.")
    const classes = this.classNames ?? this.classes ?? undefined
    const y = labels === chunk.features ? x : readLabels(where, labels, classes).values
    if (y instanceof Tensor) fail('value', where, 'labels are a tensor.', 'Give numbers of the host.')
    const [features, targets] = [flat(x), flat(y)]
    const rows = features.shape[0]
    if (rows !== targets.shape[0])
      fail('shape', where, `${rows} rows of features, ${targets.shape[0]} labels.`, 'Give one label a row.')
    if (targets.values instanceof Float32Array) look?.(where, oddities(targets.values, rows))
    const shapes = { features: features.shape.slice(1), labels: targets.shape.slice(1) }
    this.shapes ??= shapes
    for (const what of ['features', 'labels'] as const)
      if (!sameShape(shapes[what], this.shapes[what]))
        fail(
          'shape',
          where,
          `rows of ${what} are ${show(shapes[what])}, those of the first chunk ${show(this.shapes[what])}.`,
        )
    return { features, labels: y === x ? features : targets }
  }
}

/**
 * Batches from an iterable of chunks, for data that does not fit: each chunk is { features, labels } of the host, with any
 * number of rows, or none. Pass a function that makes the iterable to run more than one epoch. The next chunk is fetched
 * while the batches of one are used. Rows come in the order of the source. What the source throws comes out of the
 * iteration; ending it early closes the source (one that is busy fetching is told, not waited for). Bad chunks throw as
 * `dataset` does, and `shape` where rows are not as wide as those of the first.
 */
export function stream(source: ChunkSource | (() => ChunkSource), options: StreamOptions = {}): Stream {
  return new Stream(source, options)
}

/** What follows the last chunk. */
const END = Symbol('end')

type SourceIterator = AsyncIterator<Chunk> | Iterator<Chunk>

/** What makes the iterator of a source. Throws `value` for what is none. */
function opener(source: unknown): () => SourceIterator {
  const iterable = (source ?? {}) as Partial<AsyncIterable<Chunk> & Iterable<Chunk>>
  const make = iterable[Symbol.asyncIterator] ?? iterable[Symbol.iterator]
  if (typeof make !== 'function' || typeof source === 'string')
    fail('value', 'stream', `the source is ${show(source)}.`, 'Pass an iterable of { features, labels }.')
  return make.bind(iterable as never)
}

/** Fetches a chunk ahead of the one in use. */
class Fetcher {
  private ended = false
  private fetching = false
  private ahead: Promise<Chunk | typeof END>

  constructor(private readonly iterator: SourceIterator) {
    this.ahead = this.fetch()
  }

  /** The next chunk, or the end; the one after it is on its way. */
  async next(): Promise<Chunk | typeof END> {
    const chunk = await this.ahead
    if (chunk !== END) this.ahead = this.fetch()
    return chunk
  }

  /** Closes the source unless it has ended; waits for that unless it is busy. */
  async close(): Promise<void> {
    if (this.ended) return
    this.ended = true
    const closing = (async () => void (await this.iterator.return?.()))()
    if (this.fetching) quiet(closing)
    else await closing
  }

  private fetch(): Promise<Chunk | typeof END> {
    const fetched = (async () => {
      this.fetching = true
      try {
        const { done, value } = await this.iterator.next()
        if (done) this.ended = true
        return done ? END : value
      } catch (error) {
        this.ended = true
        throw error
      } finally {
        this.fetching = false
      }
    })()
    return quiet(fetched)
  }
}

/** A promise whose failure is not unhandled while nobody waits for it yet. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}

interface Flat {
  readonly values: Float32Array | Int32Array
  readonly shape: readonly [rows: number, ...row: number[]]
}

const flat = (numbers: FlatNumbers | Int32Array): Flat => {
  const [values, [rows = 0, ...row]] =
    numbers instanceof Int32Array ? [numbers, [numbers.length]] : [numbers.values, numbers.shape]
  return { values, shape: [rows, ...row] }
}

/** Rows that wait for their batch to be full, and the batch that is lent out. */
class Pool {
  /** Rows waiting. */
  size = 0
  private features: Flat | null = null
  private labels: Flat | null = null
  private lent: Tensor[] = []

  constructor(
    private readonly engine: Engine,
    private readonly capacity: number,
  ) {}

  /** Takes rows from `row` on, as many as there is room for; tells how many. */
  add(features: Flat, labels: Flat, row: number): number {
    const count = Math.min(this.capacity - this.size, features.shape[0] - row)
    const put = (to: Flat | null, from: Flat): Flat => {
      const rest = from.shape.slice(1)
      const width = sizeOf(rest)
      const room = to ?? {
        values: new (from.values instanceof Int32Array ? Int32Array : Float32Array)(this.capacity * width),
        shape: [this.capacity, ...rest] as const,
      }
      room.values.set(from.values.subarray(row * width, (row + count) * width), this.size * width)
      return room
    }
    this.features = put(this.features, features)
    this.labels = labels === features ? this.features : put(this.labels, labels)
    this.size += count
    return count
  }

  /** Uploads the rows that wait. */
  lend(): Batch {
    const size = this.size
    this.size = 0
    const up = (from: Flat | null): Tensor => {
      const { values, shape } = must(from, 'rows')
      const [, ...rest] = shape
      const part = values.subarray(0, size * sizeOf(rest))
      const tensor = upload(
        'stream',
        this.engine,
        part instanceof Int32Array ? part : { values: part, shape: [size, ...rest] },
      )
      this.lent.push(tensor)
      return tensor
    }
    const features = up(this.features)
    return { features, labels: this.labels === this.features ? features : up(this.labels), size }
  }

  takeBack(): void {
    for (const tensor of this.lent.splice(0)) tensor.dispose()
  }
}
