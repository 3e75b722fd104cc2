// Batch and layer normalisation as layers: values worked by hand, and running statistics in every way of use.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  compile,
  type Engine,
  grad,
  init,
  mean,
  mul,
  nn,
  normal,
  optim,
  type Parameter,
  scope,
  square,
  sum,
  type Tensor,
  tensor,
  uniform,
  variance,
} from '../../src/index.ts'

let engine: Engine
beforeAll(async () => {
  engine = await init({ backend: 'cpu', precision: 'float64', seed: 2 })
})
afterAll(() => engine.dispose())

const numbers = async (x: Tensor): Promise<number[]> => Array.from(await x.data())
const buffersOf = async (layer: nn.Layer): Promise<number[][]> => Promise.all(layer.buffers().map(numbers))

function expectClose(found: readonly number[], wanted: readonly number[], error = 1e-12): void {
  expect(found.length).toBe(wanted.length)
  found.forEach((value, i) => {
    expect(Math.abs(value - (wanted[i] as number))).toBeLessThan(error)
  })
}

describe('batchNorm', () => {
  // Column means 2 and 4, variances 1 and 4 (of the population), 2 and 8 (without bias).
  const x = [
    [1, 2],
    [3, 6],
  ]
  const e = 1e-5

  it('normalises by the batch in training, and keeps running averages as PyTorch does', async () => {
    const norm = nn.batchNorm(2)
    const y = await numbers(norm(tensor(x), { training: true }))
    const [a, b] = [1 / Math.sqrt(1 + e), 2 / Math.sqrt(4 + e)]
    expectClose(y, [-a, -b, a, b])
    const [running, spread] = await buffersOf(norm)
    expectClose(running ?? [], [0.2, 0.4])
    expectClose(spread ?? [], [0.9 + 0.1 * 2, 0.9 + 0.1 * 8])
  })

  it('normalises by the running averages in inference, and leaves them', async () => {
    const norm = nn.batchNorm(2, { epsilon: 0.25 })
    norm
      .namedBuffers()
      .get('mean')
      ?.assign(tensor([1, 2]))
    norm
      .namedBuffers()
      .get('variance')
      ?.assign(tensor([0.75, 3.75]))
    norm
      .namedParameters()
      .get('scale')
      ?.assign(tensor([2, 4]))
    norm
      .namedParameters()
      .get('offset')
      ?.assign(tensor([10, 20]))
    expectClose(await numbers(norm(tensor(x))), [10, 20, 14, 28])
    expect(await buffersOf(norm)).toEqual([
      [1, 2],
      [0.75, 3.75],
    ])
  })

  it('has mean 0 and variance v / (v + ε), whatever the shape', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 3 }),
        fc.integer(),
        async (given, seed) => {
          const shape = [(given[0] as number) + 1, ...given.slice(1)]
          const n = shape.at(-1) as number
          const input = normal(shape, { mean: 100, std: 3, seed: Math.abs(seed) })
          const y = nn.batchNorm(n)(input, { training: true })
          const axis = shape.slice(1).map((_, i) => i)
          expect(y.shape).toEqual(shape)
          expectClose(await numbers(mean(y, { axis })), Array(n).fill(0), 1e-9)
          const spread = await numbers(variance(input, { axis }))
          expectClose(
            await numbers(variance(y, { axis })),
            spread.map(v => v / (v + e)),
            1e-9,
          )
        },
      ),
      { seed: 5, numRuns: 25 },
    )
  })

  it('with momentum 1 the averages are the last batch’s, with 0 they stay', async () => {
    for (const momentum of [0, 1]) {
      const norm = nn.batchNorm(2, { momentum })
      norm(tensor(x), { training: true })
      expect(await buffersOf(norm)).toEqual(
        momentum === 1
          ? [
              [2, 4],
              [2, 8],
            ]
          : [
              [0, 0],
              [1, 1],
            ],
      )
    }
  })

  it('refuses a batch of one row in training, and takes it in inference', () => {
    const norm = nn.batchNorm(3)
    expect(() => norm(tensor([[1, 2, 3]]), { training: true })).toThrow(
      '[batchNorm(3)] a batch of 1 row has no variance to train by. Train with batches of two rows or more',
    )
    expect(norm(tensor([[1, 2, 3]])).shape).toEqual([1, 3])
  })

  /** What training for so many steps leaves, a way of use each. */
  const STEPS = 100
  const trained = async (use: 'eager' | 'scope' | 'compile') => {
    const made = await init({ backend: 'cpu', precision: 'float64', seed: 6 })
    try {
      return await made.use(async () => {
        const model = nn.mlp([3, 4, 2], { batchNorm: true, activation: 'tanh' })
        const optimizer = optim.sgd(model.parameters(), { learningRate: 0.1 })
        const step = (input: Tensor): Tensor => {
          const loss = mean(square(model(input, { training: true })))
          optimizer.step(grad(loss, model.parameters()))
          return loss
        }
        const compiled = compile(step)
        const losses: number[] = []
        const batch: number[][][] = []
        for (let k = 0; k < STEPS; k++) {
          const loss = await made
            .use(() => {
              const input = uniform([5, 3], { seed: k, engine: made })
              batch.push([])
              return use === 'compile'
                ? compiled(input)
                : use === 'scope'
                  ? scope(() => step(input))
                  : step(input)
            })
            .item()
          losses.push(loss)
        }
        return { losses, state: await Promise.all([...model.parameters(), ...model.buffers()].map(numbers)) }
      })
    } finally {
      made.dispose()
    }
  }

  it('trains alike eagerly, in a scope and compiled', async () => {
    const [eager, scoped, compiled] = [
      await trained('eager'),
      await trained('scope'),
      await trained('compile'),
    ]
    expect(scoped).toEqual(eager)
    expect(compiled).toEqual(eager)
    expect(eager.losses.at(-1)).toBeLessThan(eager.losses[0] as number)
  })

  it('averages over 100 compiled steps as a loop of plain numbers does', async () => {
    const norm = nn.batchNorm(2)
    const step = compile((input: Tensor) => norm(input, { training: true }))
    const expected = [0, 0, 1, 1]
    for (let k = 0; k < STEPS; k++) {
      const input = normal([6, 2], { mean: k % 3, seed: k })
      const list = await numbers(input)
      for (const j of [0, 1]) {
        const column = list.filter((_, i) => i % 2 === j)
        const m = column.reduce((total, v) => total + v, 0) / 6
        const v = column.reduce((total, u) => total + (u - m) ** 2, 0) / 5
        expected[j] = 0.9 * (expected[j] as number) + 0.1 * m
        expected[j + 2] = 0.9 * (expected[j + 2] as number) + 0.1 * v
      }
      step(input).dispose()
    }
    expectClose((await buffersOf(norm)).flat(), expected, 1e-12)
    step.dispose()
  })

  it('no gradient passes through the running averages, nor do they keep it from being taken later', async () => {
    const norm = nn.batchNorm(2)
    const input = tensor(x)
    const y = norm(input, { training: true })
    // Two more batches overwrite the buffers before the gradient is asked for.
    norm(input, { training: true })
    norm(input, { training: true })
    const [scale, offset] = norm.parameters() as [Parameter, Parameter]
    const weights = tensor([
      [1, 2],
      [3, 5],
    ])
    const [dx, dscale, doffset] = grad(sum(mul(y, weights)), [input, scale, offset])
    const [a, b] = [1 / Math.sqrt(1 + e), 1 / Math.sqrt(4 + e)]
    // dscale = Σ g·ŷ, with ŷ = ∓1·a and ∓2·b; doffset = Σ g.
    expectClose(await numbers(dscale as Tensor), [2 * a, 6 * b])
    expectClose(await numbers(doffset as Tensor), [4, 7])
    // dx = r·(g − mean g − ŷ·mean(g·ŷ)): with two rows only ε keeps it from 0.
    const slope = (r: number, half: number, g: number) => r * (g - g * (half * r) ** 2)
    const [p, q] = [slope(a, 1, 1), slope(b, 2, 1.5)]
    expectClose(await numbers(dx as Tensor), [-p, -q, p, q])
    const kept = grad(sum(norm(input, { training: true })), norm.buffers(), { allowUnused: true })
    expect(await Promise.all(kept.map(numbers))).toEqual([
      [0, 0],
      [0, 0],
    ])
  })

  it('leaks nothing: memory is the same after 50 steps as after 1', () => {
    const norm = nn.batchNorm(4)
    const step = () =>
      scope(() => {
        norm(uniform([8, 4], { seed: 1 }), { training: true })
      })
    step()
    const before = engine.memory()
    for (let k = 0; k < 50; k++) step()
    expect(engine.memory()).toEqual(before)
  })
})

describe('layerNorm', () => {
  it('normalises each row, in training and inference alike', async () => {
    const norm = nn.layerNorm(2, { epsilon: 0 })
    norm
      .namedParameters()
      .get('scale')
      ?.assign(tensor([1, 2]))
    norm
      .namedParameters()
      .get('offset')
      ?.assign(tensor([0, 1]))
    const x = tensor([
      [1, 3],
      [7, -1],
    ])
    for (const training of [true, false]) expectClose(await numbers(norm(x, { training })), [-1, 3, 1, -1])
    expectClose(await numbers(norm(tensor([4, 2]))), [1, -1])
    expect(norm.buffers()).toEqual([])
  })
})
