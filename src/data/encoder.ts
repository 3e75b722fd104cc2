// Encoders: tables of numbers and text made into rows of numbers, column by column, and back.
import { fail, show } from '../errors.ts'
import { checkKind } from '../options.ts'
import { at } from '../shape.ts'
import { type Category, categoriesOf, isCategory, unknown } from './categories.ts'
import { type Numbers, notNumber, readNumbers } from './numbers.ts'
import { type MinMaxOptions, minMax, rangeOption, Scaling, type ScalingJson, standardize } from './scaling.ts'
import { type Cell, gap, placesOf, type Table } from './table.ts'

/**
 * How a column becomes numbers: 'standardize' and 'minMax' scale it, 'keep' takes its numbers as they are, 'oneHot' gives a
 * unit for each of its values, 'binary' one unit for two values.
 */
export type Coding = 'standardize' | 'minMax' | 'keep' | 'oneHot' | 'binary'

/** What is saved of a column. */
export type ColumnJson = { readonly name: string } & (
  | ScalingJson
  | { readonly kind: 'keep' }
  | { readonly kind: 'oneHot' | 'binary'; readonly categories: readonly Category[] }
)

/** What an encoder is saved as. */
export interface EncoderJson {
  readonly kind: 'encoder'
  readonly columns: readonly ColumnJson[]
}

/** One column's coding. */
export interface ColumnCoder {
  readonly json: ColumnJson
  /** Names of the numbers it gives. */
  readonly outputs: readonly string[]
  /** The numbers of a cell that is no gap. */
  encode(value: Category, row: number): readonly number[]
  decode(numbers: readonly number[]): Cell
}

/** A fitted coding of a table's columns. Made by `encoder`. */
export class Encoder {
  readonly kind = 'encoder'
  /** Names of the columns it takes. */
  readonly columns: readonly string[]
  /** Names of the columns it gives: a one-hot column has one for each category, `island=Dream`. */
  readonly names: readonly string[]
  private readonly coders: readonly ColumnCoder[]

  /** Internal: made by `encoder` and `transformFromJSON`. */
  constructor(where: string, coders: readonly ColumnCoder[]) {
    this.coders = coders
    this.columns = coders.map(({ json }) => json.name)
    this.names = coders.flatMap(({ outputs }) => outputs)
    const seen = new Set<string>()
    const twice = this.names.find(name => seen.size === seen.add(name).size)
    if (twice !== undefined)
      fail('value', where, `two columns would be called ${show(twice)}.`, 'Rename one of the table.')
  }

  /** Columns it takes. */
  get inputs(): number {
    return this.columns.length
  }

  /** Columns it gives. */
  get outputs(): number {
    return this.names.length
  }

  /**
   * A row of numbers for each row of the table, which may have other columns, in any order. Throws `value`, with row and
   * column, for a gap, for text where a number is due, and for a category that was not there when it was fitted.
   */
  apply(table: Table): number[][] {
    const where = 'encoder.apply'
    const places = placesOf(where, table, this.columns)
    return table.rows.map((cells, row) =>
      this.coders.flatMap((coder, i) =>
        coder.encode(cells[at(places, i)] ?? gap(where, row, coder.json.name), row),
      ),
    )
  }

  /** The table that `apply` made these rows of, within rounding; of categories, those with the greatest numbers. */
  invert(x: Numbers): Table {
    const { values, shape } = readNumbers('encoder.invert', 'x', x, Float64Array)
    if (shape.length !== 2 || shape[1] !== this.outputs)
      fail('shape', 'encoder.invert', `x is ${show(shape)}; rows of ${this.outputs} columns were made.`)
    const rows = Array.from({ length: at(shape, 0) }, (_, row) => {
      let first = row * this.outputs
      return this.coders.map(({ outputs, decode }) => {
        const numbers = Array.from(values.subarray(first, first + outputs.length))
        first += outputs.length
        return decode(numbers)
      })
    })
    return { columns: this.columns, rows }
  }

  /** What `transformFromJSON` makes this transform of again. */
  toJSON(): EncoderJson {
    return { kind: 'encoder', columns: this.coders.map(({ json }) => json) }
  }
}

