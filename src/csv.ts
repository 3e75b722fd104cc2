// retrograd/csv: tables from text with separated values, read by papaparse.
import Papa from 'papaparse'
import type { Cell, Table } from './data/table.ts'
import { RetrogradError } from './index.ts'

export type { Cell, Table } from './data/table.ts'

/** Options of `readCsv`. */
export interface CsvOptions {
  /** Whether the first row names the columns. Default 'auto': it does where it has no number and no gap. */
  header?: boolean | 'auto'
  /**
   * What stands between fields. Default: what a first line as `sep=;` names, else of
   * comma, semicolon, tab and bar the one that parts the first line most.
   */
  delimiter?: string
  /**
   * Whether 0,5 is a number: where the delimiter is no comma, in columns whose fields are all whole numbers, so written or
   * gaps. Default false.
   */
  decimalComma?: boolean
  /** Fields that are gaps. Default: '', 'NA', 'N/A', 'NaN', 'null'. */
  gaps?: readonly string[]
}

const GAPS = ['', 'NA', 'N/A', 'NaN', 'null']
const DELIMITERS = [',', ';', '\t', '|']
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i
const WITH_COMMA = /^[-+]?(\d+(,\d*)?|,\d+)(e[-+]?\d+)?$/i
/** What Excel writes above a table. */
const NAMED_DELIMITER = /^"?sep=(.)"?[\r\n]*/i

const refuse = (what: string, remedy: string): never => {
  throw new RetrogradError('value', `[readCsv] ${what} ${remedy}`)
}

/**
 * A table of CSV text, or of its UTF-8 bytes (a byte order mark is dropped). Fields that are numbers become numbers, gaps
 * null, others stay text; spaces around a field count for nothing; lines without any field are left out, and a first line
 * `sep=;`. Columns without a name are called column0, column1, … Throws `value`, with the row counted from 0 below the header, for rows with another
 * number of fields and for quotes that do not match; for bytes that are no UTF-8; for text without rows.
 */
export function readCsv(text: string | ArrayBuffer | Uint8Array, options: CsvOptions = {}): Table {
  if (typeof options !== 'object' || options === null) refuse('the options are none.', 'Pass an object.')
  const known = ['header', 'delimiter', 'decimalComma', 'gaps']
  const misspelt = Object.keys(options).find(name => !known.includes(name))
  if (misspelt !== undefined) refuse(`unknown option '${misspelt}'.`, `Known: ${known.join(', ')}.`)
  const { header = 'auto', delimiter = '', decimalComma = false, gaps = GAPS } = options
  if (header !== 'auto' && typeof header !== 'boolean')
    refuse('header is odd.', "It must be true, false or 'auto'.")
  if (typeof delimiter !== 'string') refuse('delimiter must be text.', "Write { delimiter: ';' }.")
  if (!Array.isArray(gaps)) refuse('gaps must be a list.', "Write { gaps: ['NA'] }.")
  if (typeof decimalComma !== 'boolean') refuse('decimalComma must be true or false.', '')
  const whole = decode(text).replace(/^[\r\n]+/, '')
  const content = whole.replace(NAMED_DELIMITER, '')
  const parting = delimiter || (NAMED_DELIMITER.exec(whole)?.[1] ?? delimiterOf(content, decimalComma))
  const { data, errors } = Papa.parse<string[]>(content, { delimiter: parting })
  const lines = data.map((fields, line) => ({ fields, line })).filter(({ fields }) => fields.some(Boolean))
  const [first] = lines
  if (!first) return refuse('the text has no rows.', 'Check the file.')
  const commas = decimalComma && parting !== ','
  const read = (field: string, hasComma = false): Cell => {
    const trimmed = field.trim()
    if (gaps.includes(trimmed)) return null
    if (hasComma) return Number(trimmed.replace(',', '.'))
    return NUMBER.test(trimmed) ? Number(trimmed) : trimmed
  }
  const isText = (field: string) => typeof read(field) === 'string' && !(commas && isWithComma(field))
  const isWithComma = (field: string) => WITH_COMMA.test(field.trim())
  const isHeader = header === 'auto' ? first.fields.every(isText) : header
  const rows = isHeader ? lines.slice(1) : lines
  const quotes = errors.find(({ type }) => type === 'Quotes')
  if (quotes) {
    const row = rows.findIndex(({ line }) => line === quotes.row)
    refuse(
      `the quotes of ${row < 0 ? 'the header' : `row ${row}`} do not match.`,
      'Write a quote in quotes twice.',
    )
  }
  const columns = first.fields.map((field, i) => (isHeader && field.trim()) || `column${i}`)
  const twice = columns.find((name, i) => columns.indexOf(name) < i)
  if (twice !== undefined)
    refuse(`two columns are named '${twice}'.`, 'Rename one, or pass { header: false }.')
  if (rows.length === 0)
    refuse('there is a header and no rows.', 'Check the file, or pass { header: false }.')
  for (const [row, { fields }] of rows.entries()) {
    const count = fields.length
    if (count === columns.length) continue
    const isComment = [first.fields, fields].some(([field]) => field?.startsWith('#'))
    refuse(
      `row ${row} has ${count} field${count === 1 ? '' : 's'}, the first line ${columns.length}.`,
      isComment ? 'Lines that begin with # are read as rows: remove them.' : 'Mend the row.',
    )
  }
  const haveComma = columns.map(
    (_, i) =>
      commas &&
      rows.every(({ fields: { [i]: field = '' } }) => gaps.includes(field.trim()) || isWithComma(field)),
  )
  return { columns, rows: rows.map(({ fields }) => fields.map((field, i) => read(field, haveComma[i]))) }
}

/** Found here, since papaparse's own search is misled by empty lines. */
function delimiterOf(content: string, decimalComma: boolean): string {
  const parts = (delimiter: string): string[] =>
    Papa.parse<string[]>(content, { delimiter, preview: 1 }).data[0] ?? []
  const most = (known: readonly string[]): string =>
    known.reduce((best, delimiter) => (parts(delimiter).length > parts(best).length ? delimiter : best))
  const other = most(DELIMITERS.slice(1))
  const hasDecimals = parts(other).length > 1 && parts(other).some(field => /^\s*[-+]?\d*,\d/.test(field))
  return decimalComma && hasDecimals ? other : most(DELIMITERS)
}

function decode(text: unknown): string {
  if (typeof text === 'string') return text.replace(/^\uFEFF/, '')
  if (!(text instanceof ArrayBuffer || text instanceof Uint8Array))
    return refuse(`the text is ${typeof text}.`, 'Pass text or its bytes.')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(text)
  } catch {
    return refuse('the bytes are no UTF-8.', 'Decode them with a TextDecoder first.')
  }
}
