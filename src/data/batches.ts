// Minibatches: rows of a set gathered on the engine, in a fresh order every epoch.
import { fail } from '../errors.ts'
import { tensor } from '../ops/create.ts'
import { gather } from '../ops/gather.ts'
import { boolean, integer, parseOptions } from '../options.ts'
import { keepResult, type Tensor } from '../tensor.ts'
import { checkDataset, type Dataset } from './dataset.ts'
import { shuffledRows } from './shuffle.ts'

/** Rows to work on together. */
export interface Batch {
  /** [size, …feature shape] */
  readonly features: Tensor
  /** [size] class ids or [size, outputs] targets. */
  readonly labels: Tensor
  /** Rows in it. */
  readonly size: number
}

/** Rows of a batch unless the caller says otherwise. */
export const BATCH_SIZE = 32

/** Options of `batches`. */
export interface BatchOptions {
  /** Default 32, or the whole set where that is smaller. */
  batchSize?: number
  /** Default true. */
  shuffle?: boolean
  /** Default 0. */
  seed?: number
  /** Leaves the last batch out when it is short. Default false: it comes, with the rows that are left. */
  dropLast?: boolean
}

/** Each time it is iterated, the batches of the next epoch. */
export interface Batches extends Iterable<Batch> {
  /** Batches an epoch. */
  readonly length: number
}

/**
 * Batches of a set, gathered on the GPU. Iterating again is the next epoch, in another order. The last batch of an epoch
 * is as short as it comes: for a compiled step that is a second shape, recorded once. A batch is disposed when the next
 * is asked for. Throws `value` for a batch size above the set's.
 */
export function batches(dataset: Dataset, options: BatchOptions = {}): Batches {
  checkDataset('batches', 'the data', dataset)
  const checked = parseOptions('batches', options, {
    batchSize: integer(Math.min(BATCH_SIZE, dataset.size), { min: 1 }),
    shuffle: boolean(true),
    seed: integer(0),
    dropLast: boolean(false),
  })
  const { batchSize, seed, dropLast } = checked
  const { size, rows, engine } = dataset
  if (batchSize > size)
    fail('value', 'batches', `batchSize is ${batchSize}, the set has ${size} rows.`, 'Use a smaller one.')
  const count = dropLast ? Math.floor(size / batchSize) : Math.ceil(size / batchSize)
  let epochs = 0
  return {
    length: count,
    *[Symbol.iterator]() {
      const epoch = epochs++
      const order = checked.shuffle ? shuffledRows(size, seed, epoch).map(row => rows[row] as number) : rows
      for (let i = 0; i < count; i++) {
        const picks = order.subarray(i * batchSize, (i + 1) * batchSize)
        const { features, labels } = keepResult(() => pick(dataset, tensor(picks, { engine })))
        try {
          yield { features, labels, size: picks.length }
        } finally {
          features.dispose()
          labels.dispose()
        }
      }
    },
  }
}

/** Rows of a set, by their numbers in its source. */
export function pick({ features, labels }: Dataset, rows: Tensor): Omit<Batch, 'size'> {
  const picked = gather(features, rows)
  return { features: picked, labels: labels === features ? picked : gather(labels, rows) }
}
