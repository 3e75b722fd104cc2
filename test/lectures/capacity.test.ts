// The lectures on capacity, as experiments: what networks of which size can and cannot learn.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  data,
  type Engine,
  init,
  linspace,
  nn,
  optim,
  type Parameter,
  softmax,
  type Tensor,
  tensor,
  train,
} from '../../src/index.ts'
import { average, boundary, classesOnGrid, expectClose, numbers } from './support.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 8 })
})

afterAll(() => engine.dispose())

const adam =
  (learningRate: number, weightDecay = 0) =>
  (parameters: readonly Parameter[]) =>
    optim.adam(parameters, { learningRate, weightDecay })

/** Trains a network of one logit on two classes until it has them by heart, or for so many epochs; the loss and accuracy. */
async function learn(model: nn.Layer, set: data.Dataset, epochs: number): Promise<train.Scores> {
  const loss = 'sigmoidCrossEntropy'
  const stop = train.threshold(0.05)
  const batchSize = Math.min(set.size, 32)
  await train.fit(model, { train: set, loss, optimizer: adam(0.05), epochs, batchSize, stop, seed: 1 })
  return train.evaluate(model, set, { loss, metrics: ['accuracy'] })
}

describe('XOR', () => {
  test('a linear network fails', async () => {
    const { loss, accuracy } = await learn(nn.linear(2, 1), data.xor(), 500)
    expect(accuracy).toBeLessThan(1)
    // The best that a line can do is to say ½ everywhere: −log ½ each.
    expect(loss).toBeCloseTo(Math.log(2), 3)
  })

  test('layers that are all linear fail as well', async () => {
    const { loss } = await learn(nn.mlp([2, 8, 1], { activation: 'identity' }), data.xor(), 500)
    expect(loss).toBeCloseTo(Math.log(2), 3)
  })

  test('2-2-1 succeeds', async () => {
    // About half of the starts get there; the others end in the local minimum that has two corners right and two at ½.
    for (const [seed, succeeds] of [
      [3, true],
      [4, false],
      [6, true],
      [7, true],
    ] as const) {
      const model = engine.withSeed(seed, () => nn.mlp([2, 2, 1], { activation: 'tanh' }))
      const { loss, accuracy } = await learn(model, data.xor(), 500)
      expect(accuracy === 1).toBe(succeeds)
      if (succeeds) expect(loss).toBeLessThan(0.06)
      else expect(loss).toBeCloseTo(Math.log(2) / 2, 2)
    }
  })
})

test.each([2, 3, 4, 5])('parity of n bits: n = %i', async bits => {
  const set = data.parity(bits)
  expect((await learn(nn.linear(bits, 1), set, 50)).accuracy).toBeLessThanOrEqual(0.75)
  const model = engine.withSeed(2, () => nn.mlp([bits, 2 * bits, 1], { activation: 'tanh' }))
  expect((await learn(model, set, 800)).accuracy).toBe(1)
})

test.each<[string, nn.ActivationName, (x: number) => number]>([
  ['sin 2πx', 'tanh', x => Math.sin(2 * Math.PI * x)],
  ['a bump between two plains', 'tanh', x => Math.exp(-((8 * x - 4) ** 2))],
  ['|2x − 1|, which has a corner', 'relu', x => Math.abs(2 * x - 1)],
])('one hidden layer fits any continuous function on an interval: %s', async (_, activation, f) => {
  const x = Array.from({ length: 41 }, (_, i) => i / 40)
  const set = data.dataset(x, x.map(f))
  const scaling = await data.minMax(set, { low: -2, high: 2 })
  const model = engine.withSeed(3, () => nn.mlp([1, 20, 1], { activation }))
  await train.fit(model, {
    train: scaling.apply(set),
    batchSize: 41,
    epochs: 800,
    seed: 1,
    optimizer: p => optim.adam(p, { learningRate: optim.cosine({ initial: 0.05, steps: 800 }) }),
  })
  // Between the points, too.
  const line = linspace(0, 1, 161).reshape([161, 1])
  const outputs = await numbers(train.predict(model, scaling.apply(line)))
  const errors = outputs.map((y, i) => Math.abs(y - f(i / 160)))
  expect(Math.max(...errors)).toBeLessThan(0.06)
})

