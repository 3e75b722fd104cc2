// Central differences of a function of many numbers, against the slopes that are claimed for it.
import { must } from '../errors.ts'
import { hostRandom } from '../random.ts'

/** A function of some lists of numbers, computed in double precision. */
export interface Slopes {
  readonly sources: readonly Float64Array[]
  /** Its value where one list has other numbers. */
  evaluate(source: number, numbers: Float64Array): Promise<number>
  /** The slopes it claims to have, of each list. */
  gradients(): Promise<readonly Float64Array[]>
}

export interface SlopeOptions {
  /** Numbers of each list that are looked at. */
  readonly elements: number
  /** The relative error allowed. */
  readonly relative: number
  readonly seed: number
}

/** The number of a list whose slope is worst. */
export interface Comparison {
  readonly position: number
  readonly expected: number
  readonly actual: number
  readonly error: number
  readonly passed: boolean
  /** Numbers looked at. */
  readonly count: number
}

/**
 * The step of the differences, at numbers around 1. The stencil of four points errs by step⁴·f⁗′/30, and by rounding of
 * about 2⁻⁵³/step ≈ 3e-11. A power of 2, so that x ± step is exact.
 */
const STEP = 2 ** -18

/** The step that tells the sides of a corner apart. */
const SHORT = 2 ** -24

/** What rounding in a value may be, over its size or 1: a few dozen operations in double precision. */
const ROUNDING = 2 ** -47

/** Compares slopes with (8·(f(x+h) − f(x−h)) − (f(x+2h) − f(x−2h))) / 12h; the worst of each list. */
export async function compareSlopes(slopes: Slopes, options: SlopeOptions): Promise<Comparison[]> {
  const gradients = await slopes.gradients()
  const results: Comparison[] = []
  for (const [source, numbers] of slopes.sources.entries()) {
    const positions = choose(numbers.length, options, source)
    const count = positions.length
    let worst: Comparison = { position: 0, expected: 0, actual: 0, error: 0, passed: true, count }
    let most = -1
    for (const position of positions) {
      const actual = must(gradients[source], 'gradient')[position] as number
      const { share, ...found } = await compare(slopes, source, position, actual, options.relative)
      if (share <= most) continue
      most = share
      worst = { ...found, position, actual, count }
    }
    results.push(worst)
  }
  return results
}

/** All places of a short list, a seeded choice of a long one. */
function choose(length: number, { elements, seed }: SlopeOptions, source: number): number[] {
  if (length <= elements) return Array.from({ length }, (_, i) => i)
  const random = hostRandom(seed, source)
  return Array.from({ length: elements }, () => Math.floor(random() * length))
}

async function compare(slopes: Slopes, source: number, position: number, actual: number, relative: number) {
  const numbers = must(slopes.sources[source], 'source')
  const at = numbers[position] as number
  const scale = 2 ** Math.max(0, Math.ceil(Math.log2(Math.abs(at) || 1)))
  const value = (offset: number) => slopes.evaluate(source, numbers.with(position, at + offset * scale))
  const [low2, low1, high1, high2] = (await Promise.all([-2, -1, 1, 2].map(k => value(k * STEP)))) as [
    number,
    number,
    number,
    number,
  ]
  const step = STEP * scale
  const rounding = ROUNDING * Math.max(1, Math.abs(high1), Math.abs(low1))
  const [near, far] = [(high1 - low1) / (2 * step), (high2 - low2) / (4 * step)]
  const expected = (4 * near - far) / 3
  const judge = (slope: number, noise: number) => {
    const size = Math.max(Math.abs(slope), Math.abs(actual))
    const apart = Math.abs(actual - slope)
    const error = Math.max(0, apart - noise) / (size || 1)
    // What is used of all that is allowed ranks the errors within rounding too; of what is NaN, none is worse.
    const used = apart / (noise + relative * size)
    const share = Number.isNaN(used) ? Number.POSITIVE_INFINITY : used
    return { expected: slope, error, share, passed: error <= relative }
  }
  const found = judge(expected, rounding / step)
  if (found.passed) return found
  // A corner between the points bends them; at one, any slope from the one side's to the other's will do.
  const [low, middle, high] = (await Promise.all([-1, 0, 1].map(k => value(k * SHORT)))) as [
    number,
    number,
    number,
  ]
  const short = SHORT * scale
  const noise = rounding / short
  const [left, right] = [(middle - low) / short, (high - middle) / short]
  const bends = Math.max(Math.abs(near - far) - (2 * rounding) / step, Math.abs(right - left) - 4 * noise)
  if (bends <= 1e-4 * Math.max(Math.abs(left), Math.abs(right))) return found
  const nearest = Math.min(Math.max(actual, Math.min(left, right)), Math.max(left, right))
  return judge(nearest, noise)
}
