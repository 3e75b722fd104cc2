// fit: what it refuses at its call, and what its promise rejects with.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  data,
  type Engine,
  init,
  nn,
  optim,
  type Parameter,
  RetrogradError,
  type Tensor,
  train,
} from '../../src/index.ts'
import { quadrants, sets, small } from './quadrants.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 1 })
})

afterAll(() => engine.dispose())

describe('what it refuses', () => {
  /** The message of what a call throws, at once. */
  const refusal = (options: object, model: unknown = small()): string => {
    try {
      train.fit(model as nn.Layer, options as train.FitOptions)
    } catch (error) {
      if (error instanceof RetrogradError) return error.message
      throw error
    }
    return 'nothing'
  }

  test.each<[string, () => [object, unknown?], RegExp]>([
    ['no data', () => [{}], /train is undefined, not a data set/],
    ['another validation', () => [{ train: sets(), validation: [] }], /validation is \[\], not a data set/],
    [
      'a batch above the set',
      () => [{ train: sets(20), batchSize: 21 }],
      /batchSize is 21, the set has 20 rows/,
    ],
    ['a batch of nothing', () => [{ train: sets(), batchSize: 0 }], /batchSize is 0/],
    ['half an epoch', () => [{ train: sets(), epochs: 0.5 }], /epochs must be a whole number/],
    [
      'an unknown loss',
      () => [{ train: sets(), loss: 'crossentropy' }],
      /unknown loss 'crossentropy'.*Known: softmaxCrossEntropy/,
    ],
    [
      'a loss per row',
      () => [{ train: sets(), loss: (output: Tensor) => output }],
      /the loss gives \[32, 2\]; it must be a float scalar/,
    ],
    [
      'an unknown metric',
      () => [{ train: sets(), validation: sets(), metrics: ['acc'] }],
      /unknown metric 'acc'/,
    ],
    ['metrics of nothing', () => [{ train: sets(), metrics: ['accuracy'] }], /metrics need a validation set/],
    ['a rule that is none', () => [{ train: sets(), stop: true }], /stop is true, not a rule/],
    ['an optimizer that is none', () => [{ train: sets(), optimizer: 'adam' }], /optimizer is 'adam'/],
    ['an unknown option', () => [{ train: sets(), batchsize: 3 }], /Did you mean 'batchSize'/],
    ['a signal that is none', () => [{ train: sets(), signal: {} }], /signal is/],
    ['a callback that is none', () => [{ train: sets(), onStep: 1 }], /onStep is 1, not a function/],
    ['a model that is none', () => [{ train: sets() }, 3], /not a layer/],
    ['inputs that do not fit', () => [{ train: sets() }, nn.mlp([3, 2])], /\[linear\]/],
    [
      'outputs that do not fit the classes',
      () => [{ train: data.dataset([[1], [2], [3]], Int32Array.of(0, 1, 2)) }, nn.mlp([1, 2])],
      /class|index/,
    ],
    [
      'outputs that do not fit the targets',
      () => [
        {
          train: data.dataset(
            [[1], [2]],
            [
              [1, 2, 3],
              [3, 2, 1],
            ],
          ),
        },
        nn.mlp([1, 2]),
      ],
      /\[fit\] the model gives \[2, 2\], the labels are float32 \[2, 3\]/,
    ],
  ])('%s', (_, make, expected) => {
    const [options, model] = make()
    expect(refusal(options, model)).toMatch(expected)
  })

  test.each([Number.NaN, 0, -1])('a learning rate of %s', rate => {
    expect(() => optim.adam(small().parameters(), { learningRate: rate })).toThrow(/learningRate is/)
  })

  test('a refused call leaves the memory as it was', () => {
    const model = small()
    const set = sets()
    optim.adam(model.parameters()) // the parameters move into their arena
    const before = engine.memory()
    expect(refusal({ train: set, loss: 'mse' }, model)).toMatch(/unknown loss/)
    expect(refusal({ train: set, loss: (output: Tensor) => output }, model)).toMatch(/scalar/)
    expect(engine.memory().liveBytes).toBe(before.liveBytes)
  })

  test('a schedule that gives NaN: the promise rejects, and so does the loop', async () => {
    const options = {
      train: sets(),
      optimizer: (p: readonly Parameter[]) =>
        optim.sgd(p, {
          learningRate: step => (step < 3 ? 0.1 : Number.NaN),
        }),
    }
    await expect(train.fit(small(), options)).rejects.toThrow(/schedule gives NaN at step 3/)
    await expect(
      (async () => {
        for await (const _ of train.fit(small(), options)) void _
      })(),
    ).rejects.toThrow(/schedule gives NaN/)
  })

  test('a loss that is not finite, with its step', async () => {
    const model = small(1)
    const run = train.fit(model, {
      train: data.dataset(
        [
          [1, 1],
          [2, 2],
        ],
        [1, 2],
      ),
      loss: 'meanSquaredError',
      optimizer: p => optim.sgd(p, { learningRate: 1e30 }),
      epochs: 100,
    })
    await expect(run).rejects.toThrow(/\[fit\] the loss of step \d+, in epoch \d+, is (NaN|Infinity)/)
    // What was learned of it until then is there.
    expect(run.history.losses.length).toBeGreaterThan(0)
  })

  test('what a callback throws comes out', async () => {
    const onStep = () => {
      throw new Error('mine')
    }
    await expect(train.fit(small(), { train: sets(), onStep })).rejects.toThrow('mine')
  })

  test('what an asynchronous callback rejects with comes out', async () => {
    const onStep = () => Promise.reject(new Error('mine'))
    await expect(train.fit(small(), { train: sets(), onStep })).rejects.toThrow('mine')
  })

  test('fewer outputs than classes, under any loss', () => {
    const { rows } = quadrants(9)
    const three = data.dataset(
      rows,
      Int32Array.from(rows, (_, i) => i % 3),
    )
    for (const outputs of [1, 2])
      for (const loss of ['softmaxCrossEntropy', 'sigmoidCrossEntropy', 'meanSquaredError', 'hinge'] as const)
        expect(() => train.fit(small(outputs), { train: three, loss })).toThrow(
          /the model gives \d outputs?, the labels have 3 classes/,
        )
  })

  test('a metric that takes the name of the loss', () => {
    const loss: train.Metric = { name: 'loss', better: 'less', of: () => 0 }
    expect(() => train.fit(small(), { train: sets(), validation: sets(), metrics: [loss] })).toThrow(
      /a metric has the name 'loss'/,
    )
  })

  test.each([
    ['earlyStopping', (monitor: string) => train.earlyStopping({ monitor })],
    ['noDecrease', (monitor: string) => train.noDecrease({ monitor })],
    ['threshold', (monitor: string) => train.threshold(1, { monitor })],
  ])('%s of what nobody computes, at the call', (name, rule) => {
    const given = { train: sets(), validation: sets(), metrics: ['accuracy'] }
    expect(refusal({ ...given, stop: rule('acuracy') })).toBe(
      `[${name}] there is no metric 'acuracy'. Did you mean 'accuracy'?`,
    )
    expect(refusal({ ...given, stop: rule('f1') })).toBe(
      `[${name}] there is no metric 'f1'. There are: loss, validationLoss, accuracy.`,
    )
    expect(refusal({ train: sets(), stop: rule('validationLoss') })).toBe(
      `[${name}] 'validationLoss' needs a validation set. Pass { validation }, or monitor the loss.`,
    )
  })

  test('each run of a rule starts it anew, once', async () => {
    let starts = 0
    const stop: train.StopRule = {
      restoresBest: false,
      start: () => {
        starts++
        return () => ({})
      },
    }
    await train.fit(small(), { train: sets(), epochs: 2, stop })
    expect(starts).toBe(1)
  })
})
