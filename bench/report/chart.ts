// The race as a picture: for each workload, how many times longer each peer takes than retrograd, on a log scale.
import type { LibraryName } from '../race/library.ts'
import type { RaceResult } from '../race/race.ts'
import { describeWorkload, findWorkloads } from '../race/workloads.ts'
import { type Results, ratioOf } from './results.ts'
import { adapterName, namedVersion, short } from './table.ts'

/** A scale on which equal ratios are equally far apart. */
export interface LogScale {
  readonly low: number
  readonly high: number
  readonly ticks: readonly number[]
  /** Where a value lies, as a share of the scale's length. */
  position(value: number): number
}

/** A scale from at most 1 to at least 2 that holds all values, its ends and ticks at 1, 2 and 5 times powers of ten. */
export function logScale(values: readonly number[]): LogScale {
  const finite = values.filter(value => value > 0 && Number.isFinite(value))
  const [least, most] = [Math.min(1, ...finite), Math.max(2, ...finite)]
  const ticks: number[] = []
  const steps = [1, 2, 5]
  let power = Math.floor(Math.log10(least)) - 1
  for (; 10 ** power <= most; power++) ticks.push(...steps.map(step => Number(`${step}e${power}`)))
  ticks.push(Number(`1e${power}`))
  const low = ticks.findLast(tick => tick <= least) ?? least
  const high = ticks.find(tick => tick >= most) ?? most
  const position = (value: number) => Math.log(value / low) / Math.log(high / low)
  return { low, high, ticks: ticks.filter(tick => tick >= low && tick <= high), position }
}

/** Pixels. */
const WIDTH = 880
const LABELS = 305
const NUMBERS = 110
const MARGIN = 20
const HEAD = 92
const FOOT = 46
const BAR = 13
const GAP = 12

/** Who is drawn, and how: colours that differ in lightness too. */
const PEERS: readonly { readonly name: LibraryName; readonly title: string; readonly style: string }[] = [
  { name: 'jax-js', title: 'jax-js', style: 'jax' },
  { name: 'tfjs', title: 'TensorFlow.js', style: 'tfjs' },
]

const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328; }
  .title { font-size: 17px; font-weight: 600; }
  .quiet { fill: #59636e; font-size: 12px; }
  .number { fill: #59636e; font-size: 12px; paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
  .paper { fill: #ffffff; }
  .grid { stroke: #d1d9e0; }
  .one { stroke: #1a7f37; stroke-width: 2; }
  .own { fill: #1a7f37; }
  .jax { fill: #0969da; }
  .tfjs { fill: #d4790e; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .quiet { fill: #9198a1; }
    .number { fill: #9198a1; stroke: #0d1117; }
    .paper { fill: #0d1117; }
    .grid { stroke: #30363d; }
    .one { stroke: #3fb950; }
    .own { fill: #3fb950; }
    .jax { fill: #58a6ff; }
    .tfjs { fill: #f0a04b; }
  }`

/** Draws the ratios of a run as an SVG document, readable on light and on dark. */
export function drawChart({
  races,
  adapter,
  versions,
}: Pick<Results, 'races' | 'adapter' | 'versions'>): string {
  const drawn = races.filter(race => PEERS.some(({ name }) => ratioOf(race, name) !== null))
  const ratios = drawn.flatMap(race => PEERS.map(({ name }) => ratioOf(race, name) ?? 1))
  const scale = logScale(ratios)
  const left = MARGIN + LABELS
  const length = WIDTH - left - NUMBERS - MARGIN
  const x = (value: number) => round(left + length * scale.position(value))
  const rowHeight = PEERS.length * BAR + GAP
  const bottom = HEAD + drawn.length * rowHeight
  const height = bottom + FOOT

  const grid = scale.ticks.flatMap(tick => [
    line(x(tick), HEAD - 6, bottom, tick === 1 ? 'one' : 'grid'),
    text(x(tick), bottom + 16, `${tick}×`, 'quiet', 'middle'),
  ])
  const rows = drawn.flatMap((race, i) => drawRow(race, HEAD + i * rowHeight, x))
  const who = Object.entries(versions).map(([name, version]) => namedVersion(name, version))
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Time over that of retrograd, by workload">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}" rx="8"/>`,
    text(MARGIN, 32, 'How many times longer than retrograd', 'title'),
    text(MARGIN, 52, `${adapterName(adapter)}; ${who.join(', ')}`, 'quiet'),
    ...legend(),
    ...grid,
    ...rows,
    text(
      MARGIN,
      bottom + 36,
      'Beside each name, retrograd’s own time. Medians of batches; log scale; right of the line retrograd is faster.',
      'quiet',
    ),
    '</svg>',
  ].join('\n')}\n`
}

function legend(): string[] {
  let at = MARGIN
  const entries = [{ title: 'retrograd = 1×', style: 'own' }, ...PEERS]
  return entries.flatMap(({ title, style }) => {
    const entry = [
      `<rect class="${style}" x="${at}" y="64" width="12" height="12" rx="2"/>`,
      text(at + 18, 74, title, 'quiet'),
    ]
    at += 40 + 7 * title.length
    return entry
  })
}

function drawRow(race: RaceResult, top: number, x: (value: number) => number): string[] {
  const [workload] = findWorkloads(race.workload)
  const own = race.times.retrograd?.milliseconds.median ?? Number.NaN
  const isTraining = workload?.kind === 'training'
  const label = `${isTraining ? `${race.workload}: ` : ''}${workload ? labelOf(describeWorkload(workload)) : race.workload}`
  const middle = top + (PEERS.length * BAR) / 2
  return [
    text(MARGIN, middle + 4, label, 'label'),
    text(MARGIN + LABELS - 14, middle + 4, `${short(own)} ms`, 'quiet', 'end'),
    ...PEERS.flatMap(({ name, style }, i) => {
      const ratio = ratioOf(race, name)
      if (ratio === null) return []
      const [from, to] = [Math.min(x(1), x(ratio)), Math.max(x(1), x(ratio))]
      const y = top + i * BAR
      const times = `${inWords(ratio)}×, ${short(own * ratio)} ms`
      return [
        `<rect class="${style}" x="${from}" y="${y}" width="${round(Math.max(1, to - from))}" height="${BAR - 2}" rx="2"/>`,
        text(to + 6, y + BAR - 3, times, 'number'),
      ]
    }),
  ]
}

/** Two digits that count: 0.32, 2.0, 150. */
const inWords = (ratio: number): string =>
  ratio < 10 ? ratio.toFixed(ratio < 1 ? 2 : 1) : short(Number(ratio.toPrecision(2)))

/** Short enough for its column. */
const labelOf = (description: string): string =>
  description.replace('softmax cross-entropy', 'cross-entropy').replace(', value and gradient', '')

const round = (value: number): number => Math.round(value * 10) / 10

const line = (x: number, top: number, bottom: number, style: string): string =>
  `<line class="${style}" x1="${x}" x2="${x}" y1="${top}" y2="${bottom}"/>`

function text(x: number, y: number, words: string, style: string, anchor = 'start'): string {
  const escaped = words.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
  return `<text class="${style}" x="${x}" y="${y}" text-anchor="${anchor}">${escaped}</text>`
}
