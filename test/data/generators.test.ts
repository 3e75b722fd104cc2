// Generated sets: the shapes their descriptions promise, and the same from the same seed.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { circle, type Dataset, gauss, parity, sine, spiral, xor } from '../../src/data/index.ts'
import { type Engine, init } from '../../src/index.ts'
import { refusal } from './refusal.ts'

let engine: Engine
beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
})
afterAll(() => engine.dispose())

const features = async (set: Dataset) => (await set.features.array()) as number[][]
const labelled = async (set: Dataset) => {
  const ids = set.labelIds()
  return (await features(set)).map((row, i) => [...row, ids[i] as number] as [number, number, number])
}
const share = (set: Dataset, id: number) => set.labelIds().filter(other => other === id).length / set.size

describe('generators', () => {
  test('xor is its truth table, and clouds about it', async () => {
    expect(await labelled(xor())).toEqual([
      [0, 0, 0],
      [0, 1, 1],
      [1, 0, 1],
      [1, 1, 0],
    ])
    const set = xor(400, { noise: 0.1, seed: 3 })
    const offsets = (await labelled(set)).map(([a, b, label], i) => {
      const [x, y] = [(i >> 1) & 1, i & 1]
      expect(label).toBe(x ^ y)
      return [a - x, b - y] as const
    })
    // 800 draws of deviation 0.1: their mean has deviation 0.0035, their deviation 0.0025; four of each.
    const all = offsets.flat()
    const mean = all.reduce((sum, value) => sum + value, 0) / all.length
    const deviation = Math.sqrt(all.reduce((sum, value) => sum + value ** 2, 0) / all.length)
    expect(Math.abs(mean)).toBeLessThan(0.014)
    expect(Math.abs(deviation - 0.1)).toBeLessThan(0.01)
  })

  test('circle is a disc in a ring', async () => {
    const set = circle(300)
    for (const [a, b, label] of await labelled(set)) {
      const radius = Math.hypot(a, b)
      if (label === 1) expect(radius).toBeLessThanOrEqual(0.5 + 1e-6)
      else {
        expect(radius).toBeGreaterThan(0.7 - 1e-6)
        expect(radius).toBeLessThanOrEqual(1 + 1e-6)
      }
    }
    expect(share(set, 1)).toBe(0.5)
  })

  test('gauss is two clouds about (−1, −1) and (1, 1)', async () => {
    const rows = await labelled(gauss(400, { seed: 1 }))
    for (const id of [0, 1]) {
      const own = rows.filter(row => row[2] === id)
      expect(own.length).toBe(200)
      for (const axis of [0, 1] as const) {
        const mean = own.reduce((sum, row) => sum + row[axis], 0) / own.length
        // 200 draws of deviation 0.5: the mean has deviation 0.035; four of them.
        expect(Math.abs(mean - (2 * id - 1))).toBeLessThan(0.15)
      }
    }
    expect((await labelled(gauss(4, { noise: 0 }))).slice(0, 2)).toEqual([
      [-1, -1, 0],
      [1, 1, 1],
    ])
  })

  test('spiral arms turn evenly, one a class', async () => {
    const set = spiral(300, { arms: 3, turns: 0.5 })
    expect(set.classes).toBe(3)
    for (const [a, b, label] of await labelled(set)) {
      const radius = Math.hypot(a, b)
      const angle = 2 * Math.PI * (0.5 * radius + label / 3)
      // float32 coordinates
      expect(a).toBeCloseTo(radius * Math.cos(angle), 5)
      expect(b).toBeCloseTo(radius * Math.sin(angle), 5)
    }
    expect([0, 1, 2].map(id => share(set, id))).toEqual([1 / 3, 1 / 3, 1 / 3])
  })

  test('parity is every row of bits', async () => {
    for (const bits of [1, 2, 5]) {
      const set = parity(bits)
      const rows = await features(set)
      expect(rows.map(row => Number.parseInt(row.join(''), 2))).toEqual(
        Array.from({ length: 2 ** bits }, (_, i) => i),
      )
      const ones = rows.map(row => row.filter(bit => bit === 1).length % 2)
      expect([...set.labelIds()]).toEqual(ones)
    }
  })

  test('sine is a target, noisy if told', async () => {
    const clean = sine(50, { low: -1, high: 2, seed: 2 })
    const x = (await features(clean)).flat()
    const y = [...(await clean.labels.data())]
    expect([clean.classes, clean.labels.shape]).toEqual([null, [50, 1]])
    x.forEach((value, i) => {
      expect(value).toBeGreaterThanOrEqual(-1)
      expect(value).toBeLessThan(2)
      expect(y[i]).toBeCloseTo(Math.sin(2 * Math.PI * value), 5)
    })
    const noisy = sine(500, { noise: 0.2 })
    const place = (await features(noisy)).flat()
    const errors = [...(await noisy.labels.data())].map(
      (value, i) => value - Math.sin(2 * Math.PI * (place[i] as number)),
    )
    const deviation = Math.sqrt(errors.reduce((sum, value) => sum + value ** 2, 0) / errors.length)
    // 500 draws: the deviation is known to 0.0063; four of them.
    expect(Math.abs(deviation - 0.2)).toBeLessThan(0.026)
  })

  test('a seed repeats, another differs', async () => {
    const noise = 0.1
    for (const make of [xor, circle, gauss, spiral, sine]) {
      const numbers = async (seed: number) => [...(await make(20, { noise, seed }).features.data())]
      expect(await numbers(1)).toEqual(await numbers(1))
      expect(await numbers(1)).not.toEqual(await numbers(2))
    }
  })

  test('refused', () => {
    expect(refusal(() => xor(0))).toMatch(/^option \[xor\] count is 0/)
    expect(refusal(() => circle(2.5))).toMatch(/^option /)
    expect(refusal(() => gauss(3, { noise: -1 }))).toMatch(/^option /)
    expect(refusal(() => spiral(3, { arms: 1 }))).toMatch(/^option /)
    expect(refusal(() => parity(21))).toMatch(/^option .*bits is 21/)
    expect(refusal(() => sine(3, { low: 1 }))).toMatch(/^option /)
    expect(refusal(() => xor(4, { nose: 1 } as never))).toMatch(/'noise'/)
  })
})
