// Dataset: features and labels on the engine; sets drawn from it share them and differ in their rows.
import { currentEngine, Engine } from '../engine.ts'
import { fail, show } from '../errors.ts'
import { tensor } from '../ops/create.ts'
import { gather } from '../ops/gather.ts'
import { reshape } from '../ops/reshape.ts'
import { checkTensor } from '../ops/signature.ts'
import { checkKind, parseOptions } from '../options.ts'
import { at, type Shape } from '../shape.ts'
import { keepResult, Tensor } from '../tensor.ts'
import { type Labels, oddities, type ReadLabels, readLabels } from './labels.ts'
import { engineOption, type Numbers, readNumbers, unscoped, upload } from './numbers.ts'

/** Options of `dataset`. */
export interface DatasetOptions {
  /** Count or names of the classes: makes numbers class ids, and allows sets in which a class is missing. */
  classes?: number | readonly string[]
  /** Where the numbers go; the current engine unless a tensor is given. */
  engine?: Engine
}

interface Source {
  readonly features: Tensor
  readonly labels: Tensor
  readonly ids: Int32Array | null
  /** `oddities` of targets that came from the host. */
  readonly odd: Uint8Array | null
  readonly classes: number | null
  readonly classNames: readonly string[] | null
}

/** Features and labels on the engine. Subsets share them: only `rows` differ. No scope disposes them. */
export class Dataset {
  private readonly source: Source
  /** Rows of `features` and `labels` that belong to this set, in order. */
  readonly rows: Int32Array
  /** What dispose() frees. */
  private readonly owned: readonly Tensor[]

  /** Internal: sets are made by `dataset` and `subset`. */
  constructor(source: Source, rows: Int32Array, owned: readonly Tensor[] = []) {
    this.source = source
    this.rows = rows
    this.owned = owned
  }

  /** [source rows, …feature shape], float32 (float16 where a tensor of halves was given). */
  get features(): Tensor {
    return this.source.features
  }

  /** [source rows] int32 class ids, or [source rows, outputs] float32. */
  get labels(): Tensor {
    return this.source.labels
  }

  /** Count of classes where labels are class ids, else null. */
  get classes(): number | null {
    return this.source.classes
  }

  /** Names of the classes by id, where they are known. */
  get classNames(): readonly string[] | null {
    return this.source.classNames
  }

  /** Internal: what the targets of each source row are not, as bits that `oddities` tells; null where the host knows none. */
  get odd(): Uint8Array | null {
    return this.source.odd
  }

  get engine(): Engine {
    return this.features.engine
  }

  /** Number of rows of this set. */
  get size(): number {
    return this.rows.length
  }

  /** Shape of one row's features. */
  get featureShape(): Shape {
    return this.features.shape.slice(1)
  }

  /** Whether the host knows the class ids: false for targets, and for ids that came as a tensor. */
  get hasLabelIds(): boolean {
    return this.source.ids !== null
  }

  /** The class id of each row of this set, from the host's copy. Throws `value` where the host has none. */
  labelIds(): Int32Array {
    const { ids, classes } = this.source
    if (!ids) {
      const what = classes === null ? 'labels are targets, no class ids' : 'labels came as a tensor'
      fail('value', 'labelIds', `${what}.`, 'Pass class ids as an Int32Array, or numbers with { classes }.')
    }
    return this.rows.map(row => at(ids, row))
  }

  /** The rows at `positions` of this set (0 is its first), in that order; one may come twice. Throws `value`, `index`. */
  subset(positions: ArrayLike<number>): Dataset {
    if (!positions?.length) fail('value', 'subset', 'there are no positions.', 'A set has one row or more.')
    const rows = Int32Array.from(positions, position => {
      const row = Number.isInteger(position) ? this.rows[position] : undefined
      return row ?? fail('index', 'subset', `position ${show(position)} is none of ${this.size} rows.`)
    })
    return new Dataset(this.source, rows)
  }

