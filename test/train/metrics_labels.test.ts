// Which labels metrics take: a class a row, yes or no to several, or numbers to predict; and how losses say which it is.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { data, type Engine, init, nn, tensor, train } from '../../src/index.ts'
import { confusionOf } from '../../src/train/metrics.ts'
import { refusal, rejection } from '../data/refusal.ts'
import { type Link, ofTargets } from './predictions.ts'

const { accuracy, precision, recall, f1, logLoss, rSquared } = train.metrics

describe('yes or no to each of several labels', () => {
  // Right but for the last row, where all three are wrong.
  const rows = [
    [2, 3, -1],
    [-1, 2, 2],
    [1, -2, -2],
    [-1, 1, 1],
  ]
  const labels = [
    [1, 1, 0],
    [0, 1, 1],
    [1, 0, 0],
    [1, 0, 0],
  ]
  const several = ofTargets(rows, labels, 'sigmoid')

  test('accuracy is the share of decisions that are right', () => {
    expect(accuracy.of(several)).toBe(9 / 12)
    expect(accuracy.of(ofTargets(rows.slice(0, 3), labels.slice(0, 3), 'sigmoid'))).toBe(1)
    expect(accuracy.of(ofTargets([[9, -8, 8]], [[1, 1, 0]], 'sigmoid'))).toBeCloseTo(1 / 3, 12)
  })

  test('precision, recall and F1 of saying yes, averaged over labels', () => {
    // Label 0: 2 right, 0 wrong, 1 missed; label 1: 2, 1, 0; label 2: 1, 1, 0.
    expect(precision.of(several)).toBeCloseTo((1 + 2 / 3 + 1 / 2) / 3, 12)
    expect(recall.of(several)).toBeCloseTo((2 / 3 + 1 + 1) / 3, 12)
    expect(f1.of(several)).toBeCloseTo((4 / 5 + 4 / 5 + 2 / 3) / 3, 12)
    // A label that is neither there nor found counts 0, as in scikit-learn.
    const lone = ofTargets([[1, -1]], [[1, 0]], 'sigmoid')
    expect([precision, recall, f1].map(metric => metric.of(lone))).toEqual([1 / 2, 1 / 2, 1 / 2])
  })

  test('log loss is the mean over all labels', () => {
    const cost = (x: number, y: number) => Math.log1p(Math.exp(y === 1 ? -x : x))
    const all = rows.flatMap((row, i) => row.map((x, j) => cost(x, labels[i]?.[j] ?? Number.NaN)))
    expect(logLoss.of(several)).toBeCloseTo(all.reduce((sum, each) => sum + each) / 12, 12)
  })

  test('of numbers from 0 to 1, yes begins at ½', () => {
    const shares = rows.map(row => row.map(x => 1 / (1 + Math.exp(-x))))
    const read = ofTargets(shares, labels)
    expect(accuracy.of(read)).toBe(9 / 12)
    expect(recall.of(read)).toBeCloseTo((2 / 3 + 1 + 1) / 3, 12)
    expect(logLoss.of(read)).toBeCloseTo(logLoss.of(several), 12)
  })

  test('there is no class a row to count or to rank', () => {
    const told = 'value [metrics] labels say yes or no to each of 3 outputs: no row has one class.'
    expect(refusal(() => confusionOf(several))).toContain(told)
    expect(refusal(() => train.topK(2).of(several))).toContain(told)
  })
})

describe('numbers to predict', () => {
  const told =
    /^value \[metrics\] the labels at row \d are no (classes, but numbers to predict|probabilities that add up to 1|numbers from 0 to 1)\. Use another/

  test.each<[string, Link, number[][]]>([
    ['one number', 'identity', [[0.2], [3]]],
    ['one number from 0 to 1', 'identity', [[0.2], [1]]],
    [
      'two',
      'identity',
      [
        [0, 1],
        [0.5, 0.7],
      ],
    ],
    [
      'no probabilities, under softmax',
      'softmax',
      [
        [1, 1],
        [0, 1],
      ],
    ],
    [
      'nor under sigmoid',
      'sigmoid',
      [
        [1, 1],
        [0, 2],
      ],
    ],
  ])('%s have no accuracy', (_, link, targets) => {
    const some = ofTargets(targets, targets, link)
    for (const metric of [accuracy, precision, recall, f1, logLoss, train.topK(1)])
      expect(refusal(() => metric.of(some))).toMatch(told)
    expect(refusal(() => confusionOf(some))).toMatch(told)
    expect(rSquared.of(some)).toBe(1)
  })

  test('rows of probabilities, and zeros and ones, say classes', () => {
    const soft = ofTargets(
      [
        [3, 1],
        [1, 3],
      ],
      [
        [0.8, 0.2],
        [0.6, 0.4],
      ],
    )
    expect(accuracy.of(soft)).toBe(0.5)
    expect(accuracy.of(ofTargets([[0.7], [0.9]], [[0], [1]]))).toBe(0.5)
  })
})

