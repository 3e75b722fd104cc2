// The lectures on model selection: splits, cross-validation and ensembles.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { data, type Engine, init, nn, optim, train } from '../../src/index.ts'
import { average, expectClose, numbers } from './support.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', precision: 'float64', seed: 5 })
})

afterAll(() => engine.dispose())

const clouds = (count: number, seed: number): data.Dataset => data.gauss(count, { noise: 1.2, seed })

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

// Bias and variance over 100 data sets: test/slow/lectures.test.ts.
