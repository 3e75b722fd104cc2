// Ensembles: votes and means by hand, what they guarantee, and training several models from different seeds.
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { data, type Engine, init, nn, optim, type Tensor, tensor, train } from '../../src/index.ts'
import { refusal, rejection } from '../data/refusal.ts'

let engine: Engine
let before: ReturnType<Engine['memory']>

beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
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

/** A model that gives these columns of its input. */
const columns = (first: number, width: number): nn.Layer =>
  nn.layer({
    label: `columns(${first}, ${width})`,
    forward: x => x.slice({ start: [0, first], end: [x.shape[0] ?? 0, first + width] }),
  })

/** What an ensemble makes of outputs: outputs[row][model] is what a model gives for a row. */
async function combined(
  outputs: readonly (readonly (readonly number[])[])[],
  options: train.EnsembleOptions,
): Promise<number[][]> {
  const width = outputs[0]?.[0]?.length ?? 0
  const models = outputs[0]?.map((_, i) => columns(i * width, width)) ?? []
  const x = tensor(outputs.map(row => row.flat()))
  const y = train.ensemble(models, options)(x)
  const numbers = (await y.array()) as number[][]
  x.dispose()
  y.dispose()
  return numbers
}

describe('mean', () => {
  test('of the outputs as they are', async () => {
    expect(
      await combined(
        [
          [
            [1, 2],
            [3, 6],
          ],
          [
            [0, -1],
            [1, 1],
          ],
        ],
        { combine: 'mean' },
      ),
    ).toEqual([
      [2, 4],
      [0.5, 0],
    ])
  })

  test('errs at most as much as its models on the average: squared error and cross-entropy', async () => {
    const number = fc.double({ min: -5, max: 5, noNaN: true })
    const rows = fc.array(fc.array(number, { minLength: 9, maxLength: 9 }), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(rows, async rows => {
        const models = [0, 3, 6].map(first => columns(first, 3))
        for (const [loss, labels] of [
          ['softmaxCrossEntropy', Int32Array.from(rows, (_, i) => i % 3)],
          ['meanSquaredError', rows.map((_, i) => [i, 0, 1])],
        ] as const) {
          const set = data.dataset(rows, labels, labels instanceof Int32Array ? { classes: 3 } : {})
          const losses = await Promise.all(
            models.map(async model => (await train.evaluate(model, set, { loss })).loss),
          )
          const { loss: own } = await train.evaluate(train.ensemble(models), set, { loss })
          // Losses below 40, each within a few float32 roundings.
          expect(own).toBeLessThanOrEqual(losses.reduce((sum, each) => sum + each, 0) / 3 + 1e-4)
          set.dispose()
        }
      }),
      { seed: 1, numRuns: 20 },
    )
  })

  test('is a layer like any other: parameters, dropout in training, summary, gradients', async () => {
    const models = [nn.linear(2, 1), nn.mlp([2, 3, 1], { dropout: 0.5 })]
    const model = train.ensemble(models)
    expect(model.parameters()).toEqual(models.flatMap(part => part.parameters()))
    expect([...model.namedParameters().keys()][0]).toBe('0.weight')
    expect(model.summary()).toContain('ensemble(2, mean)')
    const set = data.dataset(
      [
        [0, 1],
        [1, 0],
      ],
      [1, 2],
    )
    const { history } = await train.fit(model, { train: set, epochs: 3 })
    expect(history.epochs).toHaveLength(3)
    set.dispose()
    model.dispose()
    expect(models.flatMap(part => part.parameters()).every(p => p.isDisposed)).toBe(true)
  })
})

describe('vote', () => {
  const a = [3, 0, 0]
  const b = [0, 1, 0]
  const c = [0, 0, 9]

  test('each class has its share of votes, however sure a model is', async () => {
    expect(
      await combined(
        [
          [a, a, c, b],
          [c, b, b, b],
        ],
        { combine: 'vote' },
      ),
    ).toEqual([
      [0.5, 0.25, 0.25],
      [0, 0.75, 0.25],
    ])
  })

  test('of equal counts the lowest class wins, in metrics too', async () => {
    const x = [
      [...c, ...b],
      [...b, ...a],
      [...c, ...c],
    ]
    const models = [columns(0, 3), columns(3, 3)]
    const set = data.dataset(x, Int32Array.of(1, 0, 2))
    const voting = train.ensemble(models, { combine: 'vote' })
    const { accuracy } = await train.evaluate(voting, set, { metrics: ['accuracy'] })
    expect(accuracy).toBe(1)
    const votes: Tensor = train.predict(voting, set)
    expect(await votes.array()).toEqual([
      [0, 0.5, 0.5],
      [0.5, 0.5, 0],
      [0, 0, 1],
    ])
    votes.dispose()
    set.dispose()
  })

  test('a single output: above the threshold where most models are, at it where half are', async () => {
    const outputs = [
      [[5], [-1], [-1]],
      [[0.1], [0.2], [-9]],
      [[-1], [-1], [-1]],
    ]
    const logits = await combined(outputs, { combine: 'vote' })
    expect(logits.map(([y = 0]) => Math.round(y * 6))).toEqual([-1, 1, -3])
    expect(await combined([[[1], [-1]]], { combine: 'vote' })).toEqual([[0]])
    const numbers = await combined([[[0.4], [0.6], [0.9], [0.8]]], { combine: 'vote', threshold: 0.5 })
    expect(numbers).toEqual([[0.75]])
  })

  test('the majority of three that err apart is right where each is wrong once', async () => {
    const truth = [0, 1, 0, 1]
    const said = truth.map((id, row) => [0, 1, 2].map(i => (row === i ? 1 - id : id)))
    const set = data.dataset(
      said.map(row => row.flatMap(id => [1 - id, id])),
      Int32Array.from(truth),
    )
    const models = [0, 2, 4].map(first => columns(first, 2))
    const accuracy = async (model: nn.Layer) =>
      (await train.evaluate(model, set, { metrics: ['accuracy'] })).accuracy
    for (const model of models) expect(await accuracy(model)).toBe(0.75)
    expect(await accuracy(train.ensemble(models, { combine: 'vote' }))).toBe(1)
    set.dispose()
  })
})

