// The same suite on the second WebGPU implementation, Dawn in Node.js, where that is installed: float16 included.
import { describe, expect, test } from 'vitest'
import type { Line } from './main.ts'
import { runUnderDawn } from './process.ts'

const lines = await runUnderDawn<Line>('test/dawn/main.ts')
const absent = lines.find(line => line.kind === 'none')
const end = lines.find(line => line.kind === 'end')
process.stdout.write(`${absent ? `Dawn: not run, ${absent.reason}` : (end?.summary ?? 'Dawn: died')}\n`)

if (absent) {
  test.skip(`Dawn: ${absent.reason}`, () => undefined)
} else {
  describe.each(['op', 'mechanism', 'device'] as const)('%s', kind => {
    test.each(lines.flatMap(line => (line.kind === kind ? [line] : [])))('$name', line => {
      expect(line.complaints).toEqual([])
    })
  })

  test('the suite ran to its end', () => {
    expect(end?.failed).toBe(0)
  })
}