  /**
   * A set of its own: the rows of this one, copied, with the features that `change` makes of theirs ([rows, …feature
   * shape]), on the GPU; the set owns them. Throws `shape` when their number is another.
   */
  withFeatures(change: (features: Tensor) => Tensor): Dataset {
    checkKind('withFeatures', 'change', change, 'a function')
    const { ids, odd, classes, classNames } = this.source
    const isOwnTarget = this.labels === this.features
    const [features, labels] = keepResult(() => {
      const rows = tensor(this.rows, { engine: this.engine })
      const changed = change(gather(this.features, rows))
      checkTensor('withFeatures', changed, 'what the function gave')
      if (changed.shape[0] !== this.size)
        fail('shape', 'withFeatures', `${this.size} rows of features became ${show(changed.shape)}.`)
      return [changed, isOwnTarget ? changed : gather(this.labels, rows)] as const
    })
    const source = {
      features,
      labels,
      ids: ids && this.labelIds(),
      odd: odd && !isOwnTarget ? Uint8Array.from(this.rows, row => at(odd, row)) : null,
      classes,
      classNames,
    }
    const owned = [features, labels]
    for (const tensor of owned) unscoped(tensor)
    return new Dataset(
      source,
      Int32Array.from(this.rows, (_, row) => row),
      owned,
    )
  }

  /** Frees the tensors, for the subsets too. On a subset it does nothing; tensors you gave stay yours. */
  dispose(): void {
    for (const tensor of this.owned) tensor.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

/**
 * Uploads features and labels once.
 *
 * Features: a tensor [rows, …] of floats, rows of numbers, a list of numbers (one column), or { values, shape }.
 * Labels: names (sorted, their places are the class ids), an integer typed array or an int32 tensor with `classes`
 * (class ids), else numbers or a float tensor to predict: a vector becomes [rows, 1]; with `classes` numbers are class
 * ids. Left out, the features are the targets, as autoencoders want them. A tensor is used as it is, neither copied
 * nor disposed; its numbers are not looked at.
 *
 * Throws `shape` (nothing in it, lengths that differ, ragged rows), `value` (text, a gap, NaN or infinity, with row and
 * column counted from 0; one class only, unless `classes` is given), `index` (a class id out of range), `dtype`, `limit`.
 */
export function dataset(
  features: Tensor | Numbers,
  labels: Labels = features,
  options: DatasetOptions = {},
): Dataset {
  const where = 'dataset'
  const { classes, engine: asked } = parseOptions(where, options, {
    classes: value => value,
    engine: engineOption,
  })
  const x = features instanceof Tensor ? checkFeatures(features) : readNumbers(where, 'features', features)
  const same: boolean = labels === features && classes === undefined
  const y: ReadLabels = same
    ? { values: x, classes: null, classNames: null }
    : readLabels(where, labels, classes)
  const count = at(x.shape, 0)
  const labelCount = y.values instanceof Int32Array ? y.values.length : at(y.values.shape, 0)
  if (count !== labelCount)
    fail('shape', where, `${count} rows of features, ${labelCount} labels.`, 'Give one label a row.')
  const engine = engineOf([asked, x, y.values])
  const owned: Tensor[] = []
  try {
    const onEngine = (from: ReadLabels['values']): Tensor => {
      if (from instanceof Tensor && (from.rank > 1 || y.classes !== null)) return from
      const made = from instanceof Tensor ? unscoped(reshape(from, [count, 1])) : upload(where, engine, from)
      owned.push(made)
      return made
    }
    const onGpu = onEngine(x)
    const source = {
      features: onGpu,
      labels: same ? onGpu : onEngine(y.values),
      ids: y.values instanceof Int32Array ? y.values : null,
      odd:
        y.values instanceof Int32Array || y.values instanceof Tensor
          ? null
          : oddities(y.values.values, count),
      classes: y.classes,
      classNames: y.classNames,
    }
    return new Dataset(
      source,
      Int32Array.from({ length: count }, (_, row) => row),
      owned,
    )
  } catch (error) {
    for (const tensor of owned) tensor.dispose()
    throw error
  }
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

function checkFeatures(features: Tensor): Tensor {
  features.read('dataset')
  const { dtype, shape, rank } = features
  if (dtype !== 'float32' && dtype !== 'float16')
    fail('dtype', 'dataset', `features are ${dtype}.`, "Use cast(features, 'float32').")
  if (rank < 2 || features.size === 0)
    fail(
      'shape',
      'dataset',
      `features are ${show(shape)}.`,
      'They must be [rows, columns], one or more of each.',
    )
  return features
}

/** The one engine of what names one, else the current one. */
function engineOf(parts: readonly unknown[]): Engine {
  const engines = parts.flatMap(part =>
    part instanceof Tensor ? [part.engine] : part instanceof Engine ? [part] : [],
  )
  const engine = engines[0] ?? currentEngine('dataset')
  if (engines.some(other => other !== engine))
    fail('engine', 'dataset', 'features, labels and options name several engines.', 'Keep to one.')
  engine.assertAlive('dataset')
  return engine
}
