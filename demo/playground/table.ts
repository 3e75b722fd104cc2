// Tables of one's own: read from the bytes of a CSV file, and looked at column by column. For the worker.
import type { data } from 'retrograd'
import { readCsv } from 'retrograd/csv'
import { type ColumnSummary, type Kind, rowName, type TableSummary } from './proposal.ts'

/** A table, and what it takes to read it so again. */
interface ReadTable {
  readonly table: data.Table
  /** A name that TextDecoder knows. */
  readonly encoding: string
  /** What `readCsv` is told of the first line. */
  readonly header: 'auto' | true
  /** Whether `readCsv` is to read decimal commas. */
  readonly decimalComma: boolean
  /** What the visitor should know of how it was read. */
  readonly note: string
}

/** Reads a CSV file in UTF-8, UTF-16 with a byte order mark, or else Windows-1252. Throws, in words, for what is no table. */
export function readTable(bytes: Uint8Array): ReadTable {
  const { text, encoding, note } = decodeText(bytes)
  if (text.includes('\u0000'))
    throw new Error('This is no text, so no CSV file. Save the table as CSV first.')
  const { guess, decimalComma } = inPageWords(() => readNumbers(text))
  const header = hasNamesAsRow(guess) ? true : 'auto'
  const table = header === true ? readCsv(text, { header, decimalComma }) : guess
  if (table.rows.length < 4)
    throw new Error(
      `The table has ${table.rows.length} row${table.rows.length === 1 ? '' : 's'} below its header. To train and to test, it takes 4 or more.`,
    )
  if (table.columns.length < 2)
    throw new Error(
      `The table has one column, “${table.columns[0]}”. It takes one to predict and one or more to predict it from; they are parted by commas, semicolons, tabs or bars.`,
    )
  return { table, encoding, header, decimalComma, note }
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

const COMMA = /^[-+]?\d*,\d|\d[;\t|]/

/** With decimal commas, where more numbers are read so. */
function readNumbers(text: string): { guess: data.Table; decimalComma: boolean } {
  const plain = attempt(() => readCsv(text))
  if (!(plain instanceof Error) && !hasComma(plain)) return { guess: plain, decimalComma: false }
  const other = attempt(() => readCsv(text, { decimalComma: true }))
  const isOther = !(other instanceof Error) && (plain instanceof Error || numbersOf(other) > numbersOf(plain))
  if (isOther) return { guess: other, decimalComma: true }
  if (plain instanceof Error) throw plain
  return { guess: plain, decimalComma: false }
}

function attempt<Result>(work: () => Result): Result | Error {
  try {
    return work()
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
}

const hasComma = ({ columns, rows }: data.Table): boolean =>
  [columns, ...rows].some(cells => cells.some(cell => typeof cell === 'string' && COMMA.test(cell)))

const numbersOf = ({ rows }: data.Table): number =>
  rows.reduce((sum, cells) => sum + cells.filter(cell => typeof cell === 'number').length, 0)

/** The library counts rows from 0, and names its options; people count from 1, and have none. */
function inPageWords<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (error instanceof Error)
      error.message = error.message
        .replace(/\brow (\d+)/, (_, row) => rowName(Number(row)))
        .replace(/, or pass \{.*?\}/, '')
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
export const summarize = ({ table, ...how }: ReadTable): TableSummary => ({
  rows: table.rows.length,
  columns: summariesOf(table),
  ...how,
})

/** What the page shows of each column. */
export const summariesOf = ({ columns, rows }: data.Table): ColumnSummary[] =>
  columns.map((name, place): ColumnSummary => {
    const cells = rows.map(row => row[place] ?? null)
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
      kind: texts > 0 ? kindOf([...distinct]) : null,
      // Where numbers are in the majority, text is most likely a slip.
      stray:
        texts > 0 && 2 * texts < known.length
          ? { count: texts, row: rowName(row), text: String(cells[row]) }
          : null,
    }
  })

const KINDS: readonly (readonly [Kind, RegExp])[] = [
  ['dates', /^(\d{4}[-./]\d{1,2}([-./]\d{1,2})?|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}|\d{1,2}:\d{2})(\D|$)/],
  ['commas', /^[-+]?[\d.]*(,\d+)+(\.\d+)?$/],
  ['units', /^[^\p{L}\d]{0,3}\d[\d.,'’\s]*\D{0,8}$/u],
]

/** What most of the values are written as. */
function kindOf(values: readonly data.Cell[]): Kind {
  const most = (pattern: RegExp) =>
    2 * values.filter(value => pattern.test(String(value))).length > values.length
  return KINDS.find(([, pattern]) => most(pattern))?.[0] ?? 'text'
}
