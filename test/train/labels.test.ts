// Labels: those of two sets that meet mean the same, and those of each are what the loss takes.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { data, type Engine, init, nn, optim, tensor, train } from '../../src/index.ts'
import { refusal, rejection } from '../data/refusal.ts'
import { small } from './quadrants.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 1 })
})

afterAll(() => engine.dispose())

const rows = [
  [1, 2],
  [2, 1],
  [-1, 1],
  [1, -1],
]

const named = (labels: readonly string[], classes?: readonly string[]) =>
  data.dataset(rows, labels, classes ? { classes } : {})

describe('classes of two sets that meet', () => {
  const cats = () => named(['cat', 'dog', 'cat', 'dog'])
  const eels = () => named(['dog', 'eel', 'dog', 'eel'])
  const told = 'classes are cat, dog in training, dog, eel in %.'

  test('fit compares the names of training and validation', async () => {
    expect(refusal(() => train.fit(small(), { train: cats(), validation: eels() }))).toBe(
      `value [fit] ${told.replace('%', 'validation')} Give both sets { classes: [names] }.`,
    )
    const all = ['cat', 'dog', 'eel']
    const given = (labels: readonly string[]) => named(labels, all)
    const model = small(3)
    await train.fit(model, {
      train: given(['cat', 'dog', 'cat', 'dog']),
      validation: given(['eel', 'dog', 'eel', 'dog']),
      epochs: 1,
    })
  })

  test('a stream too', () => {
    const chunks = [{ features: rows, labels: ['cat', 'dog', 'cat', 'dog'] }]
    const source = data.stream(chunks, { classes: ['cat', 'dog'] })
    expect(refusal(() => train.fit(small(), { train: source, validation: eels() }))).toContain(
      told.replace('%', 'validation'),
    )
  })

  test('names that agree as far as there are some, or are unknown, pass', async () => {
    const three = () => named(['a', 'b', 'c', 'a'])
    const two = () => named(['a', 'b', 'b', 'a'])
    const ids = () => data.dataset(rows, Int32Array.of(0, 1, 0, 1))
    await train.fit(small(3), { train: three(), validation: two(), epochs: 1 })
    await train.fit(small(), { train: two(), validation: ids(), epochs: 1 })
    await train.fit(small(), { train: ids(), validation: two(), epochs: 1 })
    expect(refusal(() => train.fit(small(3), { train: two(), validation: three() }))).toContain(
      'classes are a, b in training, a, b, c in validation.',
    )
  })

  test('a model is evaluated on the classes it was trained on', async () => {
    const model = small()
    await train.fit(model, { train: cats(), epochs: 1 })
    await train.evaluate(model, cats())
    for (const ask of [train.evaluate, train.classificationReport])
      expect(await rejection(ask(model, eels()))).toContain(told.replace('%', 'the data'))
    // It learns others, and what was never trained knows none.
    await train.fit(model, { train: eels(), epochs: 1 })
    await train.evaluate(model, eels())
    await train.evaluate(small(), cats())
  })

  test('so is an ensemble, and crossValidate by what prepare makes', async () => {
    const make = () => small()
    const { model } = await train.trainEnsemble({ model: make, count: 2, fit: { train: cats(), epochs: 1 } })
    expect(await rejection(train.evaluate(model, eels()))).toContain(told.replace('%', 'the data'))
    let sets = 0
    const prepare = () => ({ apply: (set: data.Dataset) => (sets++ === 0 ? set : eels()) })
    const crossed = train.crossValidate({ model: make, data: cats(), folds: 2, prepare, fit: { epochs: 1 } })
    expect(await rejection(crossed)).toContain(told.replace('%', 'validation'))
  })
})

