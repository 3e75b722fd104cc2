// Charts as SVG text: panels side by side with axes, marks and one legend, drawn without a browser or a library.

export const colors = {
  blue: '#2b6cd4',
  orange: '#e2711d',
  green: '#2a9d64',
  purple: '#8250c4',
  gray: '#8a8f98',
  ink: '#24292f',
} as const

export type Point = readonly [x: number, y: number]

export interface Axis {
  readonly label: string
  readonly low: number
  readonly high: number
  /** Powers of ten rather than equal steps. */
  readonly log?: boolean
  /** Names of the places from 0 to 1, from 1 to 2, and so on, in place of numbers. */
  readonly names?: readonly string[]
}

/** Where a point of the data lies in the picture. */
interface Place {
  x(value: number): number
  y(value: number): number
}

export interface Mark {
  draw(place: Place): string
  /** Its line of the legend; marks of the same label share one. */
  readonly legend?: { readonly label: string; readonly swatch: string }
}

export interface Panel {
  readonly title?: string
  readonly x: Axis
  readonly y: Axis
  /** From back to front. */
  readonly marks: readonly Mark[]
}

export interface Style {
  readonly color?: string
  readonly label?: string
  readonly width?: number
  readonly opacity?: number
  readonly dashed?: boolean
}

const legend = (label: string | undefined, swatch: string): Pick<Mark, 'legend'> =>
  label === undefined ? {} : { legend: { label, swatch } }

const fixed = (number: number): string => `${Math.round(number * 100) / 100}`

/** A line through points. */
export function line(points: readonly Point[], style: Style = {}): Mark {
  const { color = colors.blue, label, width = 2, opacity = 1, dashed } = style
  const stroke = `fill="none" stroke="${color}" stroke-width="${width}" opacity="${opacity}"${dashed ? ' stroke-dasharray="6 4"' : ''}`
  return {
    draw: ({ x, y }) => {
      const path = points.map(([a, b]) => `${fixed(x(a))} ${fixed(y(b))}`).join('L')
      return `<path d="M${path}" stroke-linejoin="round" ${stroke}/>`
    },
    ...legend(label, `<path d="M0 0H22" ${stroke}/>`),
  }
}

/** A dot at each point. */
export function dots(points: readonly Point[], style: Style = {}): Mark {
  const { color = colors.blue, label, width = 3.2, opacity = 1 } = style
  const dot = (x: number, y: number): string =>
    `<circle cx="${fixed(x)}" cy="${fixed(y)}" r="${width}" fill="${color}" stroke="#fff" stroke-width="0.8" opacity="${opacity}"/>`
  return {
    draw: ({ x, y }) => points.map(([a, b]) => dot(x(a), y(b))).join(''),
    ...legend(label, dot(11, 0)),
  }
}

/** The area between two curves: [x, low, high] of each place. */
export function band(
  points: readonly (readonly [x: number, low: number, high: number])[],
  style: Style = {},
): Mark {
  const { color = colors.blue, label, opacity = 0.18 } = style
  const fill = `fill="${color}" opacity="${opacity}"`
  return {
    draw: ({ x, y }) => {
      const over = points.map(([a, , high]) => `${fixed(x(a))} ${fixed(y(high))}`)
      const under = points.map(([a, low]) => `${fixed(x(a))} ${fixed(y(low))}`).reverse()
      return `<path d="M${[...over, ...under].join('L')}Z" ${fill}/>`
    },
    ...legend(label, `<rect y="-6" width="22" height="12" ${fill}/>`),
  }
}

/** Values from 0 to 1 at the middles of the cells of a square, row by row from its bottom left corner. */
export interface Grid {
  readonly low: number
  readonly high: number
  /** Cells of each side. */
  readonly cells: number
  readonly values: ArrayLike<number>
}

/** Shades told apart in a map. */
const SHADES = 16

/** From light blue at 0 over white to light orange at 1. */
function shade(value: number): string {
  const [from, to] = value < 0.5 ? [[150, 185, 240], 1 - 2 * value] : [[246, 178, 128], 2 * value - 1]
  const parts = (from as number[]).map(part => Math.round(255 + (part - 255) * (to as number)))
  return `rgb(${parts.join(' ')})`
}

