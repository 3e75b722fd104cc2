// The lectures on capacity, as experiments: what networks of which size can and cannot learn.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chart, map } from '../../demo/chart.ts'
import { probabilityMap } from '../../demo/plane.ts'
import { networkOptions, optimizerOptions } from '../../demo/playground/network.ts'
import { madeProblem } from '../../demo/playground/points.ts'
import {
  ACTIVATIONS,
  DATA_SETS,
  DEFAULTS,
  FEATURES,
  LIMITS,
  PENALTIES,
  type Settings,
} from '../../demo/playground/settings.ts'
import { GRID } from '../../demo/playground/sizes.ts'
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
import { average, expectClose, numbers } from './support.ts'

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
  /** The picture of a model over ±1, as examples draw it: the ends of the boundary's pieces, and the colour at a point. */
  async function drawn(model: nn.Layer) {
    const axis = { low: -1, high: 1 }
    const panel = {
      x: { label: 'x₁', ...axis },
      y: { label: 'x₂', ...axis },
      marks: [map(await probabilityMap(model, -1, 1))],
    }
    const svg = chart('Boundary', [panel])
    const [, width, height] = (/<clipPath [^>]*><rect width="(\d+)" height="(\d+)"/.exec(svg) ?? []).map(
      Number,
    ) as [number, number, number]
    const line =
      /<\/g><path d="([^"]*)" fill="none" stroke="#24292f" stroke-width="1.6" stroke-linecap="round"/.exec(
        svg,
      )?.[1] ?? ''
    const points = [...line.matchAll(/[ML](\S+) ([^ML]+)/g)].map(([, x, y]): [number, number] => [
      (2 * Number(x)) / width - 1,
      1 - (2 * Number(y)) / height,
    ])
    const cells = [
      ...svg.matchAll(
        /<rect x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)" fill="rgb\((\d+) (\d+) (\d+)\)"/g,
      ),
    ].map(found => found.slice(1).map(Number))
    /** How much bluer than red: above 0 is class 0, below 0 class 1. */
    const blue = (x: number, y: number): number => {
      const [left, top] = [(width * (x + 1)) / 2, (height * (1 - y)) / 2]
      const [, , , , red = 0, , b = 0] =
        cells.find(
          ([l = 0, t = 0, w = 0, h = 0]) => left >= l && left <= l + w && top >= t && top <= t + h,
        ) ?? []
      return b - red
    }
    return { points, blue }
  }

  test('in an example’s picture: a unit’s boundary is the line w·x + b = 0, and the sides have their classes’ colours', async () => {
    const model = nn.linear(2, 1)
    const [w, b] = model.parameters() as [Parameter, Parameter]
    w.assign(tensor([[1], [-2]]))
    b.assign(tensor([0.5]))
    const { points, blue } = await drawn(model)
    // It crosses the square from x₂ = −¼ to ¾: a piece for each of 80 columns, and for each of the 40 rows it enters.
    expect(points.length).toBeGreaterThan(2 * 100)
    expect(Math.min(...points.map(([x]) => x))).toBeLessThan(-0.95)
    expect(Math.max(...points.map(([x]) => x))).toBeGreaterThan(0.95)
    // What a straight line between neighbours errs by on a sigmoid, z³/48 over 3/40, and the rounding to 0.01 pixels.
    for (const [x, y] of points) expect(Math.abs(x - 2 * y + 0.5)).toBeLessThan(1e-3)
    for (const [x, y] of [
      [-0.5, 0.5],
      [0, 0.9],
      [0.5, -0.5],
      [0, -0.2],
    ] as const)
      expect(Math.sign(blue(x, y))).toBe(-Math.sign(x - 2 * y + 0.5))
  })

  test('where a model says ½ everywhere there is none', async () => {
    const model = nn.linear(2, 1, { initializer: nn.constant(1e-4) })
    expect((await drawn(model)).points).toEqual([])
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
    const { points, blue } = await drawn(model)
    // All the way round …
    const turns = points.map(([x, y]) => Math.floor((Math.atan2(y, x) / Math.PI + 1) * 18))
    expect(new Set(turns).size).toBeGreaterThanOrEqual(36)
    // … where the disc has ended, at 0.5, and the ring, at 0.7, not begun.
    for (const [x, y] of points) {
      expect(Math.hypot(x, y)).toBeGreaterThan(0.45)
      expect(Math.hypot(x, y)).toBeLessThan(0.75)
    }
    expect([blue(0, 0), blue(0.9, 0), blue(0, -0.9)].map(Math.sign)).toEqual([-1, 1, 1])
  })
})

