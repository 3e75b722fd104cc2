// Values others have published, and what IEEE 754 says of the ends: the references are held to them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as retrograd from '../../src/index.ts'
import { type Engine, init, type Tensor, tensor } from '../../src/index.ts'
import { philox } from '../../src/random.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', precision: 'float64' })
})

afterAll(() => engine.dispose())

const t = (values: retrograd.TensorLike) => tensor(values, { engine })

const published: [what: string, values: () => Tensor, expected: readonly number[], digits: number][] = [
  // Abramowitz and Stegun, table 7.1.
  ['erf', () => retrograd.erf(t([0, 0.5, 1, 2])), [0, 0.5204998778, 0.8427007929, 0.995322265], 9],
  // x·Φ(x) with Φ(1) = 0.8413447461 and Φ(2) = 0.9772498681, Abramowitz and Stegun, table 26.1.
  ['gelu', () => retrograd.gelu(t([1, -1, 2])), [0.8413447461, -0.1586552539, 1.9544997361], 9],
  ['sigmoid', () => retrograd.sigmoid(t([0, Math.log(3)])), [0.5, 0.75], 12],
  ['softplus', () => retrograd.softplus(t([0])), [Math.LN2], 12],
  ['tanh', () => retrograd.tanh(t([0.5])), [0.46211715726], 10],
  // λ = 1.0507 and λ·α = 1.7581: Klambauer et al. 2017.
  ['selu', () => retrograd.selu(t([1, -1e9])), [1.0507009874, -1.7580993408], 9],
  ['softmax', () => retrograd.softmax(t([1, 2, 3])), [0.0900305732, 0.2447284711, 0.6652409558], 9],
  ['log of a sum of exponentials', () => retrograd.logSumExp(t([1000, 1000])), [1000 + Math.LN2], 9],
  ['population and sample variance', () => retrograd.variance(t([2, 4, 4, 4, 5, 5, 7, 9])), [4], 12],
  ['sample variance', () => retrograd.variance(t([2, 4, 4, 4, 5, 5, 7, 9]), { correction: 1 }), [32 / 7], 12],
  ['norms', () => retrograd.norm(t([3, -4])), [5], 12],
  ['rounding to even', () => retrograd.round(t([0.5, 1.5, 2.5, -0.5, -1.5])), [0, 2, 2, 0, -2], 12],
  [
    'cross-entropy of equal logits',
    () => retrograd.softmaxCrossEntropy(t([[0, 0, 0, 0]]), t([[0, 1, 0, 0]])),
    [Math.log(4)],
    12,
  ],
  ['Huber loss', () => retrograd.huber(t([0, 0]), t([0.5, 3]), { reduction: 'none' }), [0.125, 2.5], 12],
]

test.each(published)('%s', async (_, values, expected, digits) => {
  const numbers = Array.from(await values().data())
  expect(numbers.length).toBe(expected.length)
  numbers.forEach((number, i) => {
    expect(number).toBeCloseTo(expected[i] as number, digits)
  })
})

const { NaN: nan, POSITIVE_INFINITY: inf } = Number

describe('IEEE 754', () => {
  test.each<[string, () => Tensor, readonly number[]]>([
    ['max keeps NaN', () => retrograd.maximum(t([nan, 1]), 0), [nan, 1]],
    ['relu keeps NaN', () => retrograd.relu(t([nan, -inf, inf])), [nan, 0, inf]],
    ['log at the ends', () => retrograd.log(t([0, -1, inf])), [-inf, nan, inf]],
    ['tanh saturates', () => retrograd.tanh(t([100, -100])), [1, -1]],
    ['NaN times 0', () => retrograd.mul(t([nan, inf]), 0), [nan, nan]],
    ['division by 0', () => retrograd.div(t([1, -1, 0]), 0), [inf, -inf, nan]],
    ['NaN is unequal to itself', () => retrograd.equal(t([nan, 1]), t([nan, 1])), [0, 1]],
    ['isNaN and isFinite', () => retrograd.isFinite(t([nan, inf, 1])), [0, 0, 1]],
    ['sums carry NaN', () => retrograd.sum(t([1, nan])), [nan]],
    ['max of a row carries NaN', () => retrograd.max(t([1, nan])), [nan]],
    [
      'powers',
      () => retrograd.pow(t([0, 1, nan, -8, -1, 2]), t([0, nan, 0, 1 / 3, inf, -inf])),
      [1, 1, 1, nan, 1, 0],
    ],
    ['nothing', () => retrograd.sum(t([])), [0]],
    ['the product of nothing', () => retrograd.prod(t([])), [1]],
    ['all and any of nothing', () => retrograd.all(t([])), [1]],
    ['the mean of nothing', () => retrograd.mean(t([])), [nan]],
  ])('%s', async (_, values, expected) => {
    expect(Array.from(await values().data()).map(x => x + 0)).toEqual(expected)
  })

  test('the maximum of nothing is refused, as NumPy does', () => {
    expect(() => retrograd.max(t([]))).toThrow(/nothing/)
  })
})

// Known answers of philox4x32-10 that come with Random123, the authors' library.
test.each([
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
])('philox of %j', (counter, key, expected) => {
  expect(philox(counter, key)).toEqual(expected)
})

describe('slopes at corners', () => {
  test.each<[string, (x: Tensor) => Tensor, number, number]>([
    ['relu', x => retrograd.relu(x), 0, 0],
    ['leakyRelu', x => retrograd.leakyRelu(x), 0, 1],
    ['abs', x => retrograd.abs(x), 0, 0],
    ['clip, at its upper end', x => retrograd.clip(x, { min: -1, max: 2 }), 2, 1],
    ['clip, at its lower end', x => retrograd.clip(x, { min: -1, max: 2 }), -1, 1],
    ['maximum, at a tie', x => retrograd.maximum(x, t([0])), 0, 0.5],
  ])('%s', async (_, fn, at, slope) => {
    const x = t([at])
    const [dx] = retrograd.grad(retrograd.sum(fn(x)), [x]) as [Tensor]
    expect(Array.from(await dx.data())).toEqual([slope])
  })

  test('max shares the gradient among ties', async () => {
    const x = t([
      [1, 3, 3],
      [2, 2, 2],
    ])
    const [dx] = retrograd.grad(retrograd.sum(retrograd.max(x, { axis: 1 })), [x]) as [Tensor]
    expect(Array.from(await dx.data())).toEqual([0, 0.5, 0.5, 1 / 3, 1 / 3, 1 / 3])
  })
})

test('argMax of ties is the first', async () => {
  expect(await retrograd.argMax(t([1, 3, 3])).item()).toBe(1)
})