/** The values of a grid as colours, with a line where they are a half. */
export function map(grid: Grid, { label = 'probability ½' }: { readonly label?: string } = {}): Mark {
  const { low, high, cells, values } = grid
  const side = (high - low) / cells
  return {
    draw: ({ x, y }) => {
      let cellsText = ''
      for (let row = 0; row < cells; row++) {
        // Neighbours of one shade are one rectangle.
        for (let column = 0; column < cells; ) {
          const level = (at: number): number => Math.round((values[row * cells + at] ?? 0) * SHADES) / SHADES
          const first = column
          while (column < cells && level(column) === level(first)) column++
          // Edges on whole pixels, or gaps would show.
          const [left, right] = [first, column].map(at => Math.round(x(low + at * side))) as [number, number]
          const [top, bottom] = [row + 1, row].map(at => Math.round(y(low + at * side))) as [number, number]
          cellsText += `<rect x="${left}" y="${top}" width="${right - left}" height="${bottom - top}" fill="${shade(level(first))}"/>`
        }
      }
      const path = contour(grid)
        .map(([a, b]) => `M${fixed(x(a[0]))} ${fixed(y(a[1]))}L${fixed(x(b[0]))} ${fixed(y(b[1]))}`)
        .join('')
      return `<g shape-rendering="crispEdges">${cellsText}</g><path d="${path}" fill="none" stroke="${colors.ink}" stroke-width="1.6" stroke-linecap="round"/>`
    },
    ...legend(label, `<path d="M0 0H22" stroke="${colors.ink}" stroke-width="1.6"/>`),
  }
}

/** What a grid may be off a half everywhere and have no line along which it is one: what it has is rounding. */
const FLAT = 0.01

/** The line along which a grid is a half, as pieces that cross one cell each ("marching squares"). */
export function contour({ low, high, cells, values }: Grid): [Point, Point][] {
  if (Array.from(values).every(value => Math.abs(value - 0.5) < FLAT)) return []
  const side = (high - low) / cells
  const pieces: [Point, Point][] = []
  const corners = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ] as const
  for (let row = 0; row + 1 < cells; row++) {
    for (let column = 0; column + 1 < cells; column++) {
      const crossings = corners.flatMap(([dx, dy], i): Point[] => {
        const [ex, ey] = corners[(i + 1) % 4] as readonly [number, number]
        const value = (cx: number, cy: number): number =>
          (values[(row + cy) * cells + column + cx] ?? 0) - 0.5
        const [a, b] = [value(dx, dy), value(ex, ey)]
        if (a < 0 === b < 0) return []
        const t = a / (a - b)
        return [
          [low + side * (column + 0.5 + dx + t * (ex - dx)), low + side * (row + 0.5 + dy + t * (ey - dy))],
        ]
      })
      for (let i = 0; i + 1 < crossings.length; i += 2)
        pieces.push([crossings[i] as Point, crossings[i + 1] as Point])
    }
  }
  return pieces
}

const MARGIN = { left: 58, right: 16, bottom: 48 }
const PANEL_TITLE = 30
const HEADER = 40
const LEGEND = 34

