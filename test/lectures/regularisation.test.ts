// The lectures on regularisation: penalties on weights, dropout, and what they do to a boundary.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  data,
  type Engine,
  init,
  meanSquaredError,
  nn,
  ones,
  optim,
  type Parameter,
  sum,
  tensor,
  train,
} from '../../src/index.ts'
import { average, boundary, expectClose, named, numbers, weightsOf } from './support.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', precision: 'float64', seed: 5 })
})

afterAll(() => engine.dispose())

const clouds = (count: number, seed: number): data.Dataset => data.gauss(count, { noise: 1.2, seed })

/** Ten inputs of which two matter: y = 2x₀ − x₃. */
function sparse(): data.Dataset {
  const rows = Array.from({ length: 60 }, (_, i) =>
    Array.from({ length: 10 }, (_, j) => Math.sin(1 + i * (j + 1) * 1.7 + j)),
  )
  return data.dataset(
    rows,
    rows.map(row => 2 * (row[0] as number) - (row[3] as number)),
  )
}

/** Weights after a step of SGD at learning rate 0.1 on a loss whose gradient is 0: what the penalty alone does. */
async function afterPenalty(options: optim.OptimizerOptions, start: readonly number[]): Promise<number[]> {
  const model = nn.linear(start.length, 1, { initializer: () => Float32Array.from(start) })
  const optimizer = optim.sgd(model.parameters(), { learningRate: 0.1, ...options })
  optimizer.step(model.parameters().map(p => p.mul(0)))
  return weightsOf(model)
}

describe('L2', () => {
  const start = [0.5, -2, 0]

  test('the λ/2 form: `weightDecay` λ adds λW to the gradient', async () => {
    expectClose(await afterPenalty({ weightDecay: 0.3 }, start), [...start.map(w => w - 0.1 * 0.3 * w), 0])
  })

  test('λ‖W‖², gradient 2λW: `weightDecay` 2λ', async () => {
    const lambda = 0.15
    expectClose(await afterPenalty({ weightDecay: 2 * lambda }, start), [
      ...start.map(w => w - 0.1 * 2 * lambda * w),
      0,
    ])
  })

  test('training with it is training on the loss plus λ‖W‖²', async () => {
    const set = sparse()
    const lambda = 0.05
    const make = () => engine.withSeed(1, () => nn.mlp([10, 4, 1], { activation: 'tanh' }))
    const [one, other] = [make(), make()]
    const weights = ['0.weight', '2.weight'].map(name => named(other, name))
    const options = { train: set, epochs: 20, batchSize: 20, seed: 1 }
    const sgd = (weightDecay: number) => (p: readonly Parameter[]) =>
      optim.sgd(p, { learningRate: 0.1, weightDecay })
    await train.fit(one, { ...options, optimizer: sgd(2 * lambda) })
    await train.fit(other, {
      ...options,
      optimizer: sgd(0),
      loss: (output, labels) =>
        weights.reduce((loss, w) => loss.add(sum(w.square()).mul(lambda)), meanSquaredError(output, labels)),
    })
    expectClose(await weightsOf(one), await weightsOf(other), 1e-10)
  })
})

describe('L1', () => {
  test('λ·sign(W)', async () => {
    expectClose(
      await afterPenalty({ l1: 0.3 }, [0.5, -2, 1e-3, 0]),
      // The third is nearer to 0 than the step is long: it stops there.
      [0.5 - 0.03, -2 + 0.03, 0, 0, 0],
    )
  })

  test('it must drive some weights to exactly 0', async () => {
    const set = sparse()
    const fitted = async (l1: number) => {
      const model = engine.withSeed(1, () => nn.mlp([10, 8, 1], { activation: 'tanh' }))
      await train.fit(model, {
        train: set,
        batchSize: 60,
        epochs: 300,
        seed: 1,
        optimizer: p => optim.adam(p, { learningRate: 0.03, l1 }),
      })
      const { rSquared = 0 } = await train.evaluate(model, set, { metrics: ['rSquared'] })
      const weights = await numbers(named(model, '0.weight'))
      return { rSquared, weights, zeros: weights.filter(w => w === 0).length }
    }
    const [plain, penalized] = [await fitted(0), await fitted(0.01)]
    expect(plain.zeros).toBe(0)
    expect(penalized.zeros).toBeGreaterThan(40) // of 80
    expect(penalized.rSquared).toBeGreaterThan(0.99)
    // What is left belongs to the two inputs that matter.
    const size = (input: number) =>
      penalized.weights.slice(8 * input, 8 * input + 8).reduce((total, w) => total + Math.abs(w), 0)
    const sizes = Array.from({ length: 10 }, (_, input) => size(input))
    const ranked = sizes.map((_, i) => i).sort((a, b) => (sizes[b] as number) - (sizes[a] as number))
    expect(ranked.slice(0, 2).sort()).toEqual([0, 3])
  })
})

