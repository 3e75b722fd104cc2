// The lectures on training: descent, its steps and their length, when to stop, how weights start, and seeds.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  data,
  type Engine,
  grad,
  init,
  meanSquaredError,
  nn,
  optim,
  type Parameter,
  parameter,
  type Tensor,
  tensor,
  train,
} from '../../src/index.ts'
import { expectClose, named, numbers, weightsOf } from './support.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', precision: 'float64', seed: 4 })
})

afterAll(() => engine.dispose())

const sgd = (learningRate: number) => (parameters: readonly Parameter[]) =>
  optim.sgd(parameters, { learningRate })

/** 12 points of a line, y = 2x − 1. */
const line = (): data.Dataset => {
  const x = Array.from({ length: 12 }, (_, i) => i / 6 - 1)
  return data.dataset(
    x,
    x.map(xi => 2 * xi - 1),
  )
}

describe('gradient descent; stochastic; minibatch, with a fresh shuffle every epoch', () => {
  test('gradient descent steps against the gradient of all rows, once an epoch', async () => {
    const set = line()
    const model = nn.linear(1, 1)
    const before = await weightsOf(model)
    const gradient = await numbers(
      ...grad(meanSquaredError(model(set.features), set.labels), model.parameters()),
    )
    const options = { train: set, optimizer: sgd(0.1), batchSize: set.size }
    await train.fit(model, { ...options, epochs: 1 })
    expectClose(
      await weightsOf(model),
      before.map((w, i) => w - 0.1 * (gradient[i] as number)),
    )
    const { history } = await train.fit(model, { ...options, epochs: 200 })
    expect(history.losses).toHaveLength(200)
    // With a small enough step the error only falls.
    expect(history.losses.every((loss, i) => i === 0 || loss < (history.losses[i - 1] as number))).toBe(true)
    expectClose(await weightsOf(model), [2, -1], 1e-5)
  })

  /** The labels of each step's batch, by a loss that is their mean and teaches nothing. */
  const seen = async (set: data.Dataset, batchSize: number, seed: number): Promise<number[]> => {
    const loss = (output: Tensor, labels: Tensor): Tensor => output.mul(0).add(labels).mean()
    const { history } = await train.fit(nn.linear(1, 1), { train: set, loss, batchSize, epochs: 3, seed })
    return history.losses
  }
  /** Rows whose label is their number. */
  const numbered = (count: number): data.Dataset => {
    const list = Array.from({ length: count }, (_, i) => i)
    return data.dataset(list, list)
  }

  test('stochastic: a step a row', async () => {
    const order = await seen(numbered(12), 1, 1)
    expect(order).toHaveLength(36)
    const sorted = (list: readonly number[]) => [...list].sort((a, b) => a - b)
    const all = Array.from({ length: 12 }, (_, i) => i)
    const epochs = [0, 12, 24].map(first => order.slice(first, first + 12))
    for (const epoch of epochs) expect(sorted(epoch)).toEqual(all)
    // A fresh shuffle every epoch.
    expect(new Set(epochs.map(String)).size).toBe(3)
    expect(epochs.map(String)).not.toContain(String(all))
  })

  test('minibatch, with a fresh shuffle every epoch', async () => {
    const means = await seen(numbered(12), 4, 1)
    expect(means).toHaveLength(9)
    const epochs = [0, 3, 6].map(first => means.slice(first, first + 3))
    // Each row is in one batch of each epoch; which one changes.
    for (const epoch of epochs) expectClose([epoch.reduce((a, b) => a + b, 0)], [(4 * 3 * 5.5) / 4])
    expect(new Set(epochs.map(String)).size).toBe(3)
  })

  test('all three find the line', async () => {
    for (const batchSize of [12, 4, 1]) {
      const model = nn.linear(1, 1)
      await train.fit(model, { train: line(), optimizer: sgd(0.1), batchSize, epochs: 120 })
      expectClose(await weightsOf(model), [2, -1], 1e-3)
    }
  })
})

/** 30 steps on ½·c·w² from w = 1 and 2, c = 1 and 10, and the same steps by a rule worked in plain numbers. */
async function agrees(
  make: (parameters: readonly Parameter[]) => optim.Optimizer,
  rule: () => (g: number, t: number) => number,
): Promise<void> {
  const curvature = [1, 10]
  const w = parameter(tensor([1, 2]))
  const optimizer = make([w])
  const expected = [1, 2]
  const rules = curvature.map(rule)
  for (let t = 1; t <= 30; t++) {
    const loss = w.square().mul(tensor(curvature)).sum().mul(0.5)
    optimizer.step(grad(loss, [w]))
    curvature.forEach((c, i) => {
      const at = expected[i] as number
      expected[i] = at - (rules[i]?.(c * at, t) ?? Number.NaN)
    })
    expectClose(await numbers(w), expected, 1e-9)
  }
}

