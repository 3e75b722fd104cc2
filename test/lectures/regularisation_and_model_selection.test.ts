// The lectures on regularisation and model selection: penalties, dropout, splits, cross-validation and ensembles.
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

test('train, validation and test split', async () => {
  const set = clouds(200, 1)
  const parts = data.split(set, { train: 0.7, validation: 0.15, test: 0.15 }, { seed: 1 })
  expect([parts.train.size, parts.validation.size, parts.test.size]).toEqual([140, 30, 30])
  // Each row is in one of them.
  const rows = [parts.train, parts.validation, parts.test].flatMap(part => [...part.rows])
  expect(rows.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i))
  // Trained on one, watched on another, and judged on the third.
  const model = nn.mlp([2, 8, 2])
  await train.fit(model, {
    train: parts.train,
    validation: parts.validation,
    epochs: 30,
    stop: train.earlyStopping({ patience: 5 }),
  })
  const { accuracy } = await train.evaluate(model, parts.test, { metrics: ['accuracy'] })
  expect(accuracy).toBeGreaterThan(0.7)
})

describe('k-fold cross-validation', () => {
  test('10 by default', () => {
    const folds = data.kFold(clouds(60, 1))
    expect(folds).toHaveLength(10)
    for (const { train: rest, validation } of folds) expect([rest.size, validation.size]).toEqual([54, 6])
    const rows = folds.flatMap(({ validation }) => [...validation.rows])
    expect(rows.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i))
  })

  test('to choose the number of epochs, then training on all data with the choice', async () => {
    const set = clouds(60, 1)
    const { best, model, history } = await train.crossValidate({
      data: set,
      model: () => nn.mlp([2, 16, 2]),
      metric: 'loss',
      chooseEpochs: true,
      fit: { epochs: 25, batchSize: 18, optimizer: p => optim.adam(p, { learningRate: 0.1 }) },
      retrain: true,
      seed: 1,
    })
    expect(best.scores).toHaveLength(10)
    expect(best.curve).toHaveLength(25)
    // The epoch that is best on the average over folds; more of them would fit the noise.
    expect(best.epochs).toBe(best.curve.indexOf(Math.min(...best.curve)) + 1)
    expect(best.epochs).toBeLessThan(25)
    expect(best.curve.at(-1)).toBeGreaterThan(best.mean)
    expectClose([best.mean], [Math.min(...best.curve)])
    // All 60 rows: 4 steps of 18 an epoch, where folds of 54 have 3.
    expect(history.epochs).toHaveLength(best.epochs)
    expect(history.losses).toHaveLength(4 * best.epochs)
    expect(best.histories[0]?.losses).toHaveLength(3 * 25)
    const { accuracy } = await train.evaluate(model, clouds(500, 60), { metrics: ['accuracy'] })
    expect(accuracy).toBeGreaterThan(0.8)
  })

  test('or any hyper-parameter', async () => {
    const { choices, best } = await train.crossValidate({
      data: data.circle(80, { noise: 0.05, seed: 1 }),
      choices: [1, 8],
      model: hidden => nn.mlp([2, hidden, 2], { activation: 'tanh' }),
      fit: { epochs: 30, batchSize: 8, optimizer: p => optim.adam(p, { learningRate: 0.05 }) },
      seed: 1,
    })
    // A disc within a ring: one unit draws a line, eight close round it.
    const [line, round] = choices.map(({ mean }) => mean) as [number, number]
    expect(line).toBeLessThan(0.8)
    expect(round).toBeGreaterThan(0.9)
    expect(best.choice).toBe(8)
  })
})

describe('several runs from different seeds', () => {
  /** What a list of votes comes to, by counting: of equals the first class. */
  const majority = (votes: readonly number[], classes: number): number => {
    const counts = Array.from({ length: classes }, (_, id) => votes.filter(vote => vote === id).length)
    return counts.indexOf(Math.max(...counts))
  }

  test.each<[string, number, train.LossName, number, () => data.Dataset]>([
    ['two outputs', 2, 'softmaxCrossEntropy', 5, () => clouds(40, 3)],
    ['two outputs, and ties', 2, 'softmaxCrossEntropy', 4, () => clouds(40, 3)],
    [
      'three classes, and ties',
      3,
      'softmaxCrossEntropy',
      4,
      () => data.spiral(60, { arms: 3, noise: 0.3, seed: 3 }),
    ],
    ['one output, a logit: class 1 above 0', 1, 'sigmoidCrossEntropy', 5, () => clouds(40, 3)],
    ['one output, and ties', 1, 'sigmoidCrossEntropy', 4, () => clouds(40, 3)],
    ['one output, a number: class 1 above ½', 1, 'meanSquaredError', 5, () => clouds(40, 3)],
  ])('with majority vote: %s', async (_, outputs, loss, count, make) => {
    const set = make()
    const classes = set.classes ?? 0
    const { model, models } = await train.trainEnsemble({
      model: () => nn.mlp([2, 8, outputs], { activation: 'tanh' }),
      count,
      fit: { train: set, loss, epochs: 20, optimizer: p => optim.adam(p, { learningRate: 0.05 }) },
      seed: 1,
    })
    const points = data.dataset(
      Array.from({ length: 900 }, (_, i) => [(i % 30) / 5 - 3, Math.floor(i / 30) / 5 - 3]),
      new Int32Array(900),
      { classes },
    )
    const limit = loss === 'meanSquaredError' ? 0.5 : 0
    const classesOf = async (one: nn.Layer): Promise<number[]> => {
      const rows = (await train.predict(one, points).array()) as number[][]
      return rows.map(row => (outputs === 1 ? Number((row[0] ?? 0) > limit) : row.indexOf(Math.max(...row))))
    }
    const votes = await Promise.all(models.map(classesOf))
    const counted = Array.from(points.rows, row =>
      majority(
        votes.map(vote => vote[row] as number),
        classes,
      ),
    )
    expect(await classesOf(model)).toEqual(counted)
    // Models differ where it counts: no one of them is the majority, and of an even number some are torn.
    for (const vote of votes) expect(vote).not.toEqual(counted)
    const torn = counted.filter((_, row) => {
      const counts = Array.from({ length: classes }, (_, id) => votes.filter(vote => vote[row] === id).length)
      return counts.filter(most => most === Math.max(...counts)).length > 1
    })
    expect(torn.length > 0).toBe(count % 2 === 0)
    // Metrics read it as they read a model.
    const { accuracy } = await train.evaluate(model, points, { loss, metrics: ['accuracy'] })
    expect(accuracy).toBeCloseTo(counted.filter(id => id === 0).length / 900, 12)
  })

  test('or mean', async () => {
    const set = data.sine(25, { noise: 0.2, seed: 1 })
    const { model, models } = await train.trainEnsemble({
      model: () => nn.mlp([1, 10, 1], { activation: 'tanh' }),
      count: 4,
      fit: { train: set, epochs: 60, optimizer: p => optim.adam(p, { learningRate: 0.05 }) },
      seed: 1,
    })
    const truth = data.sine(100, { seed: 2 })
    const each = await Promise.all(models.map(one => numbers(one(truth.features))))
    const together = await numbers(model(truth.features))
    expectClose(
      together,
      together.map((_, row) => average(each.map(outputs => outputs[row] as number))),
    )
    // Its squared error is at most the mean of theirs (Jensen).
    const losses = await Promise.all(models.map(async one => (await train.evaluate(one, truth)).loss))
    expect((await train.evaluate(model, truth)).loss).toBeLessThan(average(losses))
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

// Bias and variance over 100 data sets: test/slow/lectures.test.ts.
