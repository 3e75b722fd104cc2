// Metrics against values worked by hand, and what they make of odd shapes and numbers.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { train } from '../../src/index.ts'
import { classScores, confusionOf } from '../../src/train/metrics.ts'
import { refusal } from '../data/refusal.ts'
import { ofIds, ofTargets, says } from './predictions.ts'

const { accuracy, precision, recall, f1, logLoss, rSquared, meanSquaredError, meanAbsoluteError } =
  train.metrics

describe('classes', () => {
  // actual    0 0 0 0 1 1 1 2 2 2
  // predicted 0 0 0 1 1 1 2 2 0 0
  const actual = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]
  const predictions = ofIds(
    [0, 0, 0, 1, 1, 1, 2, 2, 0, 0].map(id => says(id)),
    actual,
  )

  test('the confusion matrix counts rows by actual and predicted class', () => {
    expect(confusionOf(predictions)).toEqual([
      [3, 1, 0],
      [0, 2, 1],
      [2, 0, 1],
    ])
  })

  test('precision, recall and F1 of each class', () => {
    const [a, b, c] = classScores(confusionOf(predictions))
    expect(a).toEqual({ precision: 3 / 5, recall: 3 / 4, f1: expect.closeTo(2 / 3, 12), support: 4 })
    expect(b).toEqual({ precision: 2 / 3, recall: 2 / 3, f1: expect.closeTo(2 / 3, 12), support: 3 })
    expect(c).toEqual({ precision: 1 / 2, recall: 1 / 3, f1: expect.closeTo(2 / 5, 12), support: 3 })
  })

  test('their macro means, and accuracy', () => {
    expect(precision.of(predictions)).toBeCloseTo((3 / 5 + 2 / 3 + 1 / 2) / 3, 12)
    expect(recall.of(predictions)).toBeCloseTo((3 / 4 + 2 / 3 + 1 / 3) / 3, 12)
    expect(f1.of(predictions)).toBeCloseTo((2 / 3 + 2 / 3 + 2 / 5) / 3, 12)
    expect(accuracy.of(predictions)).toBe(0.6)
  })

  test('a class that is predicted and does not occur counts, one that does neither does not', () => {
    // Class 0: precision 1, recall 1/2; class 2: both 0; class 1 is no part of it.
    const some = ofIds([says(0), says(2)], [0, 0])
    expect(precision.of(some)).toBe((1 + 0) / 2)
    expect(recall.of(some)).toBe((1 / 2 + 0) / 2)
    expect(f1.of(some)).toBeCloseTo((2 / 3 + 0) / 2, 12)
  })

  test('of equal outputs the first is the class', () => {
    expect(accuracy.of(ofIds([[1, 1, 0]], [0]))).toBe(1)
    expect(accuracy.of(ofIds([[1, 1, 0]], [1]))).toBe(0)
  })

  test('one-hot targets are the class of their 1', () => {
    const targets = actual.map(id => [0, 1, 2].map(i => Number(i === id)))
    const rows = Array.from({ length: 10 }, (_, i) => predictions.outputs.slice(3 * i, 3 * i + 3))
    const oneHot = ofTargets(rows, targets, 'softmax')
    expect(confusionOf(oneHot)).toEqual(confusionOf(predictions))
    expect(logLoss.of(oneHot)).toBe(logLoss.of(predictions))
  })

  test('a single logit says class 1 above 0, a single number above ½', () => {
    const rows = [[-1], [0.2], [0.7], [3]]
    expect(confusionOf(ofIds(rows, [0, 0, 1, 1], 'sigmoid'))).toEqual([
      [1, 1],
      [0, 2],
    ])
    expect(confusionOf(ofIds(rows, [0, 0, 1, 1], 'identity'))).toEqual([
      [2, 0],
      [0, 2],
    ])
    const targets = ofTargets(rows, [[0], [0], [1], [1]], 'sigmoid')
    expect(accuracy.of(targets)).toBe(0.75)
  })

  test('no row is lost where labels have more classes than one output tells', () => {
    const few = ofIds([[1], [0], [1]], [1, 0, 2], 'identity')
    expect(confusionOf(few)).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 1, 0],
    ])
    expect(accuracy.of(few)).toBeCloseTo(2 / 3, 12)
    expect(recall.of(few)).toBeCloseTo(2 / 3, 12)
  })

  test('sums of the confusion matrix are rows and right rows', () => {
    const row = fc.integer({ min: 0, max: 3 })
    fc.assert(
      fc.property(fc.array(fc.tuple(row, row), { minLength: 1, maxLength: 40 }), pairs => {
        const some = ofIds(
          pairs.map(([predicted]) => says(predicted, 4)),
          pairs.map(([, actual]) => actual),
        )
        const confusion = confusionOf(some)
        const right = confusion.reduce((sum, line, i) => sum + (line[i] ?? 0), 0)
        expect(confusion.flat().reduce((sum, count) => sum + count)).toBe(pairs.length)
        expect(accuracy.of(some)).toBeCloseTo(right / pairs.length, 12)
        // With k = 1 it is accuracy, with all classes certain.
        expect(train.topK(1).of(some)).toBe(accuracy.of(some))
        expect(train.topK(4).of(some)).toBe(1)
      }),
      { seed: 1 },
    )
  })
})

