// How benchmark rows are printed: columns of fixed widths, so that rows can be printed as they come.
import type { BenchmarkRow } from '../src/proof/index.ts'

interface Column {
  readonly title: string
  readonly width: number
  readonly left?: boolean
  cell(row: BenchmarkRow): string
}

/** Three digits that count: 0.0123, 1.23, 123. */
function short(number: number): string {
  if (!Number.isFinite(number)) return '–'
  return number >= 100 ? Math.round(number).toLocaleString('en') : number.toPrecision(3)
}

const columns: readonly Column[] = [
  { title: 'op', width: 26, left: true, cell: row => row.op },
  { title: 'variant', width: 12, left: true, cell: row => row.variant },
  { title: 'shapes', width: 40, left: true, cell: row => row.shapes.map(shape => `[${shape.join(',')}]`).join(' ') },
]

/** The titles of the columns, and a rule. */
export function tableHead(): string {
  const titles = line(columns.map(({ title }) => title))
  return `${titles}\n${'-'.repeat(columns.reduce((sum, { width }) => sum + width + 2, -2))}`
}

export const tableRow = (row: BenchmarkRow): string => line(columns.map(column => column.cell(row)))

function line(cells: readonly string[]): string {
  return columns
    .map(({ width, left }, i) => (left ? (cells[i] ?? '').padEnd(width) : (cells[i] ?? '').padStart(width)))
    .join('  ')
    .trimEnd()
}
