// Seeds: models and training that depend on a seed alone, whatever was drawn before.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { data, type Engine, init, nn, normal, train, uniform } from '../../src/index.ts'
import { refusal } from '../data/refusal.ts'

let engine: Engine
beforeEach(async () => {
  engine = await init({ backend: 'cpu', seed: 3 })
})
afterEach(() => engine.dispose())

const numbersOf = async (model: nn.Layer): Promise<number[]> =>
  (await Promise.all(model.parameters().map(p => p.data()))).flatMap(numbers => [...numbers])

describe('engine.withSeed', () => {
  const make = () => nn.mlp([3, 4, 2])

  test('what it makes depends on the seed alone', async () => {
    const first = await numbersOf(engine.withSeed(7, make))
    await uniform([5]).data()
    expect(await numbersOf(engine.withSeed(7, make))).toEqual(first)
    expect(await numbersOf(engine.withSeed(8, make))).not.toEqual(first)
  })

  test('random ops draw from it too', async () => {
    const draw = () => [uniform([4]), normal([4])] as const
    const numbers = async (tensors: ReturnType<typeof draw>) =>
      Promise.all(tensors.map(async tensor => [...(await tensor.data())]))
    const first = await numbers(engine.withSeed(7, draw))
    expect(await numbers(engine.withSeed(7, draw))).toEqual(first)
    expect(await numbers(draw())).not.toEqual(first)
  })

  test("the engine's own stream stays where it was, also when what was run throws", async () => {
    const own = [...(await uniform([4]).data()), ...(await uniform([4]).data())]
    const other = await init({ backend: 'cpu', seed: 3 })
    const draw = async () => [...(await other.use(() => uniform([4])).data())]
    const first = await draw()
    other.withSeed(9, () => other.withSeed(10, make))
    const broken = () => {
      make()
      throw new Error('as planned')
    }
    expect(() => other.withSeed(9, broken)).toThrow('as planned')
    expect([...first, ...(await draw())]).toEqual(own)
    other.dispose()
  })

  test('one within another goes on where it was', async () => {
    const [a, b] = engine.withSeed(1, () => [make(), make()] as const)
    const [c, d] = engine.withSeed(1, () => {
      const first = make()
      engine.withSeed(2, make)
      return [first, make()] as const
    })
    expect(await numbersOf(c)).toEqual(await numbersOf(a))
    expect(await numbersOf(d)).toEqual(await numbersOf(b))
  })

  test('refuses promises, and seeds that are none', () => {
    expect(refusal(() => engine.withSeed(1, async () => 1))).toContain('recording [withSeed]')
    expect(refusal(() => engine.withSeed(0.5, make))).toBe(
      'option [withSeed] seed must be a whole number, not 0.5.',
    )
  })
})

describe("fit's seed", () => {
  /** Losses of training with dropout from the same weights. */
  async function losses(options: Partial<train.FitOptions>): Promise<number[]> {
    const model = engine.withSeed(1, () => nn.mlp([2, 16, 2], { dropout: 0.5 }))
    const run = await train.fit(model, { train: data.xor(50), epochs: 3, ...options })
    return run.history.losses
  }

  test('repeats orders and dropout', async () => {
    const first = await losses({ seed: 5 })
    await uniform([3]).data()
    expect(await losses({ seed: 5 })).toEqual(first)
    expect(await losses({ seed: 6 })).not.toEqual(first)
  })

  test('decides on dropout where the order is fixed', async () => {
    const first = await losses({ seed: 5, shuffle: false })
    expect(await losses({ seed: 5, shuffle: false })).toEqual(first)
    expect(await losses({ seed: 6, shuffle: false })).not.toEqual(first)
  })

  test('repeats the dropout of a stream', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => [Math.sin(i), Math.cos(i)])
    const source = () => [{ features: rows, labels: Int32Array.from(rows, ([a = 0]) => Number(a > 0)) }]
    const stream = () => data.stream(source, { batchSize: 20, classes: 2 })
    const first = await losses({ train: stream(), seed: 5 })
    expect(await losses({ train: stream(), seed: 5 })).toEqual(first)
    expect(await losses({ train: stream(), seed: 6 })).not.toEqual(first)
  })

  test("without one, dropout draws from the engine's stream, which goes on", async () => {
    expect(await losses({ shuffle: false })).not.toEqual(await losses({ shuffle: false }))
  })
})
