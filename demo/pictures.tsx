// Small drawings of what the pages show, for the cards that lead to them.
import type { ComponentChildren } from 'preact'
import type { PageName } from './page/shell.tsx'

const WIDTH = 240
const HEIGHT = 96

const Drawing = ({ children }: { children: ComponentChildren }) => (
  <svg class="drawn" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
    {children}
  </svg>
)

/** A network: units in columns, weights of either sign between them. */
function Network() {
  const columns = [2, 4, 4, 3, 1].map((count, column) =>
    Array.from({ length: count }, (_, i) => ({ x: 34 + 43 * column, y: 48 + 21 * (i - (count - 1) / 2) })),
  )
  const weights = columns
    .slice(1)
    .flatMap((ends, column) =>
      (columns[column] ?? []).flatMap((start, i) =>
        ends.map((end, j) => ({ start, end, size: Math.sin(5 * column + 3 * i + 7 * j + 1) })),
      ),
    )
  return (
    <Drawing>
      {weights.map(({ start, end, size }, i) => (
        <path
          key={i}
          class={size > 0 ? 'above' : 'below'}
          stroke-width={0.4 + 2 * Math.abs(size)}
          d={`M${start.x} ${start.y}C${start.x + 21} ${start.y} ${end.x - 21} ${end.y} ${end.x} ${end.y}`}
        />
      ))}
      {columns.flat().map(({ x, y }, i) => (
        <rect key={i} class="unit" x={x - 7} y={y - 7} width="14" height="14" rx="3" />
      ))}
    </Drawing>
  )
}

const SEVEN = [
  '..........',
  '.########.',
  '.########.',
  '......###.',
  '.....###..',
  '....###...',
  '...###....',
  '...###....',
  '..........',
]

/** A digit in pixels, and how it is read. */
function Digit() {
  return (
    <Drawing>
      {SEVEN.flatMap((line, y) =>
        [...line].map((pixel, x) => (
          <rect
            key={`${x} ${y}`}
            class={pixel === '#' ? 'inked' : 'paper'}
            x={30 + 8 * x}
            y={12 + 8 * y}
            width="7"
            height="7"
          />
        )),
      )}
      {[4, 2, 6, 3, 2, 4, 2, 72, 3, 8].map((length, digit) => (
        <rect
          key={digit}
          class={digit === 7 ? 'most' : 'inked faint'}
          x="138"
          y={12 + 7.4 * digit}
          width={length}
          height="5"
          rx="1.5"
        />
      ))}
    </Drawing>
  )
}

const TIMES = [
  [40, 78],
  [52, 66],
  [66, 62],
  [78, 50],
  [92, 47],
  [104, 33],
  [128, 30],
  [150, 22],
  [168, 34],
  [190, 20],
] as const

/** A roofline, and ops below it. */
const Roofline = () => (
  <Drawing>
    {[20, 44, 68].map(y => (
      <path key={y} class="rule" d={`M24 ${y}H216`} />
    ))}
    <path class="roof" d="M24 84 120 16H216" />
    {TIMES.map(([x, y]) => (
      <circle key={x} class="dot" cx={x} cy={y} r="4" />
    ))}
  </Drawing>
)

export const PICTURES: Readonly<Record<PageName, () => ComponentChildren>> = {
  playground: Network,
  digits: Digit,
  kernels: Roofline,
}
