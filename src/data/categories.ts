// Categories as numbers: one unit each, or one unit for two.
import { fail, show } from '../errors.ts'
import { at } from '../shape.ts'
import { isList, type Numbers, readNumbers } from './numbers.ts'

/** A value of a column that names kinds. */
export type Category = number | string

/** What a one-hot transform is saved as. */
export interface OneHotJson {
  readonly kind: 'oneHot'
  readonly categories: readonly Category[]
}

/** Distinct categories, numbers first, each sort in its order. */
export function categoriesOf(values: readonly Category[]): Category[] {
  const rank = (value: Category): number => (typeof value === 'number' ? 0 : 1)
  return [...new Set(values)].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
}

/** A fitted one-hot coding of one column. Made by `oneHot`. */
export class OneHot {
  readonly kind = 'oneHot'
  /** What the units stand for, in their order: numbers first, then text, each sorted. */
  readonly categories: readonly Category[]
  private readonly places: ReadonlyMap<Category, number>

  /** Internal: made by `oneHot` and `transformFromJSON`. */
  constructor(categories: readonly Category[]) {
    this.categories = categories
    this.places = new Map(categories.map((category, place) => [category, place]))
  }

  /** Columns it takes. */
  get inputs(): number {
    return 1
  }

  /** Columns it gives: one a category. */
  get outputs(): number {
    return this.categories.length
  }

  /** A row for each value: 1 at its category, else 0. Throws `value` for a category it was not fitted on, with its row. */
  apply(values: ArrayLike<Category>): number[][] {
    if (!isList(values)) fail('value', 'oneHot.apply', `values are ${show(values)}.`, 'Pass a list of them.')
    return Array.from(values, (value, row) => {
      const place =
        this.places.get(value as Category) ?? unknown('oneHot.apply', value, row, '', this.categories)
      return this.categories.map((_, other) => (other === place ? 1 : 0))
    })
  }

  /** The category of each row: that of its greatest number. Throws `shape` for rows of another width. */
  invert(x: Numbers): Category[] {
    const { values, shape } = readNumbers('oneHot.invert', 'x', x)
    const width = this.outputs
    if (shape.length !== 2 || shape[1] !== width)
      fail('shape', 'oneHot.invert', `x is ${show(shape)}; there are ${width} categories.`)
    return Array.from({ length: at(shape, 0) }, (_, row) => {
      const units = values.subarray(row * width, (row + 1) * width)
      return this.categories[units.indexOf(Math.max(...units))] as Category
    })
  }

  /** What `transformFromJSON` makes this transform of again. */
  toJSON(): OneHotJson {
    return { kind: 'oneHot', categories: this.categories }
  }
}

/** Fits a one-hot coding of a column: a unit for each value in it. Throws `value` for gaps and for no values. */
export function oneHot(values: ArrayLike<Category>): OneHot {
  if (!isList(values) || values.length === 0)
    fail('value', 'oneHot', `values are ${show(values)}.`, 'Pass a list, with one or more.')
  const checked = Array.from(values, (value, row) =>
    isCategory(value)
      ? value
      : fail('value', 'oneHot', `${show(value)} at row ${row} (counted from 0) is no number or text.`),
  )
  return new OneHot(categoriesOf(checked))
}

export const isCategory = (value: unknown): value is Category =>
  typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))

/** Tells of a value that no unit stands for. */
export function unknown(
  where: string,
  value: unknown,
  row: number,
  column: string,
  known: readonly Category[],
): never {
  const place = column ? `row ${row} (counted from 0), column '${column}'` : `row ${row} (counted from 0)`
  const some = known.slice(0, 8)
  return fail(
    'value',
    where,
    `${show(value)} at ${place} is a category that was not there when it was fitted.`,
    `Known: ${some.map(show).join(', ')}${known.length > some.length ? ', …' : ''}.`,
  )
}