describe('top-k', () => {
  const rows = [
    [4, 3, 2, 1],
    [1, 3, 3, 2],
    [0, 0, 0, 0],
  ]
  test.each([
    [1, [1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0]],
    [2, [1, 1, 0, 0], [0, 1, 1, 0], [1, 1, 0, 0]],
    [3, [1, 1, 1, 0], [0, 1, 1, 1], [1, 1, 1, 0]],
    [4, [1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]],
  ])('k = %i: which classes are among them, of equals the first', (k, ...expected) => {
    const found = rows.map(row => [0, 1, 2, 3].map(id => train.topK(k).of(ofIds([row], [id]))))
    expect(found).toEqual(expected)
  })

  test('a single output has two classes', () => {
    const single = ofIds([[-1], [2], [3]], [1, 1, 0], 'sigmoid')
    expect(train.topK(1).of(single)).toBeCloseTo(1 / 3, 12)
    expect(train.topK(2).of(single)).toBe(1)
  })

  test('NaN is among none', () => {
    expect(train.topK(2).of(ofIds([[Number.NaN, Number.NaN, Number.NaN]], [1]))).toBe(0)
    expect(train.topK(1).of(ofIds([[Number.NaN, 2]], [0]))).toBe(0)
  })

  test('k is a whole number from 1 on', () => {
    expect(refusal(() => train.topK(0))).toBe('value [topK] k is 0; it must be a whole number from 1 on.')
    expect(refusal(() => train.topK(1.5))).toContain('k is 1.5')
  })
})

describe('log loss', () => {
  test('of logits', () => {
    // softmax(ln 1, ln 2, ln 5) = 1/8, 2/8, 5/8.
    const row = [Math.log(1), Math.log(2), Math.log(5)]
    expect(logLoss.of(ofIds([row, row], [0, 2]))).toBeCloseTo((Math.log(8) + Math.log(8 / 5)) / 2, 12)
  })

  test('of one logit: σ(ln 3) is ¾', () => {
    const single = ofIds([[Math.log(3)], [Math.log(3)]], [1, 0], 'sigmoid')
    expect(logLoss.of(single)).toBeCloseTo((Math.log(4 / 3) + Math.log(4)) / 2, 12)
  })

  test('of a logit for each class: the sigmoid of its own', () => {
    expect(logLoss.of(ofIds([[Math.log(3), -5]], [0], 'sigmoid'))).toBeCloseTo(Math.log(4 / 3), 12)
  })

  test('of probabilities', () => {
    const rows = [
      [0.8, 0.2],
      [0.4, 0.6],
    ]
    const expected = -(Math.log(0.8) + Math.log(0.6)) / 2
    expect(logLoss.of(ofIds(rows, [0, 1], 'identity'))).toBeCloseTo(expected, 12)
    expect(logLoss.of(ofIds([[0.2], [0.6]], [0, 1], 'identity'))).toBeCloseTo(expected, 12)
  })

  test('certain and wrong: logits keep their count, probabilities of 0 cost ln 10¹⁵', () => {
    expect(logLoss.of(ofIds([[1000, 0]], [1]))).toBe(1000)
    expect(logLoss.of(ofIds([[1000]], [0], 'sigmoid'))).toBe(1000)
    expect(logLoss.of(ofIds([[-1000]], [1], 'sigmoid'))).toBe(1000)
    expect(logLoss.of(ofIds([[-1000, 1000]], [0], 'sigmoid'))).toBe(1000)
    const most = 15 * Math.log(10)
    expect(logLoss.of(ofIds([[1, 0]], [1], 'identity'))).toBeCloseTo(most, 12)
    expect(logLoss.of(ofIds([[0]], [1], 'identity'))).toBeCloseTo(most, 12)
    // Outputs of a linear layer leave [0, 1].
    expect(logLoss.of(ofIds([[1.2, -0.2]], [1], 'identity'))).toBeCloseTo(most, 12)
    expect(logLoss.of(ofIds([[1.5]], [0], 'identity'))).toBeCloseTo(most, 12)
  })

  test('certain and right costs nothing, however large the logits', () => {
    expect(logLoss.of(ofIds([[1e30, 0, 0]], [0]))).toBe(0)
    expect(logLoss.of(ofIds([[1e30], [-1e30]], [1, 0], 'sigmoid'))).toBe(0)
    // Near 1000 doubles are 1e-13 apart: what is left must not be added to a logit.
    expect(logLoss.of(ofIds([[1000, 980]], [0]))).toBeCloseTo(Math.log1p(Math.exp(-20)), 15)
  })
})

