// fit: what it computes, and what it costs.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  cast,
  compile,
  data,
  type Engine,
  grad,
  init,
  meanSquaredError,
  nn,
  optim,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
  train,
} from '../../src/index.ts'
import { quadrants, sets, small } from './quadrants.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 1 })
})

afterAll(() => engine.dispose())

const weightsOf = async (model: nn.Layer): Promise<number[]> =>
  (await Promise.all(model.parameters().map(p => p.data()))).flatMap(numbers => [...numbers])

/** Two models with the same weights. */
async function twins(make: () => nn.Layer): Promise<[nn.Layer, nn.Layer]> {
  const [a, b] = [make(), make()]
  const [from, to] = [a.parameters(), b.parameters()]
  for (const [i, p] of from.entries()) to[i]?.assign(p)
  return [a, b]
}

describe('what it computes', () => {
  test('the same as the loop people write by hand, the short last batch included', async () => {
    const set = sets(70)
    const [one, other] = await twins(small)
    const run = await train.fit(one, {
      train: set,
      epochs: 3,
      batchSize: 32,
      seed: 5,
      optimizer: optim.adam(one.parameters(), { learningRate: 0.01 }),
    })
    const optimizer = optim.adam(other.parameters(), { learningRate: 0.01 })
    const step = compile((x: Tensor, y: Tensor) => {
      const loss = softmaxCrossEntropy(other(x, { training: true }), y)
      optimizer.step(grad(loss, other.parameters()))
      return loss
    })
    const losses: number[] = []
    const { rows, ids } = quadrants(70)
    for (let epoch = 0; epoch < 3; epoch++) {
      const order = data.shuffledRows(70, 5, epoch)
      for (const [first, end] of [
        [0, 32],
        [32, 64],
        [64, 70],
      ] as const) {
        const picks = [...order.subarray(first, end)]
        const x = tensor(picks.map(i => rows[i] as number[]))
        const y = tensor(Int32Array.from(picks, i => ids[i] as number))
        losses.push(await step(x, y).item())
      }
    }
    expect(run.history.losses).toEqual(losses)
    expect(await weightsOf(one)).toEqual(await weightsOf(other))
    // The mean over rows: the short batch counts for less.
    const [a, b, c] = losses as [number, number, number]
    expect(run.history.epochs[0]?.loss).toBeCloseTo((32 * a + 32 * b + 6 * c) / 70, 12)
  })

  test('a subset trains on its own rows alone', async () => {
    const set = sets(60)
    const rows = Int32Array.from({ length: 20 }, (_, i) => 3 * i)
    const [one, other] = await twins(small)
    const apart = data.dataset(
      quadrants(60).rows.filter((_, i) => i % 3 === 0),
      quadrants(60).ids.filter((_, i) => i % 3 === 0),
      { classes: 2 },
    )
    const options = { epochs: 2, batchSize: 8, seed: 2 }
    const [a, b] = [
      await train.fit(one, { train: set.subset(rows), ...options }),
      await train.fit(other, { train: apart, ...options }),
    ]
    expect(a.history.losses).toEqual(b.history.losses)
  })

  test('targets of any shape, and features that are their own targets', async () => {
    const rows = [
      [0.1, 0.9],
      [0.8, 0.2],
      [0.4, 0.6],
    ]
    const model = nn.mlp([2, 2])
    const { history } = await train.fit(model, {
      train: data.dataset(rows),
      epochs: 300,
      optimizer: p => optim.adam(p, { learningRate: 0.05 }),
    })
    expect(history.losses.at(-1)).toBeLessThan(1e-3)
  })

  test.each(['sigmoidCrossEntropy', 'hinge', 'meanSquaredError', 'meanAbsoluteError', 'huber'] as const)(
    '%s takes class ids for one output',
    async loss => {
      const model = small(1)
      const options = { train: sets(200), validation: sets(50), metrics: ['accuracy'] as const }
      const { history } = await train.fit(model, {
        ...options,
        loss,
        epochs: 60,
        optimizer: p => optim.adam(p, { learningRate: 0.02 }),
      })
      expect(history.epochs.at(-1)?.validation?.accuracy).toBeGreaterThan(0.9)
    },
  )

  test('squared error compares several outputs with one-hot rows', async () => {
    const model = small(2)
    const { rows, ids } = quadrants(40)
    const x = tensor(rows)
    const expected = await meanSquaredError(model(x), tensor([...ids].map(id => [1 - id, id]))).item()
    const scores = await train.evaluate(model, sets(40), { loss: 'meanSquaredError' })
    expect(scores.loss).toBeCloseTo(expected, 6)
  })

  test('a stream trains as the set it was cut from', async () => {
    const { rows, ids } = quadrants(50)
    const [one, other] = await twins(small)
    const chunks = function* () {
      for (const [from, to] of [
        [0, 7],
        [7, 30],
        [30, 50],
      ] as const)
        yield { features: rows.slice(from, to), labels: ids.slice(from, to) }
    }
    const a = await train.fit(one, { train: data.stream(chunks, { batchSize: 16, classes: 2 }), epochs: 3 })
    const b = await train.fit(other, { train: sets(50), batchSize: 16, epochs: 3, shuffle: false })
    expect(a.history.losses).toEqual(b.history.losses)
    expect(a.history.epochs.map(({ loss }) => loss)).toEqual(b.history.epochs.map(({ loss }) => loss))
  })

  test('the same seed gives the same run, another seed another', async () => {
    const [one, two] = await twins(small)
    const three = small()
    for (const [i, p] of one.parameters().entries()) three.parameters()[i]?.assign(p)
    const run = (model: nn.Layer, seed: number) =>
      train.fit(model, { train: sets(64), epochs: 2, seed }).then(({ history }) => history.losses)
    const first = await run(one, 3)
    expect(await run(two, 3)).toEqual(first)
    expect(await run(three, 4)).not.toEqual(first)
  })

  test('a schedule that waits for the validation loss hears of it', async () => {
    const model = small()
    const optimizer = optim.sgd(model.parameters(), {
      // Nothing improves by this much: each epoch after the first halves the rate.
      learningRate: optim.reduceOnPlateau({ initial: 0.1, factor: 0.5, patience: 1, minDelta: 100 }),
    })
    const { history } = await train.fit(model, { train: sets(), validation: sets(), optimizer, epochs: 4 })
    expect(history.epochs.map(({ learningRate }) => learningRate)).toEqual([0.1, 0.1, 0.05, 0.025])
  })
})