test('refuses what is no ensemble', () => {
  expect(refusal(() => train.ensemble([]))).toBe('value [ensemble] there are no models. Pass one or more.')
  expect(refusal(() => train.ensemble([3] as unknown as nn.Layer[]))).toContain('item 0 is 3, not a layer')
  expect(refusal(() => train.ensemble([columns(0, 1)], { combine: 'median' as 'mean' }))).toContain(
    "combine is 'median'",
  )
  const odd = train.ensemble([columns(0, 1), columns(0, 2)])
  const x = tensor([[1, 2]])
  expect(refusal(() => odd(x))).toBe('shape [ensemble] models give [1, 1] and [1, 2]. Give all one shape.')
  x.dispose()
})

describe('trainEnsemble', () => {
  const model = () => nn.mlp([2, 4, 2], { activation: 'tanh', dropout: 0.2 })
  const options = () => ({ train: set, epochs: 3, optimizer: optim.adam })
  let set: data.Dataset
  beforeAll(() => {
    set = data.circle(60, { seed: 1 })
  })
  afterAll(() => set.dispose())

  const numbersOf = async (layer: nn.Layer): Promise<number[]> =>
    (await Promise.all(layer.parameters().map(p => p.data()))).flatMap(numbers => [...numbers])

  test('trains models that differ, all from one seed', async () => {
    const run = (seed: number) => train.trainEnsemble({ model, count: 3, seed, fit: options() })
    const [a, b, other] = [await run(1), await run(1), await run(2)]
    expect(a.models).toHaveLength(3)
    expect(a.model.label).toBe('ensemble(3, vote)')
    expect(a.histories.map(({ epochs }) => epochs.length)).toEqual([3, 3, 3])
    const weights = await Promise.all(a.models.map(numbersOf))
    expect(new Set(weights.map(String)).size).toBe(3)
    expect(await numbersOf(b.model)).toEqual(weights.flat())
    expect(b.histories.map(({ losses }) => losses)).toEqual(a.histories.map(({ losses }) => losses))
    expect(await numbersOf(other.model)).not.toEqual(weights.flat())
    for (const each of [a, b, other]) each.model.dispose()
  })

  test('takes the mean for numbers to predict, five models, and validation with early stopping', async () => {
    const line = data.sine(30, { seed: 1 })
    const trained = await train.trainEnsemble({
      model: () => nn.linear(1, 1),
      fit: { train: line, validation: line, epochs: 2, stop: train.earlyStopping({ patience: 1 }) },
    })
    expect(trained.model.label).toBe('ensemble(5, mean)')
    trained.model.dispose()
    line.dispose()
  })

  test.each([
    ['a logit', 'sigmoidCrossEntropy', () => nn.mlp([2, 8, 1], { activation: 'tanh' })],
    ['a number', 'meanSquaredError', () => nn.mlp([2, 8, 1], { activation: 'tanh' })],
    [
      'a probability, under a loss of one’s own',
      (output: Tensor, labels: Tensor) =>
        output
          .sub(labels.cast('float32').reshape([-1, 1]))
          .square()
          .mean(),
      () => nn.sequential(nn.mlp([2, 8, 1], { activation: 'tanh' }), nn.sigmoid()),
    ],
  ] as const)('votes of a single output, %s, are read as metrics read it', async (_, loss, model) => {
    const clouds = data.gauss(100, { noise: 0.2, seed: 3 })
    const trained = await train.trainEnsemble({
      model,
      count: 3,
      seed: 1,
      fit: { train: clouds, loss, epochs: 20, optimizer: p => optim.adam(p, { learningRate: 0.02 }) },
    })
    const accuracy = async (layer: nn.Layer) =>
      (await train.evaluate(layer, clouds, { loss, metrics: ['accuracy'] })).accuracy ?? Number.NaN
    const own = await Promise.all(trained.models.map(accuracy))
    expect(trained.model.label).toBe('ensemble(3, vote)')
    expect(Math.min(...own)).toBeGreaterThan(0.9)
    // Where two of three are right, so is the vote.
    expect(await accuracy(trained.model)).toBeGreaterThanOrEqual(Math.min(...own))
    trained.model.dispose()
    clouds.dispose()
  })

  test('an aborted signal, and what goes wrong, leave no model behind', async () => {
    const controller = new AbortController()
    let left = 4
    const onEpoch = () => {
      if (--left === 0) controller.abort(new Error('enough'))
    }
    const { signal } = controller
    const running = train.trainEnsemble({ model, signal, fit: { ...options(), onEpoch } })
    await expect(running).rejects.toThrow('enough')
    let made = 0
    const second = () => nn.linear(++made === 2 ? 3 : 2, 2)
    expect(await rejection(train.trainEnsemble({ model: second, fit: options() }))).toContain('shape ')
  })

  test('refuses what makes no sense', async () => {
    const refused = (given: object) => rejection(train.trainEnsemble({ model, fit: options(), ...given }))
    expect(await refused({ count: 0 })).toContain('count is 0')
    expect(await refused({ model: () => 3 })).toContain('model gave 3, not a layer')
    expect(await refused({ fit: undefined })).toContain('train is undefined')
    expect(await refused({ fit: { ...options(), seed: 3 } })).toContain('fit names seed')
    expect(await refused({ combine: 'most' })).toContain("combine is 'most'")
  })
})