test('a bigger network with regularisation beats a small one', async () => {
  const options = { turns: 0.8, noise: 0.12 }
  const fitted = async (hidden: number, weightDecay: number) => {
    const losses: number[] = []
    for (const seed of [2, 3]) {
      const set = data.spiral(100, { ...options, seed })
      const model = engine.withSeed(seed, () => nn.mlp([2, hidden, 2], { activation: 'tanh' }))
      await train.fit(model, {
        train: set,
        batchSize: 100,
        epochs: 500,
        seed: 1,
        optimizer: adam(0.05, weightDecay),
      })
      losses.push((await train.evaluate(model, data.spiral(1000, { ...options, seed: seed + 50 }))).loss)
    }
    return average(losses)
  }
  const [small, big, bigPenalized] = [await fitted(3, 0), await fitted(30, 0), await fitted(30, 1e-3)]
  expect(bigPenalized).toBeLessThan(0.8 * small)
  expect(bigPenalized).toBeLessThan(0.8 * big)
})

describe('decision boundaries are drawn', () => {
  test('from predictions on a grid: a unit’s boundary is the line w·x + b = 0', async () => {
    const model = nn.linear(2, 1)
    const [w, b] = model.parameters() as [Parameter, Parameter]
    w.assign(tensor([[1], [-2]]))
    b.assign(tensor([0.5]))
    const { points, bend } = await boundary(model, 1)
    expect(points.length).toBeGreaterThan(40)
    // Each lies between two neighbours on either side: no farther off than half a cell along an axis.
    const half = 1 / 49
    for (const [x, y] of points) expect(Math.abs(x - 2 * y + 0.5)).toBeLessThanOrEqual(2 * half + 1e-6)
    expect(bend).toBeLessThan(half)
  })

  test('a grid in batches is the same as point by point', async () => {
    const model = nn.mlp([2, 6, 2], { activation: 'tanh' })
    const grid = tensor(
      Array.from({ length: 2500 }, (_, i) => [(i % 50) / 25 - 1, Math.floor(i / 50) / 25 - 1]),
    )
    const all = train.predict(model, grid)
    const cut = train.predict(model, grid, { batchSize: 128 })
    expect(all.shape).toEqual([2500, 2])
    expect(await numbers(cut)).toEqual(await numbers(all))
    expectClose((await numbers(softmax(all).sum({ axis: 1 }))).slice(0, 3), [1, 1, 1], 1e-6)
  })

  test('around a disc the boundary is a ring between disc and ring', async () => {
    const model = engine.withSeed(4, () => nn.mlp([2, 12, 1], { activation: 'tanh' }))
    await learn(model, data.circle(300, { seed: 1 }), 100)
    const { points } = await boundary(model, 1)
    const radii = points.map(([x, y]) => Math.hypot(x, y))
    expect(radii.length).toBeGreaterThan(50)
    // The disc ends at 0.5, the ring begins at 0.7.
    for (const radius of radii) {
      expect(radius).toBeGreaterThan(0.45)
      expect(radius).toBeLessThan(0.75)
    }
    const classes = await classesOnGrid(model, 1, 11)
    expect([classes[5]?.[5], classes[5]?.[0], classes[0]?.[5]]).toEqual([1, 0, 0])
  })
})

describe('TensorFlow Playground is the model of a page that shows all this', () => {
  test.each<[string, () => data.Dataset]>([
    ['circle', () => data.circle(150, { seed: 1 })],
    ['xor', () => data.xor(150, { noise: 0.15, seed: 1 })],
    ['gauss', () => data.gauss(150, { seed: 1 })],
    ['spiral', () => data.spiral(150, { seed: 1 })],
  ])('its data sets are there and can be learnt: %s', async (_, make) => {
    const model = engine.withSeed(5, () => nn.mlp([2, 12, 8, 1], { activation: 'tanh' }))
    const { accuracy } = await learn(model, make(), 150)
    expect(accuracy).toBeGreaterThan(0.97)
  })

  test('what each hidden unit makes of the plane can be looked at', async () => {
    const model = nn.mlp([2, 4, 2, 1], { activation: 'tanh' })
    const units = new Map<string, Tensor>()
    const grid = tensor(Array.from({ length: 100 }, (_, i) => [(i % 10) - 5, Math.floor(i / 10) - 5]))
    nn.observeLayers(
      ({ path, layer, output }) => {
        if (output && layer.label === 'tanh()') units.set(path, output)
      },
      () => model(grid),
    )
    expect([...units].map(([path, { shape }]) => [path, shape])).toEqual([
      ['1', [100, 4]],
      ['3', [100, 2]],
    ])
    for (const unit of units.values()) expect((await numbers(unit)).every(h => h >= -1 && h <= 1)).toBe(true)
  })
})
