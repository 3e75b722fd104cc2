// Mixed precision reaches the accuracy of float32 on MNIST, under Dawn where that is installed.
import { expect, test } from 'vitest'
import { runUnderDawn } from '../dawn/process.ts'
import type { Line } from './mixed_precision.ts'

/** Share of the test digits by which the two may differ. */
const TOLERANCE = 0.003

const lines = await runUnderDawn<Line>('test/slow/mixed_precision.ts')
const absent = lines.find(line => line.kind === 'none')
const results = lines.flatMap(line => (line.kind === 'result' ? [line] : []))

if (absent) {
  process.stdout.write(`Mixed precision: not run, ${absent.reason}\n`)
  test.skip(`mixed precision: ${absent.reason}`, () => undefined)
} else {
  for (const { seed, float32, mixed, scale } of results) {
    process.stdout.write(`Mixed precision, seed ${seed}: ${mixed}, float32 ${float32}, scale ${scale}\n`)
  }

  test('three seeds ran', () => {
    expect(results).toHaveLength(3)
  })

  test.each(results)('seed $seed', ({ float32, mixed, scale }) => {
    expect(float32).toBeGreaterThan(0.94)
    expect(Math.abs(mixed - float32)).toBeLessThanOrEqual(TOLERANCE)
    // It has grown from 2¹⁶, and has been stopped before it grew at every chance.
    expect(scale).toBeGreaterThan(2 ** 16)
    expect(scale).toBeLessThan(2 ** 22)
  })
}