describe('labels of the validation set', () => {
  const ids = (...labels: number[]) => data.dataset(rows, Int32Array.from(labels))
  const targets = (labels: readonly (readonly number[])[]) => data.dataset(rows, labels)

  test.each<[string, () => train.FitOptions, string]>([
    [
      'more classes than outputs',
      () => ({ train: ids(0, 1, 0, 1), validation: ids(0, 1, 2, 0) }),
      'shape [fit, validation] the model gives 2 outputs, the labels have 3 classes. Give the last layer one for each class.',
    ],
    [
      'targets of another width',
      () => ({
        train: targets([
          [1, 0],
          [1, 0],
          [0, 1],
          [0, 1],
        ]),
        validation: targets([[1], [1], [0], [0]]),
      }),
      'shape [fit, validation] the model gives [4, 2], the labels are float32 [4, 1]. Give the last layer as many outputs as a label has numbers.',
    ],
    [
      'numbers beside class ids',
      () => ({
        train: ids(0, 1, 0, 1),
        validation: targets([
          [1, 0],
          [0.5, 0.5],
          [-3, 4],
          [0, 1],
        ]),
      }),
      'value [fit, validation] the labels at row 2 are no probabilities that add up to 1. Use another loss, or other metrics.',
    ],
  ])('%s, at the call', (_, options, expected) => {
    expect(refusal(() => train.fit(small(), options()))).toBe(expected)
  })
})

describe('probabilities', () => {
  const softmax = 'the labels at row 1 are no probabilities that add up to 1.'
  const sigmoid = 'the labels at row 1 are no numbers from 0 to 1.'
  const set = (second: readonly number[]) =>
    data.dataset(rows.slice(0, 2), [second.map((_, i) => Number(i === 0)), second])

  test.each<[train.LossName, number[], string]>([
    ['softmaxCrossEntropy', [7, 2], softmax],
    ['softmaxCrossEntropy', [1.5, -0.5], softmax],
    ['softmaxCrossEntropy', [1, 1], softmax],
    ['softmaxCrossEntropy', [0.5, 0.4], softmax],
    ['sigmoidCrossEntropy', [1, -3], sigmoid],
    ['sigmoidCrossEntropy', [1, 1.01], sigmoid],
    ['hinge', [1, -1], sigmoid],
  ])('%s refuses %j at the call', async (loss, second, expected) => {
    const odd = set(second)
    expect(refusal(() => train.fit(small(), { train: odd, loss }))).toContain(`value [fit] ${expected}`)
    expect(await rejection(train.evaluate(small(), odd, { loss }))).toContain(`value [evaluate] ${expected}`)
    expect(await rejection(train.diagnose(small(), { data: odd, loss }))).toContain(expected)
    // Rows that are no part of the set do not count.
    await train.evaluate(small(), odd.subset([0]), { loss })
    // Numbers to predict may be any.
    await train.evaluate(small(), odd, { loss: 'meanSquaredError' })
  })

  test.each<[train.LossName, number[]]>([
    ['softmaxCrossEntropy', [0.33, 0.67]],
    ['softmaxCrossEntropy', [Math.fround(1 / 3), Math.fround(2 / 3)]],
    ['softmaxCrossEntropy', [0.33, 0.66]],
    ['sigmoidCrossEntropy', [1, 1]],
    ['sigmoidCrossEntropy', [0.3, 0]],
    ['hinge', [0, 1]],
  ])('%s takes %j', async (loss, second) => {
    expect((await train.evaluate(small(), set(second), { loss })).loss).toBeGreaterThan(0)
  })

  test('features that are their own targets are looked at', () => {
    const own = data.dataset([
      [0, 1],
      [0, 9],
    ])
    const model = nn.mlp([2, 2])
    const coder = { train: own, loss: 'sigmoidCrossEntropy' } as const
    expect(refusal(() => train.fit(model, coder))).toContain(sigmoid)
  })

  test('the rows of a stream are looked at as they come', async () => {
    const good = { features: rows, labels: [[1], [0], [1], [0]] }
    const bad = { features: rows, labels: [[1], [0], [0.5], [7]] }
    const source = data.stream(() => [good, bad], { batchSize: 2 })
    const run = train.fit(small(1), { train: source, loss: 'sigmoidCrossEntropy', epochs: 1 })
    expect(await rejection(run)).toContain(
      'value [stream, chunk 1] the labels at row 3 are no numbers from 0 to 1.',
    )
  })

  test('tensors are taken as they are', async () => {
    const set = data.dataset(tensor(rows), tensor([[1], [0], [7], [0]]))
    const optimizer = optim.sgd
    await train.fit(small(1), { train: set, loss: 'sigmoidCrossEntropy', optimizer, epochs: 1 })
  })
})
