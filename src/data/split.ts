// Splits of a set: shares for training, validation and test, and the folds of cross-validation.
import { fail, show } from '../errors.ts'
import { boolean, integer, optional, parseOptions } from '../options.ts'
import { hostRandom } from '../random.ts'
import { at } from '../shape.ts'
import { checkDataset, type Dataset } from './dataset.ts'
import { shuffle, streams } from './shuffle.ts'

/** Options of `split`. */
export interface SplitOptions {
  /** Keep the shares of the classes in each part. Default: where the host knows the class ids. */
  stratify?: boolean
  /** Default 0. */
  seed?: number
}

/**
 * Draws the parts of a set by their shares, which add up to 1: `split(set, { train: 0.7, validation: 0.15, test: 0.15 })`.
 * Each part's count of rows is its share rounded up or down, with `stratify` of every class. Within a part, rows keep
 * their order. Throws `value` for shares that are no such numbers and for a part left without rows.
 */
export function split<Name extends string>(
  dataset: Dataset,
  shares: Readonly<Record<Name, number>>,
  options: SplitOptions = {},
): Record<Name, Dataset> {
  const where = 'split'
  checkDataset(where, 'the data', dataset)
  const { stratify, seed } = parseOptions(where, options, {
    stratify: optional(boolean(false)),
    seed: integer(0),
  })
  const names = Object.keys(shares ?? {}) as Name[]
  const parts = names.map(name => shares[name])
  const sum = parts.reduce((total, share) => total + share, 0)
  if (!parts.every(share => share > 0) || !(Math.abs(sum - 1) < 1e-6))
    fail('value', where, `shares are ${show(parts)}.`, 'Give numbers above 0 that add up to 1.')
  const random = hostRandom(seed, streams.split)
  const chosen = parts.map((): number[] => [])
  const due = parts.map(() => 0) // rows that shares call for beyond those given so far
  for (const group of groupsOf(dataset, stratify)) {
    // 0.15 · 20 is 3.0000000000000004; others fall short of a whole number.
    const exact = parts.map(share => Math.round(share * group.length * 1e6) / 1e6)
    const counts = exact.map(Math.floor)
    exact.forEach((rows, part) => {
      due[part] = at(due, part) + rows - at(counts, part)
    })
    const left = group.length - counts.reduce((total, count) => total + count, 0)
    const uneven = parts.map((_, part) => part).filter(part => !Number.isInteger(exact[part]))
    const behind = uneven.sort((a, b) => at(due, b) - at(due, a))
    for (const part of behind.slice(0, left)) {
      counts[part] = at(counts, part) + 1
      due[part] = at(due, part) - 1
    }
    const rows = shuffle(group, random)
    let first = 0
    counts.forEach((count, part) => {
      chosen[part]?.push(...rows.slice(first, first + count))
      first += count
    })
  }
  const sets = names.map((name, part): [Name, Dataset] => {
    const rows = Int32Array.from(chosen[part] ?? []).sort()
    if (rows.length === 0)
      fail(
        'value',
        where,
        `${name} would have no rows: ${show(shares[name])} of ${dataset.size}.`,
        'Use more data.',
      )
    return [name, dataset.subset(rows)]
  })
  return Object.fromEntries(sets) as Record<Name, Dataset>
}

/** Options of `kFold`. */
export interface FoldOptions extends SplitOptions {
  /** How many. Default 10. */
  folds?: number
  /** Default true; false deals the rows out in their order. */
  shuffle?: boolean
}

/** One turn of cross-validation. */
export interface Fold {
  readonly train: Dataset
  readonly validation: Dataset
}

/**
 * k-fold cross-validation: every row is in the validation set of exactly one fold and in the training set of the others.
 * Rows are dealt out in turn, with `stratify` class by class: folds differ by at most one row, and by one of each class.
 * Throws `value` for more folds than rows, or than rows of a class that is stratified.
 */
export function kFold(dataset: Dataset, options: FoldOptions = {}): Fold[] {
  const where = 'kFold'
  checkDataset(where, 'the data', dataset)
  const checked = parseOptions(where, options, {
    folds: integer(10, { min: 2 }),
    stratify: optional(boolean(false)),
    shuffle: boolean(true),
    seed: integer(0),
  })
  const { folds, seed } = checked
  if (folds > dataset.size)
    fail('value', where, `${folds} folds of ${dataset.size} rows.`, 'Use fewer folds or more data.')
  const random = hostRandom(seed, streams.folds)
  const groups = groupsOf(dataset, checked.stratify)
  const small = groups.find(group => group.length < folds)
  if (small) {
    const name =
      dataset.classNames?.[at(dataset.labelIds(), at(small, 0))] ?? at(dataset.labelIds(), at(small, 0))
    fail(
      'value',
      where,
      `class ${show(name)} has ${small.length} rows, fewer than ${folds} folds.`,
      'Use fewer folds, or { stratify: false }.',
    )
  }
  const fold = new Int32Array(dataset.size)
  let dealt = 0
  for (const group of groups)
    for (const position of checked.shuffle ? shuffle(group, random) : group) fold[position] = dealt++ % folds
  const positions = Array.from(fold, (_, position) => position)
  return Array.from({ length: folds }, (_, k) => ({
    train: dataset.subset(positions.filter(position => fold[position] !== k)),
    validation: dataset.subset(positions.filter(position => fold[position] === k)),
  }))
}

/** Positions in the set, class by class where they are stratified. */
function groupsOf(dataset: Dataset, stratify = dataset.hasLabelIds): number[][] {
  if (!stratify) return [Array.from(dataset.rows, (_, position) => position)]
  const groups = Array.from({ length: dataset.classes ?? 0 }, (): number[] => [])
  dataset.labelIds().forEach((id, position) => {
    groups[id]?.push(position)
  })
  return groups.filter(group => group.length > 0)
}