/** A picture of panels side by side under a title. */
export function chart(title: string, panels: readonly Panel[]): string {
  // Maps of a square are square.
  const isSquare = panels.every(({ x, y }) => x.low === y.low && x.high === y.high)
  const [width, height] = panels.length > 1 ? [270, 270] : isSquare ? [400, 400] : [520, 340]
  const panelWidth = MARGIN.left + width + MARGIN.right
  const total = Math.max(panels.length * panelWidth, 420)
  const top = HEADER + (panels.some(panel => panel.title) ? PANEL_TITLE : 6)
  const tall = top + height + MARGIN.bottom + LEGEND
  const drawn = panels.map(
    (panel, i) =>
      `<g transform="translate(${i * panelWidth + MARGIN.left} ${top})">${drawPanel(panel, width, height, i)}</g>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${total}" height="${tall}" viewBox="0 0 ${total} ${tall}" font-family="system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="12" fill="${colors.ink}"><rect width="100%" height="100%" fill="#fff"/><text x="18" y="28" font-size="16" font-weight="600">${escaped(title)}</text>${drawn.join('')}${drawLegend(panels, total, tall)}</svg>\n`
}

function drawPanel({ title, x, y, marks }: Panel, width: number, height: number, number: number): string {
  const [toX, toY] = [scale(x, 0, width), scale(y, height, 0)]
  const rule = (axis: Axis, path: string): string =>
    axis.names ? '' : `<path d="${path}" stroke="#e4e7eb"/>`
  /** Names stand upright beside their place where they are long. */
  const isUpright = y.names?.some(name => name.length > 3)
  const lines = [
    ...ticks(x).map(
      value =>
        `${rule(x, `M${fixed(toX(value))} 0V${height}`)}<text x="${fixed(toX(value))}" y="${height + 17}" text-anchor="middle" fill="#57606a">${tickText(x, value)}</text>`,
    ),
    ...ticks(y).map(value => {
      const place = isUpright
        ? `transform="translate(-9 ${fixed(toY(value))}) rotate(-90)" text-anchor="middle"`
        : `x="-7" y="${fixed(toY(value) + 4)}" text-anchor="end"`
      return `${rule(y, `M0 ${fixed(toY(value))}H${width}`)}<text ${place} fill="#57606a">${tickText(y, value)}</text>`
    }),
  ]
  const inside = marks.map(mark => mark.draw({ x: toX, y: toY })).join('')
  return `${lines.join('')}<clipPath id="panel${number}"><rect width="${width}" height="${height}"/></clipPath><g clip-path="url(#panel${number})">${inside}</g><rect width="${width}" height="${height}" fill="none" stroke="#afb8c1"/><text x="${width / 2}" y="-12" text-anchor="middle" font-size="13">${escaped(title ?? '')}</text><text x="${width / 2}" y="${height + 38}" text-anchor="middle">${escaped(x.label)}</text><text transform="translate(-42 ${height / 2}) rotate(-90)" text-anchor="middle">${escaped(y.label)}</text>`
}

function drawLegend(panels: readonly Panel[], total: number, tall: number): string {
  const items = new Map(
    panels
      .flatMap(({ marks }) => marks.flatMap(({ legend }) => (legend ? [legend] : [])))
      .map(({ label, swatch }) => [label, swatch]),
  )
  // Letters are about so wide on average.
  const widths = [...items.keys()].map(label => 22 + 8 + 6.6 * label.length + 24)
  let left = (total - widths.reduce((sum, width) => sum + width, -24)) / 2
  return [...items]
    .map(([label, swatch], i) => {
      const item = `<g transform="translate(${fixed(left)} ${tall - 20})">${swatch}<text x="30" y="4">${escaped(label)}</text></g>`
      left += widths[i] ?? 0
      return item
    })
    .join('')
}

function scale({ low, high, log }: Axis, from: number, to: number): (value: number) => number {
  const measure = (value: number): number => (log ? Math.log10(value) : value)
  return value => from + ((to - from) * (measure(value) - measure(low))) / (measure(high) - measure(low))
}

/** Round numbers along an axis, about five. */
function ticks({ low, high, log, names }: Axis): number[] {
  if (names) return names.map((_, i) => i + 0.5)
  if (log) {
    const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)]
    const every = Math.ceil((last - first + 1) / 7)
    const powers = Array.from({ length: last - first + 1 }, (_, i) => first + i)
    return powers.filter(power => power % every === 0).map(power => 10 ** power)
  }
  const raw = (high - low) / 5
  const magnitude = 10 ** Math.floor(Math.log10(raw))
  const step = magnitude * ([1, 2, 5].find(factor => factor * magnitude >= raw * 0.999) ?? 10)
  const first = Math.ceil(low / step - 1e-9)
  const count = Math.floor(high / step + 1e-9) - first + 1
  return Array.from({ length: count }, (_, i) => (first + i) * step)
}

function tickText({ log, names }: Axis, value: number): string {
  if (names) return escaped(names[Math.floor(value)] ?? '')
  if (!log) return `${Number(value.toPrecision(6))}`.replace('-', '−')
  const digits: Readonly<Record<string, string>> = {
    '-': '⁻',
    0: '⁰',
    1: '¹',
    2: '²',
    3: '³',
    4: '⁴',
    5: '⁵',
    6: '⁶',
    7: '⁷',
    8: '⁸',
    9: '⁹',
  }
  const power = `${Math.round(Math.log10(value))}`
  return `10${[...power].map(digit => digits[digit]).join('')}`
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