test('a schedule is asked for the steps there are, and the record holds the rate of the last', async () => {
  const rates = [0.4, 0.3, 0.2, 0.1]
  const { history } = await train.fit(small(), {
    train: sets(64),
    epochs: 2,
    optimizer: p => optim.sgd(p, { learningRate: step => rates[step] as number }),
  })
  expect(history.epochs.map(({ learningRate }) => learningRate)).toEqual([0.3, 0.1])
})

describe('what it costs', () => {
  test('fifty epochs leave the memory where it was', async () => {
    const own = await init({ backend: 'cpu' })
    const [model, set] = own.use(() => [small(), sets(50)] as const)
    const optimizer = optim.adam(model.parameters())
    const before = own.memory()
    await train.fit(model, {
      train: set,
      validation: set,
      optimizer,
      epochs: 50,
      metrics: ['accuracy'],
      stop: train.earlyStopping({ patience: 50 }),
    })
    const { tensors, liveBytes } = own.memory()
    expect({ tensors, liveBytes }).toEqual({ tensors: before.tensors, liveBytes: before.liveBytes })
    own.dispose()
  })

  test('a step dispatches what a compiled step does, and reads its loss alone', async () => {
    const set = sets(64)
    const model = small()
    const optimizer = optim.adam(model.parameters())
    const before = engine.counters()
    await train.fit(model, { train: set, optimizer, epochs: 10, batchSize: 32 })
    const after = engine.counters()
    const step = compile((x: Tensor, y: Tensor) => {
      const loss = softmaxCrossEntropy(model(x, { training: true }), y)
      optimizer.step(grad(loss, model.parameters()))
      return loss
    })
    const { rows, ids } = quadrants(32)
    const { dispatches } = step.plan(tensor(rows), tensor(ids))
    // Two more pick the batch's features and labels.
    expect(after.dispatches - before.dispatches).toBe(20 * (dispatches + 2))
    expect(after.reads - before.reads).toBe(after.submits - before.submits)
    step.dispose()
  })
})

