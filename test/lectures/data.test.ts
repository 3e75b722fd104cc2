// The lectures on data: scaling, coding, and transforms that belong to a model.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  data,
  type Engine,
  init,
  io,
  nn,
  optim,
  softmaxCrossEntropy,
  tensor,
  train,
} from '../../src/index.ts'
import { average, expectClose, numbers } from './support.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', precision: 'float64', seed: 7 })
})

afterAll(() => engine.dispose())

const TRAINING = [
  [1, 200],
  [2, 400],
  [3, 900],
  [6, 300],
]
const OTHERS = [
  [0, 1000],
  [9, 450],
]
/** Means and deviations reach the engine as float32: relative 2⁻²⁴, of numbers up to 10 deviations off. */
const ON_ENGINE = 1e-6
const columnOf = (rows: readonly (readonly number[])[], column: number): number[] =>
  rows.map(row => row[column] as number)
const deviation = (list: readonly number[]): number =>
  Math.sqrt(average(list.map(x => (x - average(list)) ** 2)))

test('standardise each input by the training set’s mean and deviation', async () => {
  const scaling = data.standardize(TRAINING)
  const scaled = scaling.apply(TRAINING)
  for (const column of [0, 1]) {
    expectClose([average(columnOf(scaled, column)), deviation(columnOf(scaled, column))], [0, 1])
    const known = columnOf(TRAINING, column)
    expectClose(
      columnOf(scaling.apply(OTHERS), column),
      columnOf(OTHERS, column).map(x => (x - average(known)) / deviation(known)),
    )
  }
  // Of tensors on the engine, the same.
  expectClose(await numbers(scaling.apply(tensor(OTHERS))), scaling.apply(OTHERS).flat(), ON_ENGINE)
})

describe('min–max', () => {
  test('to [0, 1]', () => {
    const scaled = data.minMax(TRAINING).apply(TRAINING)
    expectClose(columnOf(scaled, 0), [0, 0.2, 0.4, 1])
    expectClose(columnOf(scaled, 1), [0, 2 / 7, 1, 1 / 7])
  })

  test('or [−1, 1]', () => {
    const scaled = data.minMax(TRAINING, { low: -1, high: 1 }).apply(TRAINING)
    expectClose(columnOf(scaled, 0), [-1, -0.6, -0.2, 1])
    for (const column of [0, 1])
      expect([Math.min(...columnOf(scaled, column)), Math.max(...columnOf(scaled, column))]).toEqual([-1, 1])
  })
})

describe('one-hot', () => {
  const table = (rows: readonly (readonly [string, string, number])[]): data.Table => ({
    columns: ['island', 'sex', 'mass'],
    rows,
  })
  const birds = table([
    ['Dream', 'male', 4000],
    ['Biscoe', 'female', 3000],
    ['Torgersen', 'female', 5000],
  ])

  test('for classes', async () => {
    const species = ['Gentoo', 'Adelie', 'Gentoo', 'Chinstrap']
    const coding = data.oneHot(species)
    expect(coding.categories).toEqual(['Adelie', 'Chinstrap', 'Gentoo'])
    expect(coding.apply(species)).toEqual([
      [0, 0, 1],
      [1, 0, 0],
      [0, 0, 1],
      [0, 1, 0],
    ])
    expect(coding.invert(coding.apply(species))).toEqual(species)
    // As targets they are what class ids are.
    const logits = tensor([
      [1, 2, 0],
      [0.5, 0, 3],
      [1, 1, 1],
      [0, 2, 1],
    ])
    const set = data.dataset([[0], [1], [2], [3]], species)
    expectClose(
      await numbers(softmaxCrossEntropy(logits, tensor(coding.apply(species)))),
      await numbers(softmaxCrossEntropy(logits, set.labels)),
    )
  })

  test('and for many-valued features, one unit for a binary one', () => {
    const coder = data.encoder(birds, { island: 'oneHot', sex: 'binary', mass: 'minMax' })
    expect(coder.names).toEqual([
      'island=Biscoe',
      'island=Dream',
      'island=Torgersen',
      expect.any(String),
      'mass',
    ])
    expect(coder.apply(birds)).toEqual([
      [0, 1, 0, 1, 0.5],
      [1, 0, 0, 0, 0],
      [0, 0, 1, 0, 1],
    ])
    expect(coder.invert(coder.apply(birds)).rows).toEqual(birds.rows)
  })
})