describe('numbers', () => {
  test('R² of one output', () => {
    // Targets 1 2 3 6 have mean 3 and spread 4 + 1 + 0 + 9 = 14; errors are 1, 0, −1, 1.
    const some = ofTargets([[2], [2], [2], [7]], [[1], [2], [3], [6]])
    expect(rSquared.of(some)).toBeCloseTo(1 - 3 / 14, 12)
    expect(meanSquaredError.of(some)).toBe(3 / 4)
    expect(meanAbsoluteError.of(some)).toBe(3 / 4)
  })

  test('R² of two outputs: the mean of each, as in scikit-learn', () => {
    // The first column: spread 2, errors 0 and 1; the second: spread 200, errors 5 and 0.
    const rows = [
      [0, 105],
      [3, 120],
    ]
    const some = ofTargets(rows, [
      [0, 100],
      [2, 120],
    ])
    expect(rSquared.of(some)).toBeCloseTo((1 - 1 / 2 + (1 - 25 / 200)) / 2, 12)
    expect(meanSquaredError.of(some)).toBe(26 / 4)
    expect(meanAbsoluteError.of(some)).toBe(6 / 4)
  })

  test('R² is 1 for what is right, 0 for the mean, below for worse', () => {
    const targets = [[1], [2], [6]]
    expect(rSquared.of(ofTargets(targets, targets))).toBe(1)
    expect(rSquared.of(ofTargets([[3], [3], [3]], targets))).toBe(0)
    expect(rSquared.of(ofTargets([[6], [2], [1]], targets))).toBeLessThan(0)
  })

  test('R² of constant targets is 1 where they are met, else 0, so that other outputs keep their say', () => {
    expect(rSquared.of(ofTargets([[1], [1]], [[1], [1]]))).toBe(1)
    expect(rSquared.of(ofTargets([[1], [2]], [[1], [1]]))).toBe(0)
    const some = ofTargets(
      [
        [1, 0],
        [2, 5],
      ],
      [
        [1, 7],
        [2, 7],
      ],
    )
    expect(rSquared.of(some)).toBe(1 / 2)
    // 0.1 in float32: its mean is exact.
    const tenth = [Math.fround(0.1)]
    expect(rSquared.of(ofTargets([[1], [1], [1]], [tenth, tenth, tenth]))).toBe(0)
    expect(rSquared.of(ofTargets([[Number.NaN], [1]], [[1], [2]]))).toBeNaN()
  })

  test('class ids are numbers for one output, one-hot for several', () => {
    expect(meanSquaredError.of(ofIds([[0.5], [1], [3]], [0, 1, 2], 'identity'))).toBe((0.25 + 0 + 1) / 3)
    const several = ofIds(
      [
        [1, 0.5],
        [0.5, 1],
      ],
      [0, 1],
      'identity',
    )
    expect(meanSquaredError.of(several)).toBe(0.125)
    expect(meanAbsoluteError.of(several)).toBe(0.25)
  })

  test('targets of another width are refused, not compared across rows', () => {
    const some = ofTargets([[1, 2]], [[1]])
    for (const metric of [rSquared, meanSquaredError, meanAbsoluteError, accuracy, logLoss])
      expect(refusal(() => metric.of(some))).toBe(
        'shape [metrics] the model gives 2 numbers a row, labels have 1.',
      )
  })
})