describe('through evaluate', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await init({ backend: 'cpu' })
  })
  afterAll(() => engine.dispose())

  /** Gives back its input. */
  const echo = () => nn.layer({ label: 'echo', forward: x => x })

  test('losses say how outputs are read', async () => {
    const single = data.dataset([[-1], [0.2], [0.7], [3]], Int32Array.of(0, 0, 1, 1))
    const metrics = ['accuracy', 'logLoss'] as const
    const logits = await train.evaluate(echo(), single, { loss: 'sigmoidCrossEntropy', metrics })
    expect(logits.accuracy).toBe(0.75)
    expect(logits.logLoss).toBeCloseTo(logits.loss, 5)
    const numbers = await train.evaluate(echo(), single, { loss: 'meanSquaredError', metrics })
    expect(numbers.accuracy).toBe(1)
  })

  test('softmax cross-entropy is log loss, for ids and one-hot rows alike', async () => {
    const rows = [
      [1, 2, 3],
      [3, 1, 0],
      [0, 0, 1],
    ]
    const ids = data.dataset(rows, Int32Array.of(2, 0, 1))
    const oneHot = data.dataset(
      rows,
      tensor([
        [0, 0, 1],
        [1, 0, 0],
        [0, 1, 0],
      ]),
    )
    const options = { loss: 'softmaxCrossEntropy', metrics: ['logLoss', 'accuracy', 'f1'] } as const
    const [a, b] = [await train.evaluate(echo(), ids, options), await train.evaluate(echo(), oneHot, options)]
    expect(b).toEqual(a)
    expect(a.logLoss).toBeCloseTo(a.loss, 5)
    expect(a.accuracy).toBeCloseTo(2 / 3, 12)
  })

  test('class ids under squared error, by name and as the loss', async () => {
    const set = data.dataset(
      [
        [1, 0.5],
        [0.5, 1],
      ],
      Int32Array.of(0, 1),
    )
    const scores = await train.evaluate(echo(), set, {
      loss: 'meanSquaredError',
      metrics: ['meanSquaredError', 'accuracy'],
    })
    expect(scores).toEqual({ loss: 0.125, meanSquaredError: 0.125, accuracy: 1 })
  })

  test('several labels: all nine decisions right is an accuracy of 1, and log loss is the loss', async () => {
    const set = data.dataset(
      [
        [2, 3, -1],
        [-1, 2, 2],
        [1, -2, -2],
      ],
      [
        [1, 1, 0],
        [0, 1, 1],
        [1, 0, 0],
      ],
    )
    const loss = 'sigmoidCrossEntropy'
    const scores = await train.evaluate(echo(), set, { loss, metrics: ['accuracy', 'logLoss', 'f1'] })
    expect(scores).toMatchObject({ accuracy: 1, f1: 1, logLoss: expect.closeTo(scores.loss, 6) })
    expect(await rejection(train.classificationReport(echo(), set, { loss }))).toContain('yes or no to each')
  })

  test('metrics of classes are refused at the call where labels are numbers', async () => {
    const set = data.dataset([1, 2, 3], [0.5, 2, 7])
    const told =
      'the labels at row 0 are no classes, but numbers to predict. Use another loss, or other metrics.'
    for (const name of ['accuracy', 'precision', 'recall', 'f1', 'logLoss'] as const) {
      const metrics = [name]
      const fit = () => train.fit(nn.linear(1, 1), { train: set, validation: set, metrics })
      expect(refusal(fit)).toBe(`value [fit, validation] ${told}`)
      expect(await rejection(train.evaluate(echo(), set, { metrics }))).toBe(`value [evaluate] ${told}`)
    }
    expect(await rejection(train.classificationReport(echo(), set))).toContain('numbers to predict')
    // Those of a tensor are seen when they are read.
    const seen = data.dataset(set.features, tensor([[0.5], [2], [7]]))
    expect(await rejection(train.evaluate(echo(), seen, { metrics: ['accuracy'] }))).toContain(
      'value [metrics] the labels at row 0 are no classes, but numbers to predict',
    )
  })
})