/**
 * Fits a coding of a table's columns, in the order named: `encoder(table, { mass: 'standardize', sex: 'binary', island:
 * 'oneHot' })`. Columns not named are left out. 'standardize' and 'minMax' (to [low, high], 0 and 1 unless told) are for
 * numbers, 'keep' takes them as they are; 'oneHot' gives a unit for each value, 'binary' one for two values: 0 for the first
 * of them sorted, 1 for the other. Fit on training data only. Throws `value` as `apply` does, and for a 'binary' column
 * that has not two values, and for two columns that would get one name; `option` for a coding that is none.
 */
export function encoder(
  table: Table,
  columns: Readonly<Record<string, Coding>>,
  options: MinMaxOptions = {},
): Encoder {
  const where = 'encoder'
  const range = rangeOption(where, options)
  checkKind(where, 'columns', columns, 'an object', "Write { column: 'standardize' }.")
  const entries = Object.entries(columns)
  if (entries.length === 0) fail('option', where, 'no columns are named.')
  const places = placesOf(where, table, Object.keys(columns))
  if (table.rows.length === 0) fail('value', where, 'the table has no rows.')
  const coders = entries.map(([name, coding], i) => {
    const values = table.rows.map((cells, row) => cells[at(places, i)] ?? gap(where, row, name))
    return fitColumn(where, name, coding, values, range)
  })
  return new Encoder(where, coders)
}

function fitColumn(
  where: string,
  name: string,
  coding: Coding,
  values: readonly Category[],
  range: { low: number; high: number },
): ColumnCoder {
  if (coding === 'oneHot' || coding === 'binary') {
    values.forEach((value, row) => {
      if (!isCategory(value))
        fail('value', where, `${show(value)} at row ${row}, column '${name}' is no category.`)
    })
    const categories = categoriesOf(values)
    if (coding === 'binary' && categories.length !== 2)
      fail('value', where, `column '${name}' has ${categories.length} values, not two.`, "Use 'oneHot'.")
    return columnCoder({ name, kind: coding, categories })
  }
  const numbers = values.map((value, row) => numeric(where, name, value, row))
  if (coding === 'keep') return columnCoder({ name, kind: 'keep' })
  if (coding === 'standardize') return columnCoder({ name, ...standardize(numbers).toJSON() })
  if (coding === 'minMax') return columnCoder({ name, ...minMax(numbers, range).toJSON() })
  const known = ['standardize', 'minMax', 'keep', 'oneHot', 'binary']
  return fail('option', where, `column '${name}' is to be ${show(coding)}.`, `Known: ${known.join(', ')}.`)
}

function numeric(where: string, name: string, value: Category, row: number): number {
  return typeof value === 'number' && Number.isFinite(Math.fround(value))
    ? value
    : notNumber(where, 'the table', value, row, name)
}

/** Categories as text: in quotes where a number would look the same. */
function namesOf(categories: readonly Category[]): string[] {
  const names = categories.map(String)
  return new Set(names).size === names.length ? names : categories.map(category => JSON.stringify(category))
}

/** The coding of a column from what is saved of it. */
export function columnCoder(json: ColumnJson): ColumnCoder {
  const { name } = json
  const where = 'encoder.apply'
  const one = (encode: (value: number) => number, decode: (number: number) => number): ColumnCoder => ({
    json,
    outputs: [name],
    encode: (value, row) => [encode(numeric(where, name, value, row))],
    decode: ([number = 0]) => decode(number),
  })
  if (json.kind === 'keep') return one(Number, Number)
  if (json.kind === 'standardize' || json.kind === 'minMax') {
    const scaling = new Scaling(json)
    return one(
      value => scaling.forward(value, 0),
      number => scaling.backward(number, 0),
    )
  }
  const { categories, kind } = json
  const places = new Map(categories.map((category, place) => [category, place]))
  const placeOf = (value: Category, row: number): number =>
    places.get(value) ?? unknown(where, value, row, name, categories)
  if (kind === 'binary') {
    return {
      json,
      outputs: [name],
      encode: (value, row) => [placeOf(value, row)],
      decode: ([number = 0]) => categories[number < 0.5 ? 0 : 1] as Category,
    }
  }
  return {
    json,
    outputs: namesOf(categories).map(category => `${name}=${category}`),
    encode: (value, row) => {
      const place = placeOf(value, row)
      return categories.map((_, other) => (other === place ? 1 : 0))
    },
    decode: numbers => categories[numbers.indexOf(Math.max(...numbers))] as Category,
  }
}