describe('momentum in both written forms', () => {
  test('∇̄ₜ = ∇ + β∇̄ₜ₋₁', () =>
    agrees(
      p => optim.sgd(p, { learningRate: 0.02, momentum: 0.9 }),
      () => {
        let mean = 0
        return g => {
          mean = g + 0.9 * mean
          return 0.02 * mean
        }
      },
    ))

  test('vₜ = μvₜ₋₁ + (1 − μ)ηg', () =>
    agrees(
      p => optim.sgd(p, { learningRate: 0.1, momentum: 0.8, averaged: true }),
      () => {
        let v = 0
        return g => {
          v = 0.8 * v + 0.2 * 0.1 * g
          return v
        }
      },
    ))
})

describe('Adagrad, RMSProp, Adam as defined', () => {
  test('Adagrad', () =>
    agrees(
      p => optim.adagrad(p, { learningRate: 0.1 }),
      () => {
        let gamma = 0
        return g => {
          gamma += g * g
          return (0.1 * g) / Math.sqrt(gamma)
        }
      },
    ))

  test('RMSProp', () =>
    agrees(
      p => optim.rmsprop(p, { learningRate: 0.01, alpha: 0.9 }),
      () => {
        let gamma = 0
        return g => {
          gamma = 0.9 * gamma + 0.1 * g * g
          return (0.01 * g) / (Math.sqrt(gamma) + 1e-8)
        }
      },
    ))

  test('Adam', () =>
    agrees(
      p => optim.adam(p, { learningRate: 0.05 }),
      () => {
        let [m, v] = [0, 0]
        return (g, t) => {
          m = 0.9 * m + 0.1 * g
          v = 0.999 * v + 0.001 * g * g
          return (0.05 * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8)
        }
      },
    ))
})

test('learning rate: start large (0.1), hold until the validation error stops improving, halve, repeat', async () => {
  const sets = data.split(data.sine(60, { noise: 0.1, seed: 5 }), { train: 0.5, validation: 0.5 })
  const model = nn.mlp([1, 8, 1], { activation: 'tanh' })
  const { history } = await train.fit(model, {
    ...sets,
    optimizer: p => optim.sgd(p, { learningRate: optim.reduceOnPlateau({ initial: 0.1, patience: 3 }) }),
    batchSize: 10,
    epochs: 150,
    seed: 1,
  })
  const rates = history.epochs.map(({ learningRate }) => learningRate)
  const errors = history.epochs.map(({ validation }) => validation?.loss ?? Number.NaN)
  expect(rates[0]).toBe(0.1)
  const expected: number[] = []
  let [rate, best, waited] = [0.1, Number.POSITIVE_INFINITY, 0]
  for (const error of errors) {
    expected.push(rate)
    if (error < best) [best, waited] = [error, 0]
    else if (++waited === 3) [rate, waited] = [rate / 2, 0]
  }
  expect(rates).toEqual(expected)
  // It was halved, and that more than once.
  expect(rates.at(-1)).toBeLessThanOrEqual(0.1 / 4)
})

describe('stopping', () => {
  const problem = () => {
    // Labels at random: what is learnt on one half is wrong on the other.
    const rows = Array.from({ length: 40 }, (_, i) => [Math.sin(i * 7.1), Math.cos(i * 3.7)])
    const labels = Int32Array.from(rows, (_, i) => (i * 7919) % 2)
    return data.split(data.dataset(rows, labels), { train: 0.5, validation: 0.5 }, { seed: 1 })
  }
  const adam = (parameters: readonly Parameter[]) => optim.adam(parameters, { learningRate: 0.02 })
  const model = () => nn.mlp([2, 24, 2])

  test('a number of epochs', async () => {
    const { history, stopped } = await train.fit(model(), { train: problem().train, epochs: 7 })
    expect(history.epochs).toHaveLength(7)
    expect(stopped).toBeNull()
  })

  test('a threshold on the training error', async () => {
    const { history, stopped } = await train.fit(model(), {
      train: problem().train,
      optimizer: adam,
      epochs: 500,
      stop: train.threshold(0.3),
    })
    const losses = history.epochs.map(({ loss }) => loss)
    expect(stopped?.reason).toBe('loss reached 0.3')
    expect(losses.findIndex(loss => loss <= 0.3)).toBe(losses.length - 1)
  })

  test('no decrease of the error', async () => {
    // A step too long for the valley: the error rises, and the first such epoch is the last.
    const { history, stopped } = await train.fit(nn.linear(1, 1, { initializer: 'zeros' }), {
      train: line(),
      batchSize: 12,
      optimizer: sgd(1.1),
      epochs: 100,
      stop: train.noDecrease(),
    })
    const losses = history.epochs.map(({ loss }) => loss)
    expect(stopped?.reason).toMatch(/loss has not improved for 1 epoch/)
    const rises = losses.findIndex((loss, i) => i > 0 && loss >= (losses[i - 1] as number))
    expect(rises).toBe(losses.length - 1)
  })

  test('validation error rising (with a look-ahead), and then the best weights are returned', async () => {
    const sets = problem()
    const trained = model()
    const { history, stopped, restoredEpoch } = await train.fit(trained, {
      ...sets,
      optimizer: adam,
      epochs: 500,
      stop: train.earlyStopping({ patience: 6 }),
    })
    const losses = history.epochs.map(({ validation }) => validation?.loss ?? Number.NaN)
    const best = Math.min(...losses)
    expect(stopped?.by).toBe('rule')
    expect(restoredEpoch).toBe(losses.indexOf(best) + 1)
    expect(losses).toHaveLength((restoredEpoch ?? 0) + 6)
    expect((await train.evaluate(trained, sets.validation)).loss).toBe(best)
  })
})