describe('the transform', () => {
  test('is fitted on training data only', async () => {
    const set = data.gauss(60, { seed: 1 })
    const parts = data.split(set, { train: 0.5, validation: 0.5 }, { seed: 1 })
    const scaling = await data.standardize(parts.train)
    const columns = async (part: data.Dataset): Promise<number[][]> => {
      const own = part.withFeatures(x => x)
      const flat = await numbers(own.features)
      return [0, 1].map(column => flat.filter((_, i) => i % 2 === column))
    }
    const known = await columns(parts.train)
    const scaled = { train: scaling.apply(parts.train), validation: scaling.apply(parts.validation) }
    for (const column of await columns(scaled.train))
      expectClose([average(column), deviation(column)], [0, 1], ON_ENGINE)
    // The validation set is moved by the training set's numbers: its own mean is not 0 then.
    for (const [i, column] of (await columns(scaled.validation)).entries()) {
      const [mean, spread] = [average(known[i] ?? []), deviation(known[i] ?? [])]
      const own = (await columns(parts.validation))[i] ?? []
      expectClose(
        column,
        own.map(x => (x - mean) / spread),
        ON_ENGINE,
      )
      expect(Math.abs(average(column))).toBeGreaterThan(1e-3)
    }
  })

  test('is fitted anew on the training part of each fold', async () => {
    // Far from 0 and wide: an untouched fold would not be learnt at all.
    const set = data.gauss(40, { seed: 1 }).withFeatures(x => x.mul(1e4).add(3e5))
    const known = (await set.features.array()) as number[][]
    const fitted: data.Scaling[] = []
    const parts: Int32Array[] = []
    const { best, transform } = await train.crossValidate({
      data: set,
      folds: 4,
      prepare: async part => {
        parts.push(part.rows)
        const scaling = await data.standardize(part)
        fitted.push(scaling)
        return scaling
      },
      model: () => nn.linear(2, 2),
      fit: { epochs: 20, batchSize: 10, optimizer: p => optim.adam(p, { learningRate: 0.1 }) },
      retrain: true,
      seed: 1,
    })
    // Four folds of 30 rows each, and all rows in the end.
    expect(parts.map(({ length }) => length)).toEqual([30, 30, 30, 30, 40])
    for (const row of set.rows) expect(parts.filter(part => part.includes(row))).toHaveLength(4)
    parts.forEach((part, fold) => {
      const own = Array.from(part, row => known[row] as number[])
      expectClose(
        fitted[fold]?.apply(own).flat() ?? [],
        own.flatMap(row => row.map((x, i) => (x - average(columnOf(own, i))) / deviation(columnOf(own, i)))),
        1e-6,
      )
    })
    // What is validated went through the transform as well.
    expect(best.mean).toBeGreaterThan(0.9)
    expect(transform).toBe(fitted.at(-1))
  })

  test('and saved with the model', async () => {
    const set = data.gauss(60, { seed: 1 })
    const scaling = await data.standardize(set)
    const model = nn.mlp([2, 4, 2])
    await train.fit(model, {
      train: scaling.apply(set),
      epochs: 3,
      optimizer: p => optim.adam(p, { learningRate: 0.05 }),
    })
    const bytes = await io.saveSafetensors(model, { transforms: { features: scaling } })

    // Elsewhere: a model of the same sizes, and rows as they were measured.
    const other = nn.mlp([2, 4, 2])
    const { transforms } = await io.loadSafetensors(bytes, other)
    const loaded = transforms.get('features')
    expect(loaded).toBeInstanceOf(data.Scaling)
    const rows = tensor([
      [0.3, -1],
      [2, 1],
    ])
    const [mine, theirs] = [model(scaling.apply(rows)), other((loaded as data.Scaling).apply(rows))]
    expect(await numbers(theirs)).toEqual(await numbers(mine))
  })
})
