// Curves that grow while something trains: uPlot in the page's colours, with the values in words below.
import 'uplot/dist/uPlot.min.css'
import { Component, createRef } from 'preact'
import { useState } from 'preact/hooks'
import uPlot from 'uplot'
import { theme, token } from './theme.ts'

type Range = readonly [low: number, high: number]

export interface Curve {
  readonly name: string
  /** A token of style.css. */
  readonly color: `--${string}`
  /** As many as `x`; null is a gap. */
  readonly values: readonly (number | null)[]
  readonly dashed?: boolean
}

const HEIGHT = 200 // px
/** Steps and epochs are whole. */
const WHOLE = Array.from({ length: 10 }, (_, i) => [1, 2, 5].map(step => step * 10 ** i)).flat()
const FONT = '12px system-ui, sans-serif'

/** Four digits are what eyes can use. */
const inWords = (value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : String(Number(value.toPrecision(4)))

/** Curves over `x`. Give new arrays to have it drawn anew: at most once a frame, whatever their pace. */
export function Curves({
  label,
  xLabel,
  x,
  curves,
  log = false,
  range = null,
  height = HEIGHT,
}: {
  /** What it shows, for those who cannot see it. */
  label: string
  xLabel: string
  x: readonly number[]
  curves: readonly Curve[]
  /** Powers of ten at equal distances; values up to 0 are left out. */
  log?: boolean
  /** From the lowest to the highest value shown. Default: what the values need. */
  range?: Range | null
  height?: number
}) {
  const [pointed, setPointed] = useState<number | null>(null)
  const look = curves.map(({ name, color, dashed }) => `${name} ${color} ${dashed}`).join()
  // Another key, another plot: uPlot takes new data, but no new looks.
  const key = `${theme.value} ${log} ${height} ${look}`
  const at = pointed !== null && pointed < x.length ? pointed : x.length - 1
  return (
    <figure class="curves">
      <Plot
        key={key}
        label={label}
        x={x}
        curves={curves}
        log={log}
        range={range}
        height={height}
        onPoint={setPointed}
      />
      <figcaption>
        <span class="curves-x">
          {xLabel} {inWords(x[at])}
        </span>
        {curves.map(({ name, color, values }) => (
          <span key={name} class="curves-name">
            <svg class="curves-key" viewBox="0 0 14 4" aria-hidden="true">
              <path d="M0 2h14" style={{ stroke: `var(${color})` }} />
            </svg>
            {name} <b>{inWords(values[at])}</b>
          </span>
        ))}
      </figcaption>
    </figure>
  )
}

interface PlotProps {
  label: string
  x: readonly number[]
  curves: readonly Curve[]
  log: boolean
  range: Range | null
  height: number
  onPoint: (index: number | null) => void
}

/** uPlot in an element that it fills. */
class Plot extends Component<PlotProps> {
  private readonly frame = createRef<HTMLDivElement>()
  private plot: uPlot | null = null
  private observer: ResizeObserver | null = null
  private request = 0

  override componentDidMount(): void {
    const element = this.frame.current
    if (!element) return
    this.build(element)
    this.observer = new ResizeObserver(() =>
      this.plot?.setSize({ width: element.clientWidth, height: this.props.height }),
    )
    this.observer.observe(element)
  }

  private build(element: HTMLElement): void {
    this.plot?.destroy()
    const options = optionsOf(this.props, element.clientWidth, () => this.props.range)
    this.plot = new uPlot(options, this.data(), element)
    // When the GPU crashes, canvases that it drew go blank, and forget their fonts.
    this.plot.ctx.canvas.addEventListener('contextrestored', () => this.build(element))
  }

  override componentDidUpdate(before: PlotProps): void {
    if (before.x === this.props.x && before.curves === this.props.curves) return
    cancelAnimationFrame(this.request)
    this.request = requestAnimationFrame(() => this.plot?.setData(this.data()))
  }

  override componentWillUnmount(): void {
    cancelAnimationFrame(this.request)
    this.observer?.disconnect()
    this.plot?.destroy()
  }

  private data(): uPlot.AlignedData {
    const { x, curves, log } = this.props
    const drawable = (value: number | null) => (value !== null && value > 0 ? value : null)
    return [[...x], ...curves.map(({ values }) => (log ? values.map(drawable) : [...values]))]
  }

  override render({ label }: PlotProps) {
    return <div ref={this.frame} class="curves-frame" role="img" aria-label={label} />
  }
}

/** Of values; an empty plot has axes all the same. */
function rangeOf(min: number | null, max: number | null, log: boolean): uPlot.Range.MinMax {
  if (min === null || max === null) return log ? [0.1, 1] : [0, 1]
  return log ? uPlot.rangeLog(min, max, 10, true) : uPlot.rangeNum(min, max, 0.1, true)
}

function optionsOf(
  { curves, log, height, onPoint }: PlotProps,
  width: number,
  rangeNow: () => Range | null,
): uPlot.Options {
  const axis = {
    stroke: token('--muted'),
    grid: { stroke: token('--line'), width: 1 },
    ticks: { show: false },
    font: FONT,
  }
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { time: false, range: (_, min, max) => [min ?? 0, max > min ? max : (min ?? 0) + 1] },
      y: {
        distr: log ? 3 : 1,
        range: (_, min, max) => {
          const range = rangeNow()
          return range ? [...range] : rangeOf(min, max, log)
        },
      },
    },
    axes: [
      { ...axis, size: 28, incrs: WHOLE },
      { ...axis, size: 52 },
    ],
    series: [
      {},
      ...curves.map(({ name, color, dashed }) => ({
        label: name,
        stroke: token(color),
        width: 1.75,
        points: { show: false },
        ...(dashed ? { dash: [5, 4] } : {}),
      })),
    ],
    hooks: { setCursor: [plot => onPoint(plot.cursor.idx ?? null)] },
  }
}
