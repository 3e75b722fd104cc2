// How benchmark rows are printed: columns of fixed widths, so that each row can be printed as it comes.
import type { BenchmarkRow } from '../../src/proof/index.ts'

interface Column {
  readonly title: string
  readonly width: number
  readonly left?: boolean
  readonly cell: (row: BenchmarkRow) => string
}

/** Three digits that count: 0.0123, 1.23, 1,234. */
function short(number: number): string {
  if (!Number.isFinite(number)) return '-'
  return number >= 100 ? Math.round(number).toLocaleString('en') : number.toPrecision(3)
}

function speed({ gigaflopsPerSecond, gigabytesPerSecond }: BenchmarkRow): string {
  return gigaflopsPerSecond === null
    ? `${short(gigabytesPerSecond)} GB/s`
    : `${short(gigaflopsPerSecond)} GFLOP/s`
}

const columns: readonly Column[] = [
  { title: 'op', width: 28, left: true, cell: row => row.op },
  { title: 'variant', width: 14, left: true, cell: row => `${row.variant}${row.chosen ? ' *' : ''}` },
  { title: 'ms', width: 8, cell: row => short(row.milliseconds) },
  { title: 'speed', width: 13, cell: speed },
  { title: 'CPU ms', width: 8, cell: row => short(row.referenceMilliseconds) },
  { title: 'ratio', width: 8, cell: row => `${short(row.ratio)}×` },
  { title: 'error', width: 8, cell: row => (row.error === 0 ? '0' : row.error.toExponential(1)) },
  { title: 'shapes', width: 0, left: true, cell: row => row.shapes.map(shape => `[${shape}]`).join(' ') },
]

/** The columns' titles over a rule. */
export function tableHead(): string {
  const rule = '-'.repeat(columns.reduce((sum, { width }) => sum + width + 2, 'shapes'.length - 2))
  return `${line(columns.map(({ title }) => title))}\n${rule}`
}

export function tableRow(row: BenchmarkRow): string {
  return line(columns.map(({ cell }) => cell(row)))
}

function line(cells: readonly string[]): string {
  return columns
    .map(({ width, left }, i) => (left ? (cells[i] ?? '').padEnd(width) : (cells[i] ?? '').padStart(width)))
    .join('  ')
    .trimEnd()
}