test.each(['weightDecay', 'l1'] as const)('%s on weights only by default, never biases', async penalty => {
  const model = nn.sequential(nn.linear(3, 4), nn.batchNorm(4), nn.relu(), nn.linear(4, 2))
  for (const p of model.parameters()) p.assign(ones(p.shape))
  const optimizer = optim.sgd(model.parameters(), { learningRate: 0.1, [penalty]: 0.5 })
  optimizer.step(model.parameters().map(p => p.mul(0)))
  for (const [name, p] of model.namedParameters()) {
    const isWeight = name.endsWith('.weight')
    expectClose(await numbers(p), new Array<number>(p.size).fill(isWeight ? 0.95 : 1))
  }
  // By name where someone wants it.
  const all = optim.sgd(model.parameters(), { learningRate: 0.1, [penalty]: 0.5, penalized: 'all' })
  all.step(model.parameters().map(p => p.mul(0)))
  expect((await numbers(named(model, '0.bias')))[0]).toBeLessThan(1)
})

describe('dropout', () => {
  test.each([0.5, 0.2])('with h/(1 − p) on kept units in training: p = %f', async p => {
    const h = tensor(Array.from({ length: 4000 }, (_, i) => 1 + i / 4000))
    const [kept, all] = [await numbers(nn.dropout(p)(h, { training: true })), await numbers(h)]
    let dropped = 0
    kept.forEach((value, i) => {
      if (value === 0) dropped++
      else expectClose([value], [(all[i] as number) / (1 - p)])
    })
    // A share of 4000 draws, within five of its deviations.
    expect(Math.abs(dropped / 4000 - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / 4000))
    // So that what the next layer hears is the same on average.
    expect(Math.abs(average(kept) / average(all) - 1)).toBeLessThan(0.1)
  })

  test('and the identity in inference', async () => {
    const h = tensor([1, 2, 3])
    expect(await numbers(nn.dropout(0.5)(h))).toEqual([1, 2, 3])
    expect(await numbers(nn.dropout(0.5)(h, { training: false }))).toEqual([1, 2, 3])
  })

  test('50 % hidden and 20 % input: a network that would learn its few rows by heart errs less on others', async () => {
    const fitted = async (isDropped: boolean) => {
      const parts = (): nn.Layer[] =>
        isDropped
          ? [nn.dropout(0.2), nn.linear(2, 50), nn.relu(), nn.dropout(0.5), nn.linear(50, 2)]
          : [nn.linear(2, 50), nn.relu(), nn.linear(50, 2)]
      const model = engine.withSeed(2, () => nn.sequential(...parts()))
      await train.fit(model, {
        train: clouds(60, 2),
        batchSize: 60,
        epochs: 400,
        seed: 1,
        optimizer: p => optim.adam(p, { learningRate: 0.03 }),
      })
      const [known, other] = [clouds(60, 2), clouds(1000, 52)]
      return [await train.evaluate(model, known), await train.evaluate(model, other)].map(({ loss }) => loss)
    }
    const [plainKnown, plainOther] = (await fitted(false)) as [number, number]
    const [known, other] = (await fitted(true)) as [number, number]
    expect(plainKnown).toBeLessThan(known)
    expect(other).toBeLessThan(plainOther / 2)
    expect(other - known).toBeLessThan((plainOther - plainKnown) / 2)
  })
})

test('20 hidden units under λ = 0.001, 0.01, 0.1: the decision boundary smooths', async () => {
  const set = clouds(80, 3)
  const [bends, errors]: [number[], number[]] = [[], []]
  for (const weightDecay of [0.001, 0.01, 0.1]) {
    const model = engine.withSeed(3, () => nn.mlp([2, 20, 2], { activation: 'tanh' }))
    await train.fit(model, {
      train: set,
      batchSize: 80,
      epochs: 400,
      seed: 1,
      optimizer: p => optim.adam(p, { learningRate: 0.05, weightDecay }),
    })
    bends.push((await boundary(model, 3)).bend)
    errors.push((await train.evaluate(model, set)).loss)
  }
  // How far its points are from a straight line, by which two normal clouds are parted best, falls with λ …
  const [weak, middle, strong] = bends as [number, number, number]
  expect(middle).toBeLessThan(weak / 2)
  expect(strong).toBeLessThan(middle / 2)
  expect(strong).toBeLessThan(0.05)
  // … while the training error rises.
  expect([...errors].sort((a, b) => a - b)).toEqual(errors)
})