describe('initialisation', () => {
  test('biases 0', async () => {
    const model = nn.mlp([3, 5, 4, 2])
    for (const name of ['0.bias', '2.bias', '4.bias'])
      expect((await numbers(named(model, name))).every(b => b === 0)).toBe(true)
  })

  test('weights uniform in ±√6/√(fan-in + fan-out)', async () => {
    const [inputs, outputs] = [120, 80]
    const weights = await numbers(named(nn.linear(inputs, outputs), 'weight'))
    const limit = Math.sqrt(6) / Math.sqrt(inputs + outputs)
    const n = weights.length
    expect(Math.max(...weights.map(Math.abs))).toBeLessThanOrEqual(limit)
    // Of n uniform numbers the moments err by their own deviation over √n; five of it are allowed.
    const moment = (power: number) => weights.reduce((sum, w) => sum + (w / limit) ** power, 0) / n
    expect(Math.abs(moment(1))).toBeLessThan(5 * Math.sqrt(1 / 3 / n))
    expect(Math.abs(moment(2) - 1 / 3)).toBeLessThan(5 * Math.sqrt((1 / 5 - 1 / 9) / n))
    expect(Math.abs(moment(4) - 1 / 5)).toBeLessThan(5 * Math.sqrt((1 / 9 - 1 / 25) / n))
  })

  test('small random', async () => {
    const weights = await numbers(named(nn.linear(100, 100, { initializer: nn.normal(0.01) }), 'weight'))
    const square = weights.reduce((sum, w) => sum + w * w, 0) / weights.length
    // The deviation of 10,000 normal numbers errs by 1/√20,000 of itself.
    expect(Math.abs(Math.sqrt(square) - 0.01)).toBeLessThan((5 * 0.01) / Math.sqrt(20_000))
    expect(new Set(weights).size).toBeGreaterThan(9990)
  })

  const rows = (): [Tensor, Tensor] => [
    tensor([
      [0.3, -1],
      [0.7, 0.2],
      [-0.5, 0.9],
    ]),
    tensor([[1], [-1], [0.5]]),
  ]

  test('with all weights 0 and tanh every hidden gradient is 0', async () => {
    const model = nn.mlp([2, 4, 3, 1], { activation: 'tanh', initializer: 'zeros' })
    const [x, y] = rows()
    const gradients = await Promise.all(
      grad(meanSquaredError(model(x), y), model.parameters()).map(g => numbers(g)),
    )
    const names = [...model.namedParameters().keys()]
    gradients.forEach((gradient, i) => {
      // All but the output's bias: its weights see hidden units that are 0.
      expect(
        gradient.every(g => g === 0),
        names[i],
      ).toBe(names[i] !== '4.bias')
    })
    // And so it stays: training moves nothing but that bias.
    await train.fit(model, {
      train: data.dataset(x, y),
      loss: 'meanSquaredError',
      optimizer: sgd(0.5),
      epochs: 50,
    })
    const weights = await weightsOf(model)
    expect(weights.slice(0, -1).every(w => w === 0)).toBe(true)
    expectClose(weights.slice(-1), [0.5 / 3], 1e-6)
  })

  test('with all weights equal the units of a layer stay equal for ever', async () => {
    const model = nn.mlp([2, 4, 3, 1], { activation: 'tanh', initializer: nn.constant(0.3) })
    const before = await weightsOf(model)
    const [x, y] = rows()
    await train.fit(model, {
      train: data.dataset(x, y),
      batchSize: 1,
      optimizer: p => optim.adam(p, { learningRate: 0.05 }),
      epochs: 200,
    })
    const after = await weightsOf(model)
    expect(after.every((w, i) => w !== before[i])).toBe(true)
    // The weights into the units of a layer: a column each, equal to the last bit.
    for (const [name, width] of [
      ['0.weight', 4],
      ['0.bias', 4],
      ['2.weight', 3],
      ['2.bias', 3],
    ] as const) {
      const list = await numbers(named(model, name))
      list.forEach((w, i) => {
        expect(w, `${name} ${i}`).toBe(list[i - (i % width)])
      })
    }
  })
})

describe('seeds', () => {
  test('the same seed gives the same run', async () => {
    const run = (seed: number) => {
      const make = () => nn.mlp([2, 8, 2], { activation: 'tanh', dropout: 0.2 })
      const model = engine.withSeed(seed, make)
      return train
        .fit(model, { train: data.circle(60, { seed }), epochs: 5, batchSize: 10, seed })
        .then(async ({ history }) => [...history.losses, ...(await weightsOf(model))])
    }
    const first = await run(11)
    expect(await run(11)).toEqual(first)
    expect(await run(12)).not.toEqual(first)
  })
})
