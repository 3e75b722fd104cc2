// The lectures on units and outputs: what each unit computes, and which output and loss suit which task.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  data,
  type Engine,
  grad,
  init,
  nn,
  optim,
  sigmoid,
  softmax,
  sum,
  type Tensor,
  tensor,
  train,
} from '../../src/index.ts'
import { average, expectClose, named, numbers, slope } from './support.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', precision: 'float64', seed: 2 })
})

afterAll(() => engine.dispose())

const POINTS = [-3, -0.5, 0, 0.5, 3]
const logistic = (a: number): number => 1 / (1 + Math.exp(-a))

describe('units', () => {
  test.each<[string, nn.Layer, (a: number) => number, (a: number) => number]>([
    ['identity', nn.identity(), a => a, () => 1],
    ['step (perceptron)', nn.step(), a => (a > 0 ? 1 : 0), () => 0],
    ['sign (perceptron)', nn.sign(), Math.sign, () => 0],
    ['sigmoid', nn.sigmoid(), logistic, a => logistic(a) * (1 - logistic(a))],
    ['tanh', nn.tanh(), Math.tanh, a => 1 - Math.tanh(a) ** 2],
    ['relu (g′ = 1 for a > 0)', nn.relu(), a => Math.max(0, a), a => (a > 0 ? 1 : 0)],
    [
      'leaky relu max(0.1x, x) with slope 1 at 0',
      nn.leakyRelu({ slope: 0.1 }),
      a => Math.max(0.1 * a, a),
      a => (a >= 0 ? 1 : 0.1),
    ],
  ])('%s', async (_, unit, value, derivative) => {
    const a = tensor(POINTS)
    const h = unit(a)
    expectClose(await numbers(h), POINTS.map(value))
    // The units of a perceptron pass no gradient, which `grad` must be told to take for zeros.
    expectClose(await numbers(...grad(sum(h), [a], { allowUnused: true })), POINTS.map(derivative))
  })

  test('softmax', async () => {
    const a = tensor([[1, 2, 3]])
    const p = nn.softmax()(a)
    const total = Math.E + Math.E ** 2 + Math.E ** 3
    const expected = [1, 2, 3].map(power => Math.E ** power / total)
    expectClose(await numbers(p), expected)
    // ∂pᵢ/∂aⱼ = pᵢ(δᵢⱼ − pⱼ): here of p₀.
    const [p0] = expected as [number]
    expectClose(
      await numbers(slope(sum(p.mul(tensor([[1, 0, 0]]))), a)),
      expected.map((pj, j) => p0 * ((j === 0 ? 1 : 0) - pj)),
    )
  })

  test('a perceptron learns AND by its rule, w += η(y − ŷ)x', async () => {
    const rows = tensor([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ])
    const y = tensor([[0], [0], [0], [1]])
    const model = nn.sequential(nn.linear(2, 1, { initializer: 'zeros' }), nn.step())
    const optimizer = optim.sgd(model.parameters(), { learningRate: 1 })
    for (let epoch = 0; epoch < 20; epoch++) {
      const error = model(rows).sub(y)
      // The rule has no loss: its steps are handed over as gradients.
      optimizer.step([rows.transpose().matmul(error), sum(error, { axis: 0 })])
    }
    expect(await numbers(model(rows))).toEqual([0, 0, 0, 1])
  })
})

describe('outputs', () => {
  test('linear output with squared loss for regression', async () => {
    const inputs = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(3 * i)] as const)
    const set = data.dataset(
      inputs.map(([a, b]) => [a, b]),
      inputs.map(([a, b]) => 3 * a - 2 * b + 0.5),
    )
    const model = nn.linear(2, 1)
    await train.fit(model, {
      train: set,
      loss: 'meanSquaredError',
      optimizer: p => optim.sgd(p, { learningRate: 0.3 }),
      batchSize: 40,
      epochs: 200,
    })
    expectClose(await numbers(...model.parameters()), [3, -2, 0.5], 1e-6)
    expect((await train.evaluate(model, set, { metrics: ['rSquared'] })).rSquared).toBeCloseTo(1, 10)
  })

  test('sigmoid with log loss for two classes', async () => {
    // Clouds about ±(1, 1) with deviation 0.5: by Bayes's rule the log odds are 8x₁ + 8x₂.
    const set = data.gauss(400, { seed: 3 })
    const model = nn.linear(2, 1)
    await train.fit(model, {
      train: set,
      loss: 'sigmoidCrossEntropy',
      optimizer: p => optim.sgd(p, { learningRate: 1 }),
      batchSize: 400,
      epochs: 100,
    })
    const options = { loss: 'sigmoidCrossEntropy', metrics: ['accuracy'] } as const
    const { accuracy } = await train.evaluate(model, set, options)
    expect(accuracy).toBeGreaterThan(0.98)
    const y = await numbers(
      sigmoid(
        model(
          tensor([
            [1, 1],
            [-1, -1],
            [1, -1],
          ]),
        ),
      ),
    )
    expect(y[0]).toBeGreaterThan(0.95)
    expect(y[1]).toBeLessThan(0.05)
    expect(y[2]).toBeCloseTo(0.5, 0)
  })

  test('softmax with cross-entropy for K', async () => {
    const set = data.spiral(300, { arms: 3, turns: 0.2, seed: 4 })
    const model = nn.mlp([2, 16, 3], { activation: 'tanh' })
    await train.fit(model, {
      train: set,
      loss: 'softmaxCrossEntropy',
      optimizer: p => optim.adam(p, { learningRate: 0.03 }),
      epochs: 40,
    })
    const { accuracy } = await train.evaluate(model, set, { metrics: ['accuracy'] })
    expect(accuracy).toBeGreaterThan(0.97)
    const p = softmax(train.predict(model, set))
    expect(p.shape).toEqual([300, 3])
    // Each row's outputs are probabilities of K classes.
    expectClose(await numbers(sum(p, { axis: 1 })), new Array<number>(300).fill(1))
    expect(average(await numbers(p))).toBeCloseTo(1 / 3, 12)
  })
})

describe('parameter count', () => {
  const model = (): nn.Layer => nn.mlp([2, 1024, 512, 3])

  test('a 2-1024-512-3 network has 529,411', () => {
    const count = (x: Tensor): number => x.size
    expect(model().parameters().map(count)).toEqual([2048, 1024, 524_288, 512, 1536, 3])
    expect(
      model()
        .parameters()
        .map(count)
        .reduce((a, b) => a + b),
    ).toBe(529_411)
  })

  test('`summary` shows the sum layer by layer', () => {
    const lines = model().summary().split('\n')
    const ends = (label: string): string | undefined =>
      lines.find(line => line.trim().startsWith(label))?.match(/[\d,]+$/)?.[0]
    expect(ends('linear(2, 1024)')).toBe('3,072')
    expect(ends('linear(1024, 512)')).toBe('524,800')
    expect(ends('linear(512, 3)')).toBe('1,539')
    expect(ends('total')).toBe('529,411')
    expect(named(model(), '0.weight').shape).toEqual([2, 1024])
  })
})
