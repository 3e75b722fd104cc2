// What the lectures show by many fits: bias and variance.
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  data,
  type Engine,
  init,
  linspace,
  matmul,
  mean,
  meanSquaredError,
  nn,
  normal,
  optim,
  parameter,
  stack,
  type Tensor,
  tanh,
  train,
  zeros,
} from '../../src/index.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 6 })
})

afterAll(() => engine.dispose())

const SETS = 100
const POINTS = 25
const HIDDEN = 8

/** A network 1-8-1 for each set, all in one: weights have an axis of sets before their own. All start alike. */
function networks() {
  const start = (shape: number[], deviation: number, seed: number): Tensor =>
    normal([1, ...shape], { std: deviation, seed }).broadcastTo([SETS, ...shape])
  const w1 = parameter(start([1, HIDDEN], 1.5, 1))
  const b1 = parameter(start([1, HIDDEN], 1, 2))
  const w2 = parameter(start([HIDDEN, 1], 0.5, 3))
  const b2 = parameter(zeros([SETS, 1, 1]))
  const model = nn.layer({
    label: 'networks',
    parameters: { w1, b1, w2, b2 },
    forward: x => matmul(tanh(matmul(x, w1).add(b1)), w2).add(b2),
  })
  return { model, weights: [w1, w2] }
}

/** x of [0, 1] about 0, as wide as units curve. */
const scaled = (x: Tensor): Tensor => x.sub(0.5).mul(4)

test('bias and variance: 100 data sets of 25 points from sin 2πx, the average fit and its spread, as λ varies', async () => {
  const sets = Array.from({ length: SETS }, (_, seed) => data.sine(POINTS, { noise: 0.3, seed }))
  const all = data.dataset(
    scaled(stack(sets.map(({ features }) => features))),
    stack(sets.map(({ labels }) => labels)),
  )
  const line = linspace(0.02, 0.98, 49).reshape([49, 1])
  const truth = line.mul(2 * Math.PI).sin()

  const figures = []
  for (const lambda of [1e-4, 1e-2, 1e-1]) {
    const { model, weights } = networks()
    await train.fit(model, {
      train: all,
      batchSize: SETS,
      epochs: 500,
      // Of each network its own mean over points, so that λ weighs against that.
      loss: (output, labels) => meanSquaredError(output, labels).mul(SETS),
      shuffle: false,
      optimizer: p =>
        optim.adam(p, {
          learningRate: 0.04,
          weightDecay: lambda,
          penalized: one => weights.includes(one),
        }),
    })
    const fits = model(scaled(line).broadcastTo([SETS, 49, 1]))
    const averageFit = mean(fits, { axis: 0 })
    figures.push({
      bias: await mean(averageFit.sub(truth).square()).item(),
      variance: await mean(fits.sub(averageFit).square()).item(),
    })
    model.dispose()
  }
  const [weak, middle, strong] = figures as [Figures, Figures, Figures]
  // A weak penalty lets each fit follow the noise of its points, but on the average they hit the sine.
  expect(weak.bias).toBeLessThan(0.005)
  expect(middle.bias).toBeGreaterThan(2 * weak.bias)
  expect(strong.bias).toBeGreaterThan(5 * middle.bias)
  // A strong one makes them alike, and alike wrong.
  expect(middle.variance).toBeLessThan(0.8 * weak.variance)
  expect(strong.variance).toBeLessThan(middle.variance)
  // Between them is the least error.
  const error = ({ bias, variance }: Figures): number => bias + variance
  expect(error(middle)).toBeLessThan(Math.min(error(weak), error(strong)))
})

interface Figures {
  readonly bias: number
  readonly variance: number
}
