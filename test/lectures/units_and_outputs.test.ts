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
import { average, expectClose, numbers, slope } from './support.ts'

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

  /** Rows of numbers of a set, in its order. */
  const rowsOf = async (x: Tensor): Promise<number[][]> => (await x.array()) as number[][]

  test('sigmoid with log loss for two classes', async () => {
    // Clouds about ±(1, 1) with deviation 1: by Bayes's rule the log odds are 2x₁ + 2x₂.
    const set = data.gauss(1000, { noise: 1, seed: 3 })
    const model = nn.linear(2, 1)
    const loss = 'sigmoidCrossEntropy'
    await train.fit(model, {
      train: set,
      loss,
      optimizer: p => optim.sgd(p, { learningRate: 2, momentum: 0.9 }),
      batchSize: 1000,
      epochs: 400,
    })
    const weights = await numbers(...model.parameters())
    const rows = (await rowsOf(set.features)).map(row => [...row, 1])
    const labels = set.labelIds()
    const odds = rows.map(row => row.reduce((z, x, i) => z + x * (weights[i] as number), 0))
    expectClose(await numbers(sigmoid(train.predict(model, set))), odds.map(logistic), 1e-6)
    // −log p of the class that is there, on the average …
    const logLoss = average(odds.map((z, i) => -Math.log(logistic(labels[i] === 1 ? z : -z))))
    expectClose([(await train.evaluate(model, set, { loss })).loss], [logLoss], 1e-6)
    // … is convex in the weights: this is its minimum, and no other loss's, for the errors ŷ − y have no part left along
    // any input. They err by the root of Fisher's information's inverse, 0.17 for the inputs: three of it are allowed.
    for (const i of [0, 1, 2])
      expectClose(
        [
          average(
            rows.map((row, n) => (logistic(odds[n] as number) - (labels[n] ?? 0)) * (row[i] as number)),
          ),
        ],
        [0],
        1e-6,
      )
    expectClose(weights, [2, 2, 0], 3 * 0.17)
    // Sigmoid outputs are probabilities: of those told 0.8 to 0.9 so many are of class 1.
    const told = odds.flatMap((z, i) => (logistic(z) > 0.8 && logistic(z) < 0.9 ? [labels[i] ?? 0] : []))
    expectClose([average(told)], [0.85], 0.05 + 3 * Math.sqrt((0.85 * 0.15) / told.length))
  })

  test('softmax with cross-entropy for K', async () => {
    const set = data.spiral(300, { arms: 3, turns: 0.2, seed: 4 })
    const model = nn.mlp([2, 16, 3], { activation: 'tanh' })
    const loss = 'softmaxCrossEntropy'
    const optimizer = (p: Parameters<typeof optim.adam>[0]) => optim.adam(p, { learningRate: 0.03 })
    await train.fit(model, { train: set, loss, optimizer, epochs: 40 })
    const scores = await train.evaluate(model, set, { metrics: ['accuracy'] })
    expect(scores.accuracy).toBeGreaterThan(0.97)
    // Each row's outputs are probabilities of K classes, and the loss is −log of that which is there.
    const outputs = await rowsOf(train.predict(model, set))
    const probabilities = outputs.map(row => {
      const powers = row.map(Math.exp)
      return powers.map(power => power / powers.reduce((a, b) => a + b))
    })
    const labels = set.labelIds()
    expectClose(await numbers(softmax(train.predict(model, set))), probabilities.flat())
    const logLoss = average(probabilities.map((row, i) => -Math.log(row[labels[i] ?? 0] as number)))
    expectClose([scores.loss], [logLoss], 1e-6)

    // Of classes that overlap the loss has a minimum, where the errors p − y add up to 0 along each input and class.
    const blurred = data.spiral(300, { arms: 3, turns: 0.2, noise: 0.3, seed: 4 })
    const plain = nn.linear(2, 3)
    await train.fit(plain, {
      train: blurred,
      loss,
      optimizer: p => optim.sgd(p, { learningRate: 2, momentum: 0.9 }),
      batchSize: 300,
      epochs: 250,
    })
    const p = await rowsOf(softmax(train.predict(plain, blurred)))
    const x = (await rowsOf(blurred.features)).map(row => [...row, 1])
    const ids = blurred.labelIds()
    for (const input of [0, 1, 2])
      for (const k of [0, 1, 2])
        expectClose(
          [average(x.map((row, n) => (row[input] as number) * ((p[n]?.[k] ?? 0) - Number(ids[n] === k))))],
          [0],
          1e-6,
        )
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
    expect(model().summary().split('\n')).toEqual([
      'layer                  output     parameters                        count',
      '-------------------------------------------------------------------------',
      'sequential             [*, 3]',
      '  0 linear(2, 1024)    [*, 1024]  weight [2, 1024], bias [1024]     3,072',
      '  1 relu()             [*, 1024]                                        0',
      '  2 linear(1024, 512)  [*, 512]   weight [1024, 512], bias [512]  524,800',
      '  3 relu()             [*, 512]                                         0',
      '  4 linear(512, 3)     [*, 3]     weight [512, 3], bias [3]         1,539',
      '-------------------------------------------------------------------------',
      'total                                                             529,411',
    ])
    expect(3_072 + 524_800 + 1_539).toBe(529_411)
  })
})
