// What a table's columns look like, and what is proposed to do with each.
import type { data } from 'retrograd'
import { CODINGS, type Columns } from './settings.ts'
import { cut } from './words.ts'

/** What text is written as. */
export type Kind = 'dates' | 'commas' | 'units' | 'text'

/** A column as the page shows it. */
export interface ColumnSummary {
  readonly name: string
  /** Whether every cell that is no gap is a number. */
  readonly isNumeric: boolean
  readonly distinct: number
  readonly gaps: number
  readonly examples: readonly string[]
  /** Null where there is no text. */
  readonly kind: Kind | null
  /** Text among numbers: how often, and the row in which it stands first. */
  readonly stray: { readonly count: number; readonly row: string; readonly text: string } | null
}

export interface TableSummary {
  readonly rows: number
  readonly columns: readonly ColumnSummary[]
  /** How the bytes were read: a name that TextDecoder knows. */
  readonly encoding: string
  /** What `readCsv` is told of the first line. */
  readonly header: 'auto' | true
  readonly decimalComma: boolean
  /** What the visitor should know of how it was read. */
  readonly note: string
}

/** A row as people find it in their file. */
export const rowName = (place: number): string => `row ${place + 1} (not counting the header)`

/** More classes than this are no classes. */
export const MOST_CLASSES = 10
const MOST_CATEGORIES = 20

/** The columns to begin with: classes, or else a number, are predicted from numbers and from text of few values. */
export function propose({ columns, rows }: TableSummary): Columns {
  const canBeLabel = (column: ColumnSummary) => !column.stray && canTellClasses(column)
  const texts = columns.filter(column => !column.isNumeric && canBeLabel(column))
  const label =
    texts[0] ??
    columns.filter(canBeLabel).at(-1) ??
    columns.filter(column => column.isNumeric && column.distinct > 1).at(-1) ??
    columns.at(-1)
  const features = columns.flatMap((column): [string, data.Coding][] => {
    if (column === label || column.stray || column.gaps > rows / 2) return []
    const coding = codingOf(column)
    return coding ? [[column.name, coding]] : []
  })
  return {
    label: label?.name ?? '',
    task: label ? taskOf(label) : 'number',
    features: Object.fromEntries(features),
  }
}

/** Whether a table has these columns, and can have them read so. */
export function fits({ label, task, features }: Columns, { columns }: TableSummary): boolean {
  const byName = new Map(columns.map(column => [column.name, column]))
  const predicted = byName.get(label)
  const used = Object.entries(features)
  return (
    predicted !== undefined &&
    (task === 'classes' ? canTellClasses(predicted) : predicted.isNumeric) &&
    used.length > 0 &&
    used.every(([name, coding]) => {
      const column = byName.get(name)
      return column !== undefined && codingsOf(column).includes(coding)
    })
  )
}

export const canTellClasses = ({ distinct }: ColumnSummary): boolean =>
  distinct >= 2 && distinct <= MOST_CLASSES

/** How a column is predicted at first: as classes, where it has few values. */
export const taskOf = (column: ColumnSummary): Columns['task'] =>
  canTellClasses(column) && (!column.isNumeric || column.distinct <= 5) ? 'classes' : 'number'

/** What a column is made by at first; null: nothing useful can be made of it. */
export function codingOf(column: ColumnSummary): data.Coding | null {
  const codings = codingsOf(column)
  return codings.find(coding => coding === 'binary' && !column.isNumeric) ?? codings[0] ?? null
}

/** All that a column can be made by. */
export const codingsOf = ({ isNumeric, distinct }: ColumnSummary): readonly data.Coding[] =>
  CODINGS.filter(coding => {
    if (distinct < 2) return false
    if (coding === 'binary') return distinct === 2
    return coding === 'oneHot' ? distinct <= MOST_CATEGORIES : isNumeric
  })

const REMEDIES: Readonly<Record<Kind, string>> = {
  dates: 'Write them as one number each: a year, or days since the first.',
  commas: 'Write 1,100 as 1100 or as 1.1, whichever it is.',
  units: 'Write the numbers alone.',
  text: `Text of up to ${MOST_CATEGORIES} different values can be used.`,
}

/** What a column holds that nothing can be made of, and what can be done; null for others. */
export function wantOf(column: ColumnSummary): { readonly holds: string; readonly remedy: string } | null {
  if (codingsOf(column).length > 0) return null
  const { distinct, kind, stray, examples } = column
  const example = `“${cut(examples[0] ?? '', 24)}”`
  if (distinct === 0) return { holds: 'nothing: every row has a gap', remedy: '' }
  if (distinct === 1) return { holds: `${example} in every row`, remedy: 'It tells no row from another.' }
  if (stray) return { holds: 'text among its numbers', remedy: '' } // which is told apart
  const names = {
    dates: 'dates or times',
    commas: 'numbers with commas',
    units: 'numbers with signs or units',
  }
  const holds = kind && kind !== 'text' ? names[kind] : `${distinct} different texts`
  return { holds: `${holds}, such as ${example}`, remedy: REMEDIES[kind ?? 'text'] }
}
