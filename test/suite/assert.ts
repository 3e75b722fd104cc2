// Assertions for code that runs in Node.js, in a page and under Dawn alike.
import { RetrogradError } from '../../src/errors.ts'

/** Throws unless the condition holds. */
export function ensure(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}

/** Throws unless both are the same as JSON. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [actual, expected].map(value => JSON.stringify(plain(value)))
  if (a !== b) throw new Error(`${what}: expected ${b}, got ${a}`)
}

const plain = (value: unknown): unknown =>
  ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value

/** Throws unless numbers agree within `tolerance`. */
export function near(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  ensure(actual.length === expected.length, `${what}: ${actual.length} numbers, not ${expected.length}`)
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i] as number, expected[i] as number]
    ensure(Math.abs(a - b) <= tolerance, `${what}: at ${i} expected ${b}, got ${a}`)
  }
}

/** Throws unless `body` throws, or rejects with, a RetrogradError of this code. Gives the error. */
export async function refuses(code: string, body: () => unknown): Promise<RetrogradError> {
  try {
    await body()
  } catch (error) {
    if (error instanceof RetrogradError && error.code === code) return error
    throw new Error(`expected an error of code '${code}', got ${String(error)}`, { cause: error })
  }
  throw new Error(`expected an error of code '${code}', got none`)
}
