// Comparing the numbers of two engines, and telling where they differ.
import type { Tolerance } from '../op.ts'
import { stridesOf } from '../shape.ts'

/** A number that is not what the reference says. */
export interface Difference {
  readonly index: readonly number[]
  readonly expected: number
  readonly actual: number
}

/**
 * The first position where |actual − expected| > absolute + relative·|expected|, or null where there is none.
 * NaN equals NaN, an infinity only itself, and −0 is 0.
 */
export function firstDifference(
  shape: readonly number[],
  expected: ArrayLike<number>,
  actual: ArrayLike<number>,
  tolerance: Tolerance,
): Difference | null {
  for (let i = 0; i < expected.length; i++) {
    const [wanted, got] = [expected[i] as number, actual[i] as number]
    if (!agrees(wanted, got, tolerance)) return { index: indexOf(shape, i), expected: wanted, actual: got }
  }
  return null
}

function agrees(expected: number, actual: number, { absolute, relative }: Tolerance): boolean {
  if (expected === actual) return true
  if (!Number.isFinite(expected) || !Number.isFinite(actual))
    return Number.isNaN(expected) && Number.isNaN(actual)
  return Math.abs(actual - expected) <= absolute + relative * Math.abs(expected)
}

function indexOf(shape: readonly number[], position: number): number[] {
  return stridesOf(shape).map((stride, axis) => Math.floor(position / stride) % (shape[axis] as number))
}

/** The largest |number| that is finite; 0 where there is none. */
export function largest(numbers: ArrayLike<number>): number {
  let most = 0
  for (let i = 0; i < numbers.length; i++) {
    const size = Math.abs(numbers[i] as number)
    if (size > most && size < Number.POSITIVE_INFINITY) most = size
  }
  return most
}

/** The largest |actual − expected| over |expected| + `floor`, where both are finite. */
export function largestError(expected: ArrayLike<number>, actual: ArrayLike<number>): number {
  const floor = largest(expected) * 1e-3 || 1
  let most = 0
  for (let i = 0; i < expected.length; i++) {
    const [wanted, got] = [expected[i] as number, actual[i] as number]
    if (Number.isFinite(wanted) && Number.isFinite(got)) {
      most = Math.max(most, Math.abs(got - wanted) / (Math.abs(wanted) + floor))
    }
  }
  return most
}
