// Tables of one's own: read from the bytes of a CSV file, and looked at column by column. For the worker.
import type { data } from 'retrograd'
import { readCsv } from 'retrograd/csv'
import type { ColumnSummary, TableSummary } from './proposal.ts'

/** Reads a CSV file in UTF-8, UTF-16 with a byte order mark, or else Windows-1252. Throws, in words, for what is no table. */
export function readTable(bytes: Uint8Array): { table: data.Table; encoding: string; note: string } {
  const { text, encoding, note } = decodeText(bytes)
  if (text.includes('\u0000'))
    throw new Error('This is no text, so no CSV file. Save the table as CSV first.')
  const table = readCsv(text)
  if (table.rows.length < 4)
    throw new Error(
      `The table has ${table.rows.length} row${table.rows.length === 1 ? '' : 's'} below its header. To train and to test, it takes 4 or more.`,
    )
  if (table.columns.length < 2)
    throw new Error(
      `The table has one column, “${table.columns[0]}”. It takes one to predict and one or more to predict it from; they are parted by commas, semicolons, tabs or bars.`,
    )
  return { table, encoding, note }
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

export function summarize(table: data.Table, encoding: string, note: string): TableSummary {
  const columns = table.columns.map((name, place): ColumnSummary => {
    const cells = table.rows.map(row => row[place] ?? null)
    const known = cells.filter(cell => cell !== null)
    const distinct = new Set(known)
    return {
      name,
      isNumeric: known.length > 0 && known.every(cell => typeof cell === 'number'),
      distinct: distinct.size,
      gaps: cells.length - known.length,
      examples: [...distinct].slice(0, 3).map(String),
    }
  })
  return { rows: table.rows.length, columns, encoding, note }
}