describe('TensorFlow Playground is the model of a page that shows all this', () => {
  test('ours offers what that page offers: data, features, units, penalties, and the reach of its sliders', () => {
    expect(DATA_SETS).toEqual(expect.arrayContaining(['circle', 'xor', 'gauss', 'spiral']))
    expect(DATA_SETS).toEqual(expect.arrayContaining(['plane', 'hills'])) // for regression
    expect(FEATURES).toEqual(['x1', 'x2', 'x1²', 'x2²', 'x1x2', 'sin x1', 'sin x2'])
    expect(ACTIVATIONS).toEqual(expect.arrayContaining(['relu', 'tanh', 'sigmoid', 'identity']))
    expect(PENALTIES).toEqual(['none', 'l1', 'l2'])
    const least = {
      learningRate: [1e-5, 10],
      penaltyRate: [0, 10],
      noise: [0, 50],
      trainShare: [10, 90],
      batchSize: [1, 30],
      layers: [0, 6],
      units: [1, 8],
    } as const
    for (const [name, [low, high]] of Object.entries(least)) {
      const [from, to] = LIMITS[name as keyof typeof least]
      expect(from, name).toBeLessThanOrEqual(low)
      expect(to, name).toBeGreaterThanOrEqual(high)
    }
    expect(DEFAULTS).toMatchObject({ showTest: false, discrete: false })
  })

  test('its features are what they are called, of the points of the page and of its maps', async () => {
    const problem = await madeProblem({ ...DEFAULTS, data: 'gauss', noise: 20, features: FEATURES })
    const { train: points } = problem.view
    const formulas: ((x: number, y: number) => number)[] = [
      x => x,
      (_, y) => y,
      x => x * x,
      (_, y) => y * y,
      (x, y) => x * y,
      x => Math.sin(Math.PI * x),
      (_, y) => Math.sin(Math.PI * y),
    ]
    const rows = problem.train.withFeatures(x => x)
    expectClose(
      await numbers(rows.features),
      points.x.flatMap((x, i) => formulas.map(of => of(x, points.y[i] as number))),
      1e-5,
    )
    const grid = (await problem.grid.array()) as number[][]
    expect(grid).toHaveLength(GRID * GRID)
    // From the top left to the bottom right, in the middles of pixels.
    const [first = [], last = []] = [grid[0], grid.at(-1)]
    const edge = 1.2 * (1 - 1 / GRID)
    expectClose(first.slice(0, 2), [-edge, edge], 1e-5)
    expectClose(last.slice(0, 2), [edge, -edge], 1e-5)
    for (const row of [first, last])
      expectClose(
        row,
        formulas.map(of => of(row[0] as number, row[1] as number)),
        1e-5,
      )
    problem.dispose()
  })

  test.each<[Settings['data'], number]>([
    ['circle', 0.97],
    ['xor', 0.97],
    ['gauss', 0.97],
    ['spiral', 0.9],
    ['plane', 0.97],
    ['hills', 0.85],
  ])('its data can be learnt by the network it begins with: %s', async (name, least) => {
    const settings = { ...DEFAULTS, data: name }
    const problem = await madeProblem(settings)
    const { outputs, loss } = problem.view.task
    const sizes = [settings.features.length, ...settings.layers.map(({ units }) => units), outputs]
    const model = engine.withSeed(settings.seed, () => nn.mlp(sizes, networkOptions(settings)))
    const chosen = optimizerOptions(settings)
    await train.fit(model, {
      train: problem.train,
      loss,
      optimizer: p => optim[chosen.name](p, { learningRate: settings.learningRate, ...chosen.options }),
      batchSize: settings.batchSize,
      epochs: name === 'spiral' || name === 'hills' ? 150 : 60,
      seed: settings.seed,
    })
    const metric = problem.view.task.classes ? 'accuracy' : 'rSquared'
    const scores = await train.evaluate(model, problem.test, { loss, metrics: [metric] })
    expect(scores[metric]).toBeGreaterThan(least)
    problem.dispose()
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
