// Tables of one's own: read from the bytes of a CSV file, and looked at column by column. For the worker.
import type { data } from 'retrograd'
import { readCsv } from 'retrograd/csv'
import type { ColumnSummary, TableSummary } from './proposal.ts'

/** A table, and what it takes to read it so again. */
interface ReadTable {
  readonly table: data.Table
  /** A name that TextDecoder knows. */
  readonly encoding: string
  /** What `readCsv` is told of the first line. */
  readonly header: 'auto' | true
  /** What the visitor should know of how it was read. */
  readonly note: string
}

/** Reads a CSV file in UTF-8, UTF-16 with a byte order mark, or else Windows-1252. Throws, in words, for what is no table. */
export function readTable(bytes: Uint8Array): ReadTable {
  const { text, encoding, note } = decodeText(bytes)
  if (text.includes('\u0000'))
    throw new Error('This is no text, so no CSV file. Save the table as CSV first.')
  const guess = rowsFromOne(() => readCsv(text))
  const header = hasNamesAsRow(guess) ? true : 'auto'
  const table = header === true ? readCsv(text, { header }) : guess
  if (table.rows.length < 4)
    throw new Error(
      `The table has ${table.rows.length} row${table.rows.length === 1 ? '' : 's'} below its header. To train and to test, it takes 4 or more.`,
    )
  if (table.columns.length < 2)
    throw new Error(
      `The table has one column, “${table.columns[0]}”. It takes one to predict and one or more to predict it from; they are parted by commas, semicolons, tabs or bars.`,
    )
  return { table, encoding, header, note }
}

/** Whether the first row is one of names, which `readCsv` does not take for such where a year is among them. */
function hasNamesAsRow({ columns, rows: [first = [], ...rows] }: data.Table): boolean {
  const isName = (cell: data.Cell, i: number) => {
    const below = rows.map(row => row[i] ?? null)
    const isOverNumbers = below.every(other => typeof other !== 'string')
    const isOverClasses = !below.includes(cell) && 2 * new Set(below).size <= below.length
    return typeof cell === 'string' && (isOverNumbers || isOverClasses)
  }
  return columns.every((name, i) => name === `column${i}`) && rows.length > 0 && first.some(isName)
}

/** The library counts rows from 0; people count from 1. */
function rowsFromOne<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (error instanceof Error)
      error.message = error.message.replace(/\brow (\d+)/, (_, row) => `row ${Number(row) + 1}`)
    throw error
  }
}

function decodeText(bytes: Uint8Array): { text: string; encoding: string; note: string } {
  const [first, second] = bytes
  const wide =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : null
  if (wide)
    return { text: new TextDecoder(wide).decode(bytes), encoding: wide, note: 'The file was read as UTF-16.' }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'utf-8', note: '' }
  } catch {
    return {
      text: new TextDecoder('windows-1252').decode(bytes),
      encoding: 'windows-1252',
      note: 'The file is not UTF-8 and was read as Windows-1252 (Western European): check its accents below.',
    }
  }
}

/** What the page shows of a table. */
export function summarize({ table, ...how }: ReadTable): TableSummary {
  const columns = table.columns.map((name, place): ColumnSummary => {
    const cells = table.rows.map(row => row[place] ?? null)
    const known = cells.filter(cell => cell !== null)
    const distinct = new Set(known)
    const isText = (cell: data.Cell) => typeof cell === 'string'
    const texts = known.filter(isText).length
    const row = cells.findIndex(isText)
    return {
      name,
      isNumeric: known.length > 0 && texts === 0,
      distinct: distinct.size,
      gaps: cells.length - known.length,
      examples: [...distinct].slice(0, 3).map(String),
      // Where numbers are in the majority, text is most likely a slip.
      stray:
        texts > 0 && 2 * texts < known.length
          ? { count: texts, row: row + 1, text: String(cells[row]) }
          : null,
    }
  })
  return { rows: table.rows.length, columns, ...how }
}
