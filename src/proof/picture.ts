// A profile as a picture: a bar for the time of each kernel, and the roofline with every kernel under it.
import type { ProfileFacts, ProfileRow } from './profile.ts'

/** Pixels. */
const WIDTH = 960
const MARGIN = 24
const LABELS = 330
const BAR = 22
const PLOT = 300

const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.quiet { fill: #59636e }
.paper { fill: #ffffff }
.bar, .dot { fill: #0969da }
.dot { fill-opacity: 0.75 }
.grid { stroke: #d1d9e0 }
.roof { stroke: #cf222e; stroke-width: 2; fill: none }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .quiet { fill: #9198a1 }
  .paper { fill: #0d1117 }
  .bar, .dot { fill: #4493f8 }
  .grid { stroke: #3d444d }
  .roof { stroke: #f85149 }
}`

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)

const text = (x: number, y: number, content: string, more = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escaped(content)}</text>`

/** Draws the profile as SVG, readable on light and dark paper. */
export function rooflinePicture(facts: ProfileFacts): string {
  const { rows, adapter, peak, milliseconds } = facts
  const bars = rows.length * BAR
  const height = 92 + bars + 56 + PLOT + 56
  const longest = Math.max(...rows.map(row => row.milliseconds), 1e-9)
  const title = `${milliseconds.toPrecision(4)} ms in ${rows.length} kernels on ${adapter}`
  const peaks = `measured peak: ${peak.gigaflopsPerSecond.toPrecision(3)} GFLOP/s, ${peak.gigabytesPerSecond.toPrecision(3)} GB/s`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style><rect class="paper" width="100%" height="100%"/>`,
    text(MARGIN, 34, title, 'class="title"'),
    text(MARGIN, 56, `${peaks}; the last number is the share of what these allow`, 'class="quiet"'),
    ...rows.map((row, i) => barOf(row, i, 76 + i * BAR, longest)),
    `<g transform="translate(${MARGIN + 56} ${92 + bars + 24})">`,
    ...roofline(facts),
    '</g></svg>',
  ].join('\n')
}

function barOf(row: ProfileRow, index: number, y: number, longest: number): string {
  const room = WIDTH - 2 * MARGIN - LABELS - 190
  const width = Math.max(1, (room * row.milliseconds) / longest)
  const start = MARGIN + LABELS
  const most = 46
  const name = row.op.length > most ? `${row.op.slice(0, most - 1)}…` : row.op
  const speed =
    row.gigaflopsPerSecond >= row.gigabytesPerSecond
      ? `${row.gigaflopsPerSecond.toPrecision(3)} GFLOP/s`
      : `${row.gigabytesPerSecond.toPrecision(3)} GB/s`
  const numbers = `${row.milliseconds.toPrecision(3)} ms · ${speed} · ${(100 * row.roofline).toFixed(0)} %`
  return [
    text(MARGIN, y + 15, `${index}  ${name}`),
    `<rect class="bar" x="${start}" y="${y + 4}" width="${width.toFixed(1)}" height="${BAR - 8}" rx="2"/>`,
    text(start + width + 8, y + 15, numbers, 'class="quiet"'),
  ].join('')
}

/** GFLOP/s over operations a byte, both on logarithmic scales. */
function roofline({ rows, peak }: ProfileFacts): string[] {
  const wide = WIDTH - 2 * MARGIN - 80
  const points = rows
    .map((row, index) => ({
      index,
      x: row.operations / Math.max(1, row.bytesRead + row.bytesWritten),
      y: row.gigaflopsPerSecond,
    }))
    .filter(({ x, y }) => x > 0 && y > 0)
  const ridge = peak.gigaflopsPerSecond / peak.gigabytesPerSecond
  const power = (value: number, round: (x: number) => number): number => round(Math.log10(value))
  const left = power(Math.min(ridge, ...points.map(({ x }) => x)), Math.floor)
  const right = power(Math.max(ridge, ...points.map(({ x }) => x)) * 1.5, Math.ceil)
  const low = power(Math.min(peak.gigaflopsPerSecond, ...points.map(({ y }) => y)), Math.floor)
  const high = power(Math.max(peak.gigaflopsPerSecond, ...points.map(({ y }) => y)) * 1.2, Math.ceil)
  const atX = (x: number): number => (wide * (Math.log10(x) - left)) / (right - left)
  const atY = (y: number): number => PLOT * (1 - (Math.log10(y) - low) / (high - low))
  const range = (from: number, to: number): number[] =>
    Array.from({ length: to - from + 1 }, (_, i) => from + i)
  const slope = 10 ** left * peak.gigabytesPerSecond
  // Where the memory's line enters the picture: at its left edge, or from below.
  const start = slope >= 10 ** low ? [0, atY(slope)] : [atX(10 ** low / peak.gigabytesPerSecond), PLOT]
  return [
    ...range(left, right).map(
      exponent =>
        `<line class="grid" x1="${atX(10 ** exponent)}" x2="${atX(10 ** exponent)}" y1="0" y2="${PLOT}"/>${text(atX(10 ** exponent), PLOT + 18, label(exponent), 'text-anchor="middle" class="quiet"')}`,
    ),
    ...range(low, high).map(
      exponent =>
        `<line class="grid" x1="0" x2="${wide}" y1="${atY(10 ** exponent)}" y2="${atY(10 ** exponent)}"/>${text(-8, atY(10 ** exponent) + 4, label(exponent), 'text-anchor="end" class="quiet"')}`,
    ),
    text(wide / 2, PLOT + 38, 'operations a byte', 'text-anchor="middle" class="quiet"'),
    text(-44, -10, 'GFLOP/s', 'class="quiet"'),
    `<path class="roof" d="M${start[0]} ${start[1]} L${atX(ridge)} ${atY(peak.gigaflopsPerSecond)} L${wide} ${atY(peak.gigaflopsPerSecond)}"/>`,
    ...points.map(
      ({ x, y, index }) =>
        `<circle class="dot" cx="${atX(x).toFixed(1)}" cy="${atY(y).toFixed(1)}" r="5"/>${text(atX(x) + 8, atY(y) + 4, String(index))}`,
    ),
  ]
}

const label = (exponent: number): string =>
  exponent >= 0 && exponent < 6 ? String(10 ** exponent) : `1e${exponent}`