describe('a loss scale', () => {
  /** A model that gives float32 outputs of float16 features. */
  const halves = () => {
    const layers = small()
    const model = nn.sequential(
      layers,
      nn.layer({ label: 'cast(float32)', forward: x => cast(x, 'float32') }),
    )
    const { rows, ids } = quadrants(64)
    const features = tensor(rows, { dtype: 'float16' })
    return { model, set: data.dataset(features, ids) }
  }

  test('trains a float16 model whose parameters stay float32', async () => {
    const { model, set } = halves()
    const scale = optim.lossScale({ growthInterval: 10 })
    const { history } = await train.fit(model, {
      train: set,
      epochs: 40,
      scale,
      optimizer: p => optim.adam(p, { learningRate: 0.05 }),
    })
    expect(model.parameters().map(({ dtype }) => dtype)).toEqual(new Array(4).fill('float32'))
    expect(history.epochs.at(-1)?.loss).toBeLessThan(0.3)
    // It grew, twice in 80 steps at least, however often it overflowed.
    expect(await scale.value()).toBeGreaterThan(2 ** 17)
  })

  test('is refused beside a watch, and where it is none', () => {
    const { model, set } = halves()
    expect(() => train.fit(model, { train: set, scale: optim.lossScale(), watch: true })).toThrow(/watch/)
    expect(() => train.fit(model, { train: set, scale: 2 as unknown as optim.LossScale })).toThrow(
      /scale is 2, not a loss scale/,
    )
  })
})

test('a last batch of one row, which batch norm cannot train on, is refused at once', () => {
  const model = nn.mlp([2, 8, 2], { batchNorm: true })
  expect(() => train.fit(model, { train: sets(33), batchSize: 32 })).toThrow(
    /\[batchNorm\(8\)\] a batch of 1 row/,
  )
})

test('dropLast leaves a short last batch out, which rows it holds being another each epoch', async () => {
  const model = nn.mlp([2, 8, 2], { batchNorm: true })
  const steps: (number | null)[] = []
  const { history } = await train.fit(model, {
    train: sets(33),
    dropLast: true,
    epochs: 3,
    onStep: event => void steps.push(event.steps),
  })
  expect(history.losses).toHaveLength(3)
  expect(steps).toEqual([3, 3, 3])
  // In order, it is the set without its last row.
  const set = sets(33)
  const first = set.subset(Array.from({ length: 32 }, (_, i) => i))
  const [dropped, without] = await Promise.all(
    [set, first].map(async train_ => {
      const options = { train: train_, batchSize: 8, shuffle: false, dropLast: true, epochs: 2 }
      return (
        await train.fit(
          engine.withSeed(4, () => small()),
          options,
        )
      ).history.losses
    }),
  )
  expect(dropped).toHaveLength(8)
  expect(dropped).toEqual(without)
})

test('a stream drops its last batch itself', () => {
  const source = data.stream([{ features: [[1, 2]], labels: [0] }], { classes: 2 })
  expect(() => train.fit(small(), { train: source, dropLast: true })).toThrow(
    '[fit] a stream has a batchSize and dropLast of its own. Pass them to data.stream.',
  )
})
