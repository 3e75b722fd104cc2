// Batches picked on the GPU: the rows of each travel in the plan's one write, so that a step needs no tensor of its own.
import { Dataset } from '../data/dataset.ts'
import { fail, show } from '../errors.ts'
import { hostVector } from '../host.ts'
import { tensor } from '../ops/create.ts'
import { gather } from '../ops/gather.ts'
import type { RandomStream } from '../random.ts'
import { keepResult, type Tensor } from '../tensor.ts'
import type { Replay } from './watch.ts'

export interface Batch {
  readonly features: Tensor
  readonly labels: Tensor
}

/** Hands rows of a data set to recorded steps, batch by batch, in the order in which they were announced. */
export class RowFeed {
  private readonly upcoming: Int32Array[] = []

  constructor(private readonly dataset: Dataset) {}

  /** Announces the batch of a run that is about to be submitted, by positions in the set. */
  announce(positions: Int32Array): void {
    this.upcoming.push(this.rowsAt(positions))
  }

  /** The batch of a run, of so many rows: called while a step is recorded. */
  batch(length: number): Batch {
    const { engine } = this.dataset
    return pick(
      this.dataset,
      hostVector(() => this.upcoming.shift() ?? [], { length, dtype: 'int32', engine }),
    )
  }

  /** The batch of positions that were announced once, to be gone through again. */
  replay(positions: Int32Array, random: RandomStream): Replay {
    const rows = this.rowsAt(positions)
    const { engine } = this.dataset
    return { rows, random, batch: () => keepResult(() => pick(this.dataset, tensor(rows, { engine }))) }
  }

  private rowsAt(positions: Int32Array): Int32Array {
    const { rows } = this.dataset
    return positions.map(position => rows[position] as number)
  }
}

/** Rows of a set, by their numbers in its source. */
export function pick({ features, labels }: Dataset, rows: Tensor): Batch {
  const picked = gather(features, rows)
  return { features: picked, labels: labels === features ? picked : gather(labels, rows) }
}

/** Throws `value` for what is no data set. */
export function checkDataset(where: string, what: string, value: unknown): Dataset {
  if (value instanceof Dataset) return value
  return fail(
    'value',
    where,
    `${what} is ${show(value)}, not a data set.`,
    'Make one with data.dataset(features, labels).',
  )
}
