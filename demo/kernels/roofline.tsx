// The roofline: what an op reaches, over how many operations it makes of a byte, under what the adapter can do at most.
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { AdapterPeak, BenchmarkRow } from './facts.ts'
import { brief } from './report.ts'

/** Pixels. */
const HEIGHT = 300
const LEFT = 48
const RIGHT = 16
const TOP = 22
const BOTTOM = 40

interface Point {
  readonly row: BenchmarkRow
  /** Operations a byte. */
  readonly intensity: number
  readonly gigaflopsPerSecond: number
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1)

/** Where an op stands. Those that state no operations count as one an element of their largest tensor. */
export function pointOf(row: BenchmarkRow): Point {
  const bytes = row.gigabytesPerSecond * row.milliseconds * 1e6
  const operations =
    row.gigaflopsPerSecond === null
      ? Math.max(...row.shapes.map(sizeOf))
      : row.gigaflopsPerSecond * row.milliseconds * 1e6
  return { row, intensity: operations / bytes, gigaflopsPerSecond: operations / row.milliseconds / 1e6 }
}

/** The share of what the adapter's peak allows it: 1 is the roof (Williams et al. 2009). */
export function shareOf(row: BenchmarkRow, peak: AdapterPeak): number {
  const { intensity, gigaflopsPerSecond } = pointOf(row)
  return gigaflopsPerSecond / Math.min(peak.gigaflopsPerSecond, intensity * peak.gigabytesPerSecond)
}

const powers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)
const label = (exponent: number): string =>
  exponent >= -2 && exponent < 5 ? String(Number(`1e${exponent}`)) : `1e${exponent}`

const nameOf = ({ row, gigaflopsPerSecond }: Point): string =>
  `${row.op} ${row.variant}: ${brief(gigaflopsPerSecond)} GFLOP/s, ${brief(row.gigabytesPerSecond)} GB/s`

export function Roofline({ rows, peak }: { rows: readonly BenchmarkRow[]; peak: AdapterPeak }) {
  const frame = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(640)
  /** The dot that is named, by its place; −1: none. */
  const [pointed, setPointed] = useState(-1)
  useLayoutEffect(() => {
    const element = frame.current
    if (!element) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const points = rows
    .map(pointOf)
    .filter(({ intensity, gigaflopsPerSecond }) => intensity * gigaflopsPerSecond > 0)
  const ridge = peak.gigaflopsPerSecond / peak.gigabytesPerSecond
  const xs = [ridge, ...points.map(({ intensity }) => intensity)]
  const ys = [peak.gigaflopsPerSecond, ...points.map(point => point.gigaflopsPerSecond)]
  const left = Math.floor(Math.log10(Math.min(...xs) / 1.5))
  const right = Math.ceil(Math.log10(Math.max(...xs) * 1.5))
  const low = Math.floor(Math.log10(Math.min(...ys)))
  const high = Math.ceil(Math.log10(Math.max(...ys) * 1.2))
  const plotWidth = Math.max(120, width - LEFT - RIGHT)
  const plotHeight = HEIGHT - TOP - BOTTOM
  const atX = (x: number) => LEFT + (plotWidth * (Math.log10(x) - left)) / (right - left)
  const atY = (y: number) => TOP + plotHeight * (1 - (Math.log10(y) - low) / (high - low))
  const atEdge = 10 ** left * peak.gigabytesPerSecond
  const start =
    atEdge >= 10 ** low ? [LEFT, atY(atEdge)] : [atX(10 ** low / peak.gigabytesPerSecond), atY(10 ** low)]
  const shown = points[pointed]
  const words = `Roofline: ${points.length} timings under a peak of ${brief(peak.gigaflopsPerSecond)} billion operations and ${brief(peak.gigabytesPerSecond)} gigabytes a second. The table has the numbers.`
  return (
    <figure class="roofline">
      <div ref={frame}>
        <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={words}>
          {powers(left, right).map(exponent => (
            <g key={exponent}>
              <line
                class="rule"
                x1={atX(10 ** exponent)}
                x2={atX(10 ** exponent)}
                y1={TOP}
                y2={HEIGHT - BOTTOM}
              />
              <text x={atX(10 ** exponent)} y={HEIGHT - BOTTOM + 16} text-anchor="middle">
                {label(exponent)}
              </text>
            </g>
          ))}
          {powers(low, high).map(exponent => (
            <g key={exponent}>
              <line
                class="rule"
                x1={LEFT}
                x2={LEFT + plotWidth}
                y1={atY(10 ** exponent)}
                y2={atY(10 ** exponent)}
              />
              <text x={LEFT - 8} y={atY(10 ** exponent) + 4} text-anchor="end">
                {label(exponent)}
              </text>
            </g>
          ))}
          <text x={LEFT} y={12}>
            billion operations a second
          </text>
          <text x={LEFT + plotWidth} y={HEIGHT - 6} text-anchor="end">
            operations for each byte moved
          </text>
          <path
            class="roof"
            d={`M${start[0]} ${start[1]} L${atX(ridge)} ${atY(peak.gigaflopsPerSecond)} H${LEFT + plotWidth}`}
          />
          {points.map(({ row, intensity, gigaflopsPerSecond }, i) => (
            <circle
              key={i}
              class={i === pointed ? 'dot pointed' : 'dot'}
              cx={atX(intensity)}
              cy={atY(gigaflopsPerSecond)}
              r="5"
              onPointerEnter={() => setPointed(i)}
            >
              <title>{nameOf({ row, intensity, gigaflopsPerSecond })}</title>
            </circle>
          ))}
        </svg>
      </div>
      <p class="reading">{shown ? nameOf(shown) : 'Point at a dot, or tap it, to read which op it is.'}</p>
      <figcaption class="muted">
        Each dot is an op. The line is the most this GPU can do: at its slope memory is the limit, where it is
        flat, arithmetic. The nearer to the line, the better. Ops that state no operations count as one for
        each element.
      </figcaption>
    </figure>
  )
}
