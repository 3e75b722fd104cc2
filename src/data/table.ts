// Tables: named columns of numbers and text, with gaps.
import { fail, show } from '../errors.ts'
import { checkKind } from '../options.ts'

/** What stands in a place of a table: null is a gap. */
export type Cell = number | string | null

/** Rows of cells under named columns. */
export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

/** A table of records, their columns those of the first; what one lacks is a gap. Throws `value` for other keys and values. */
export function tableFrom(records: readonly Readonly<Record<string, unknown>>[]): Table {
  const where = 'tableFrom'
  checkKind(where, 'records', records, 'a list')
  records.forEach((record, row) => {
    checkKind(where, `record ${row}`, record, 'an object')
  })
  const columns = Object.keys(records[0] ?? fail('value', where, 'there are no records.'))
  const rows = records.map((record, row) => {
    const other = Object.keys(record).find(key => !columns.includes(key))
    if (other !== undefined)
      fail(
        'value',
        where,
        `record ${row} has ${show(other)}, which record 0 has not.`,
        'Name it there: null is a gap.',
      )
    return columns.map((name): Cell => {
      // Not what every object inherits, such as `constructor`.
      const value = (Object.hasOwn(record, name) ? record[name] : null) ?? null
      if (isCell(value)) return value
      return fail('value', where, `${show(value)} at row ${row}, column '${name}' is no number or text.`)
    })
  })
  return { columns, rows }
}

const isCell = (value: unknown): value is Cell =>
  value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))

/** The places of named columns in a table. Throws `value` for one that it lacks, and for what is no table. */
export function placesOf(where: string, table: Table, names: readonly string[]): number[] {
  if (!Array.isArray(table?.columns) || !Array.isArray(table.rows))
    fail('value', where, `expected a table, not ${show(table)}.`, 'Pass { columns, rows }.')
  const { columns, rows } = table
  if (new Set(columns).size !== columns.length)
    fail('value', where, `columns are ${show([...columns])}.`, 'Give each a name of its own.')
  checkKind(where, 'what is named', names, 'a list')
  rows.forEach((row, i) => {
    checkKind(where, `row ${i}`, row, 'a list')
    if (row.length !== columns.length)
      fail('shape', where, `row ${i} has ${row.length} cells, the table ${columns.length} columns.`)
  })
  return names.map(name => {
    const place = columns.indexOf(name)
    return place >= 0
      ? place
      : fail('value', where, `there is no column ${show(name)}.`, `It has ${show([...columns])}.`)
  })
}

/** One column of a table: labels, say. Throws `value` for a gap, with its row counted from 0. */
export function column(table: Table, name: string): (number | string)[] {
  const [place = 0] = placesOf('column', table, [name])
  return table.rows.map((row, i) => row[place] ?? gap('column', i, name))
}

/** The table without the rows that have a gap in one of these columns (default: in any). */
export function dropGaps(table: Table, columns?: readonly string[]): Table {
  const places = placesOf('dropGaps', table, columns ?? table?.columns)
  return {
    columns: table.columns,
    rows: table.rows.filter(row => places.every(place => row[place] !== null)),
  }
}

/** Tells where a table has a gap. */
export function gap(where: string, row: number, name: string): never {
  return fail(
    'value',
    where,
    `there is a gap at row ${row} (counted from 0), column ${show(name)}.`,
    'Leave such rows out with dropGaps(table).',
  )
}
