// What is drawn becomes a picture as MNIST's are: fitted into 20 × 20, its centre of mass in the middle of 28 × 28.
// Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits", on how its pictures were made.

/** Side of a picture, and of the box its ink is fitted into. */
export const SIDE = 28
const BOX = 20

interface Span {
  readonly first: number
  /** One beyond the last. */
  readonly end: number
}

/**
 * A picture, [28 × 28] bytes with 255 for ink, of a drawing of `width` × `height` shares of ink, 0 to 1, row by row. Each
 * pixel is the mean ink of the area it covers, which keeps edges smooth. Null where nothing is drawn.
 */
export function pictureOf(
  ink: ArrayLike<number>,
  width: number,
  height: number,
): Uint8Array<ArrayBuffer> | null {
  const columns = new Float64Array(width) // ink of each column, then of each row
  const rows = new Float64Array(height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const share = ink[y * width + x] as number
      columns[x] = (columns[x] as number) + share
      rows[y] = (rows[y] as number) + share
    }
  const across = spanOf(columns)
  const down = spanOf(rows)
  if (!across || !down) return null
  const scale = BOX / Math.max(across.end - across.first, down.end - down.first) // pixels per point drawn
  const left = placeOf(columns, across, scale)
  const top = placeOf(rows, down, scale)
  const half = new Float64Array(height * SIDE) // resampled across: [height × 28]
  for (let x = 0; x < SIDE; x++)
    for (const [from, weight] of sharesOf(x, left, scale, width))
      for (let y = down.first; y < down.end; y++)
        half[y * SIDE + x] = (half[y * SIDE + x] as number) + weight * (ink[y * width + from] as number)
  const sums = new Float64Array(SIDE * SIDE)
  for (let y = 0; y < SIDE; y++)
    for (const [from, weight] of sharesOf(y, top, scale, height))
      for (let x = 0; x < SIDE; x++)
        sums[y * SIDE + x] = (sums[y * SIDE + x] as number) + weight * (half[from * SIDE + x] as number)
  return Uint8Array.from(sums, sum => Math.round(255 * Math.min(1, sum)))
}

/** From the first place with ink to the last. */
function spanOf(ink: Float64Array): Span | null {
  const first = ink.findIndex(amount => amount > 0)
  return first < 0 ? null : { first, end: ink.findLastIndex(amount => amount > 0) + 1 }
}

/** Where the drawing's edge comes to lie, in pixels: the centre of mass in the middle, as far as all ink stays inside. */
function placeOf(ink: Float64Array, { first, end }: Span, scale: number): number {
  let mass = 0
  let moment = 0
  for (let i = first; i < end; i++) {
    mass += ink[i] as number
    moment += (ink[i] as number) * (i + 0.5)
  }
  const wanted = SIDE / 2 - (scale * moment) / mass
  return Math.min(Math.max(wanted, -scale * first), SIDE - scale * end)
}

/** The points drawn that lie under a pixel, and what share of its area each covers. */
function sharesOf(
  pixel: number,
  offset: number,
  scale: number,
  length: number,
): [from: number, share: number][] {
  const start = (pixel - offset) / scale
  const end = (pixel + 1 - offset) / scale
  const shares: [number, number][] = []
  for (let from = Math.max(0, Math.floor(start)); from < Math.min(length, end); from++) {
    const covered = Math.min(end, from + 1) - Math.max(start, from)
    if (covered > 0) shares.push([from, covered * scale])
  }
  return shares
}
