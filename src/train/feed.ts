// Batches picked on the GPU: the rows of each travel in the plan's one write, so that a step needs no tensor of its own.
import { pick } from '../data/batches.ts'
import { Dataset } from '../data/dataset.ts'
import { isClassIds, type Labels, readLabels } from '../data/labels.ts'
import { type FlatNumbers, type Numbers, readNumbers, upload } from '../data/numbers.ts'
import type { Engine } from '../engine.ts'
import { fail, show } from '../errors.ts'
import { hostVector } from '../host.ts'
import { tensor } from '../ops/create.ts'
import type { RandomStream } from '../random.ts'
import { keepResult, Tensor } from '../tensor.ts'
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

/** A batch as people give one: a set, of which the first rows are taken, or features and labels as `data.dataset` reads them. */
export type BatchLike =
  | Dataset
  | { readonly features: Tensor | Numbers; readonly labels?: Exclude<Labels, readonly string[]> }

/** Reads a batch, onto an engine where it comes from the host. `made` are the tensors to dispose. Throws as `data.dataset` does. */
export function batchOf(
  where: string,
  given: unknown,
  engine: Engine,
  most: number,
): { readonly batch: Batch; readonly made: readonly Tensor[] } {
  if (given instanceof Dataset) {
    const batch = keepResult(() => {
      const rows = tensor(given.rows.subarray(0, most), { engine: given.engine })
      return pick(given, rows)
    })
    return { batch, made: [batch.features, batch.labels] }
  }
  const { features, labels = features } = (given ?? {}) as { features?: unknown; labels?: unknown }
  if (features === undefined)
    fail('value', where, `the batch is ${show(given)}.`, 'Pass { features, labels } or a data set.')
  const made: Tensor[] = []
  const onEngine = (source: unknown, read: () => FlatNumbers | Int32Array | Tensor): Tensor => {
    if (source instanceof Tensor) return source
    const uploaded = upload(where, engine, read() as FlatNumbers | Int32Array)
    made.push(uploaded)
    return uploaded
  }
  const x = onEngine(features, () => readNumbers(where, 'features', features))
  const y =
    labels === features
      ? x
      : onEngine(
          labels,
          () => readLabels(where, labels, isClassIds(labels) ? MOST_CLASSES : undefined).values,
        )
  if (x.shape[0] !== y.shape[0])
    fail('shape', where, `features are ${show(x.shape)}, labels ${show(y.shape)}.`, 'Give one label a row.')
  return { batch: { features: x, labels: y }, made }
}

/** A batch may lack classes: ids are checked by the loss. */
const MOST_CLASSES = 2 ** 31 - 1
