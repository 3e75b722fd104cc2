// Pictures of what a classifier takes for what: a confusion matrix, and digits with what they were read as.
import { colors, type Mark, type Panel } from './chart.ts'
import { CLASSES, PIXELS } from './mnist_shape.ts'

const SIDE = Math.sqrt(PIXELS)

/** A confusion matrix, rows of actual classes: right ones in blue, wrong ones in orange, by their share of the row. */
export function confusionPanel(confusion: readonly (readonly number[])[], names: readonly string[]): Panel {
  const count = names.length
  const cells: Mark = {
    draw: ({ x, y }) =>
      confusion
        .flatMap((row, actual) => {
          const total = row.reduce((sum, one) => sum + one, 0)
          return row.map((found, read) => {
            const [left, top] = [x(read), y(count - actual)]
            const [width, height] = [x(read + 1) - left, y(count - actual - 1) - top]
            // Few are wrong: the root shows them all the same.
            const strength = found === 0 ? 0 : 0.1 + 0.8 * Math.sqrt(found / total)
            const color = actual === read ? colors.blue : colors.orange
            const ink = strength > 0.6 ? '#fff' : colors.ink
            const size = Math.min(14, width / 3)
            return `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="${color}" fill-opacity="${strength.toFixed(3)}"/><text x="${left + width / 2}" y="${top + height / 2 + size / 3}" font-size="${size}" text-anchor="middle" fill="${found === 0 ? '#c4c9cf' : ink}">${found}</text>`
          })
        })
        .join(''),
  }
  return {
    title: 'What was taken for what',
    x: { label: 'recognised as', low: 0, high: count, names },
    y: { label: 'actual', low: 0, high: count, names: [...names].reverse() },
    marks: [cells],
  }
}

/** A digit as it was read. */
export interface ReadDigit {
  /** PIXELS bytes: 0 is paper, 255 ink. */
  readonly pixels: Uint8Array
  readonly actual: number
  readonly read: number
}

/** Digits in rows of five, each under what it is and what it was read as. */
export function digitsPanel(title: string, digits: readonly ReadDigit[]): Panel {
  const rows = Math.ceil(digits.length / 5)
  const gap = 0.16 // of a place, for words
  const drawn: Mark = {
    draw: ({ x, y }) =>
      digits
        .map(({ pixels, actual, read }, i) => {
          const [column, row] = [i % 5, rows - 1 - Math.floor(i / 5)]
          const [left, top, bottom] = [x(column), y(row + 1), y(row)]
          const words = (bottom - top) * gap
          const scale = Math.min((bottom - top - words - 4) / SIDE, (x(column + 1) - left - 4) / SIDE)
          const indent = (x(column + 1) - left - scale * SIDE) / 2
          return `<text x="${(left + x(column + 1)) / 2}" y="${top + words}" font-size="11" text-anchor="middle">${actual} as <tspan fill="${colors.orange}" font-weight="600">${read}</tspan></text><g transform="translate(${left + indent} ${top + words + 3}) scale(${scale.toFixed(4)})">${inked(pixels)}</g>`
        })
        .join(''),
  }
  return {
    title,
    x: { label: '', low: 0, high: 5, names: [] },
    y: { label: '', low: 0, high: rows, names: [] },
    marks: [drawn],
  }
}

/** The pixels of a digit in four strengths, each a path of runs along the rows. */
function inked(pixels: Uint8Array): string {
  const strength = (place: number): number => Math.ceil((pixels[place] ?? 0) / 64)
  return [1, 2, 3, 4]
    .map(level => {
      let path = ''
      for (let place = 0; place < PIXELS; ) {
        const first = place
        const end = (Math.floor(place / SIDE) + 1) * SIDE
        while (place < end && strength(place) === level) place++
        if (place > first) path += `M${first % SIDE} ${Math.floor(first / SIDE) + 0.5}h${place - first}`
        else place++
      }
      return `<path d="${path}" stroke="${colors.ink}" stroke-opacity="${level / 4}" stroke-width="1.02"/>`
    })
    .join('')
}

/** Names of the digits. */
export const DIGITS: readonly string[] = Array.from({ length: CLASSES }, (_, digit) => String(digit))
