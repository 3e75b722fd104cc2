// retrograd/csv: tables from text with separated values, read by papaparse.
import Papa from 'papaparse'
import type { Cell, Table } from './data/table.ts'
import { RetrogradError } from './index.ts'

export type { Cell, Table } from './data/table.ts'

/** Options of `readCsv`. */
export interface CsvOptions {
  /** Whether the first row names the columns. Default 'auto': it does where it has no number and no gap. */
  header?: boolean | 'auto'
  /** What stands between fields. Default: of comma, semicolon, tab and bar the one that parts the first line most. */
  delimiter?: string
  /** Fields that are gaps. Default: '', 'NA', 'N/A', 'NaN', 'null'. */
  gaps?: readonly string[]
}

const GAPS = ['', 'NA', 'N/A', 'NaN', 'null']
const DELIMITERS = [',', ';', '\t', '|']
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i

const refuse = (what: string, remedy: string): never => {
  throw new RetrogradError('value', `[readCsv] ${what} ${remedy}`)
}

/**
 * A table of CSV text, or of its UTF-8 bytes (a byte order mark is dropped). Fields that are numbers become numbers, gaps
 * null, others stay text; spaces around a field count for nothing; lines without any field are left out. Columns without
 * a name are called column0, column1, … Throws `value`, with the row counted from 0 below the header, for rows with another
 * number of fields and for quotes that do not match; for bytes that are no UTF-8; for text without rows.
 */
export function readCsv(text: string | ArrayBuffer | Uint8Array, options: CsvOptions = {}): Table {
  if (typeof options !== 'object' || options === null) refuse('the options are none.', 'Pass an object.')
  const known = ['header', 'delimiter', 'gaps']
  const misspelt = Object.keys(options).find(name => !known.includes(name))
  if (misspelt !== undefined) refuse(`unknown option '${misspelt}'.`, `Known: ${known.join(', ')}.`)
  const { header = 'auto', delimiter = '', gaps = GAPS } = options
  if (header !== 'auto' && typeof header !== 'boolean')
    refuse('header is odd.', "It must be true, false or 'auto'.")
  if (typeof delimiter !== 'string') refuse('delimiter must be text.', "Write { delimiter: ';' }.")
  if (!Array.isArray(gaps)) refuse('gaps must be a list.', "Write { gaps: ['NA'] }.")
  const content = decode(text).replace(/^[\r\n]+/, '')
  const { data, errors } = Papa.parse<string[]>(content, { delimiter: delimiter || delimiterOf(content) })
  const lines = data.map((fields, line) => ({ fields, line })).filter(({ fields }) => fields.some(Boolean))
  const [first] = lines
  if (!first) return refuse('the text has no rows.', 'Check the file.')
  const read = (field: string): Cell => {
    const trimmed = field.trim()
    if (gaps.includes(trimmed)) return null
    return NUMBER.test(trimmed) ? Number(trimmed) : trimmed
  }
  const isHeader = header === 'auto' ? first.fields.every(field => typeof read(field) === 'string') : header
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
  return {
    columns,
    rows: rows.map(({ fields }, row) => {
      if (fields.length !== columns.length)
        refuse(`row ${row} has ${fields.length} fields, the first line ${columns.length}.`, 'Mend the row.')
      return fields.map(read)
    }),
  }
}

/** Found here, since papaparse's own search is misled by empty lines. */
function delimiterOf(content: string): string {
  const parts = (delimiter: string): number =>
    Papa.parse<string[]>(content, { delimiter, preview: 1 }).data[0]?.length ?? 0
  return DELIMITERS.reduce((best, delimiter) => (parts(delimiter) > parts(best) ? delimiter : best))
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
