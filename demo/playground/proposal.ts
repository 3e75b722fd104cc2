// What a table's columns look like, and what is proposed to do with each.
import type { data } from 'retrograd'
import type { Columns } from './settings.ts'

/** A column as the page shows it. */
export interface ColumnSummary {
  readonly name: string
  /** Whether every cell that is no gap is a number. */
  readonly isNumeric: boolean
  readonly distinct: number
  readonly gaps: number
  readonly examples: readonly string[]
  /** Text among numbers: how often, and where it stands first, its row counted from 1 below the header. */
  readonly stray: { readonly count: number; readonly row: number; readonly text: string } | null
}

export interface TableSummary {
  readonly rows: number
  readonly columns: readonly ColumnSummary[]
  /** How the bytes were read: a name that TextDecoder knows. */
  readonly encoding: string
  /** What `readCsv` is told of the first line. */
  readonly header: 'auto' | true
  /** What the visitor should know of how it was read. */
  readonly note: string
}

/** More classes than this are no classes. */
export const MOST_CLASSES = 10
const MOST_CATEGORIES = 20

/** The columns to begin with: the last that can be classes is predicted from numbers and from text of few values. */
export function propose({ columns, rows }: TableSummary): Columns {
  const canBeLabel = (column: ColumnSummary) => !column.stray && canTellClasses(column)
  const texts = columns.filter(column => !column.isNumeric && canBeLabel(column))
  const label = texts[0] ?? columns.filter(canBeLabel).at(-1) ?? columns.at(-1)
  const features: Record<string, data.Coding> = {}
  for (const column of columns) {
    if (column === label || column.stray || column.distinct < 2 || column.gaps > rows / 2) continue
    const coding = codingOf(column)
    if (coding) features[column.name] = coding
  }
  return {
    label: label?.name ?? '',
    task: label ? taskOf(label) : 'number',
    features,
  }
}

export const canTellClasses = ({ distinct }: ColumnSummary): boolean =>
  distinct >= 2 && distinct <= MOST_CLASSES

/** How a column is predicted at first: as classes, where it has few values. */
export const taskOf = (column: ColumnSummary): Columns['task'] =>
  canTellClasses(column) && (!column.isNumeric || column.distinct <= 5) ? 'classes' : 'number'

/** What a column can be made by; null: nothing useful. */
export function codingOf({ isNumeric, distinct }: ColumnSummary): data.Coding | null {
  if (isNumeric) return 'standardize'
  if (distinct === 2) return 'binary'
  return distinct <= MOST_CATEGORIES ? 'oneHot' : null
}
