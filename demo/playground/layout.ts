// Where the neurons of the graph stand, and which line is at a point.
import type { ProblemView } from './problem.ts'
import type { Settings } from './settings.ts'
import { MOST_DRAWN } from './sizes.ts'
import { cutAll, FEATURE_NAMES } from './words.ts'

export const NEURON = 40 // px
const ROW = 52 // px
const HEAD = 112 // px
const NARROWEST = 116 // px between columns
const MARGIN = 54 // px

export interface Column {
  readonly key: string
  readonly kind: 'input' | 'hidden' | 'output'
  /** Of hidden layers, from 0. */
  readonly layer: number
  readonly width: number
  readonly drawn: number
  /** Of inputs and outputs. */
  readonly names: readonly string[]
  /** The same of those drawn, as short as the graph needs them. */
  readonly labels: readonly string[]
}

export interface Place {
  readonly column: number
  readonly neuron: number
}

/** The weight from neuron `from` of column `layer` to neuron `to` of the next. */
export interface Link {
  readonly layer: number
  readonly from: number
  readonly to: number
}

export interface Places {
  readonly width: number
  readonly height: number
  /** The centres of neurons. */
  readonly columns: readonly { readonly x: number; readonly y: readonly number[] }[]
}

export function columnsOf({ data, layers, features }: Settings, problem: ProblemView | null): Column[] {
  const inputs: readonly string[] = data === 'own' ? (problem?.inputs ?? []) : features
  const outputs = problem?.task.outputs ?? 1
  const names = inputs.map(name => FEATURE_NAMES[name] ?? name)
  const classes = outputs > 1 ? (problem?.task.classes ?? []) : ['']
  const column = (part: Pick<Column, 'key' | 'kind' | 'layer' | 'width' | 'names'>): Column => ({
    ...part,
    drawn: Math.min(part.width, MOST_DRAWN),
    labels: cutAll(part.names.slice(0, MOST_DRAWN)),
  })
  return [
    column({ key: 'inputs', kind: 'input', layer: -1, width: inputs.length, names }),
    ...layers.map(({ units }, layer) =>
      column({ key: `layer ${layer}`, kind: 'hidden', layer, width: units, names: [] }),
    ),
    column({ key: 'outputs', kind: 'output', layer: layers.length, width: outputs, names: classes }),
  ]
}

/** What a neuron is called. */
export const nameOf = ({ kind, layer, names }: Column, neuron: number): string => {
  if (kind === 'input') return `Input ${names[neuron]}`
  if (kind === 'output') return `Output ${names[neuron] ?? ''}`.trim()
  return `Layer ${layer + 1}, neuron ${neuron + 1}`
}

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
}

/** The neuron that an arrow key leads to; null for other keys. At the edges it stays where it is. */
export function neighbour(columns: readonly Column[], { column, neuron }: Place, key: string): Place | null {
  const arrow = ARROWS[key]
  if (!arrow) return null
  const within = (place: number, count: number) => Math.max(0, Math.min(count - 1, place))
  const next = within(column + arrow[0], columns.length)
  return { column: next, neuron: within(neuron + arrow[1], columns[next]?.drawn ?? 1) }
}

export function placesOf(columns: readonly Column[], available: number): Places {
  const gaps = Math.max(1, columns.length - 1)
  const pitch = Math.max(NARROWEST, Math.floor((available - 2 * MARGIN) / gaps))
  const rows = Math.max(4, ...columns.map(({ drawn }) => drawn))
  return {
    width: 2 * MARGIN + gaps * pitch,
    height: HEAD + rows * ROW + 8,
    columns: columns.map(({ drawn }, i) => ({
      x: MARGIN + i * pitch,
      y: Array.from({ length: drawn }, (_, neuron) => HEAD + neuron * ROW + ROW / 2),
    })),
  }
}

const REACH = 6 // px

/** The line nearest to a point, within a few pixels. */
export function linkAt({ columns }: Places, x: number, y: number): Link | null {
  const layer = columns.findIndex(
    (column, i) => x > column.x + NEURON / 2 && x < (columns[i + 1]?.x ?? 0) - NEURON / 2,
  )
  const [left, right] = [columns[layer], columns[layer + 1]]
  if (!left || !right) return null
  const share = (x - left.x - NEURON / 2) / (right.x - left.x - NEURON)
  // The curve's x is a cubic of t, which rises: 1.5t(1 − t) + t³ with its handles in the middle.
  let [low, high] = [0, 1]
  for (let i = 0; i < 20; i++) {
    const t = (low + high) / 2
    if (1.5 * t * (1 - t) + t ** 3 < share) low = t
    else high = t
  }
  const t = 3 * low ** 2 - 2 * low ** 3
  let best: Link | null = null
  let nearest = REACH
  for (const [from, y0] of left.y.entries())
    for (const [to, y1] of right.y.entries()) {
      const distance = Math.abs(y0 + t * (y1 - y0) - y)
      if (distance < nearest) {
        nearest = distance
        best = { layer, from, to }
      }
    }
  return best
}
