// Values that are known from elsewhere, and corners where a slope is a matter of definition.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  abs,
  cast,
  clip,
  cumsum,
  type Engine,
  erf,
  gelu,
  grad,
  huber,
  init,
  leakyRelu,
  logSumExp,
  max,
  maximum,
  norm,
  oneHot,
  prod,
  relu,
  selu,
  std,
  sum,
  type Tensor,
  tensor,
  variance,
} from '../../src/index.ts'
import { philox } from '../../src/random.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', precision: 'float64' })
})

afterAll(() => engine.dispose())

const slope = async (f: (x: Tensor) => Tensor, at: number[]): Promise<number[]> => {
  const x = tensor(at)
  return [...(await (grad(sum(f(x)), [x])[0] as Tensor).data())]
}

describe('slopes at corners', () => {
  test.each([
    ['relu', relu, [-1, 0, 1], [0, 0, 1]],
    ['abs', abs, [-2, 0, 2], [-1, 0, 1]],
    ['leakyRelu', (x: Tensor) => leakyRelu(x, { slope: 0.1 }), [-1, 0, 1], [0.1, 1, 1]],
    [
      'clip, 1 on the closed interval',
      (x: Tensor) => clip(x, { min: -1, max: 1 }),
      [-2, -1, 0, 1, 2],
      [0, 1, 1, 1, 0],
    ],
    ['maximum, shared at a tie', (x: Tensor) => maximum(x, 1), [0, 1, 2], [0, 0.5, 1]],
    ['max, shared among ties', (x: Tensor) => max(x), [3, 1, 3, 3], [1 / 3, 0, 1 / 3, 1 / 3]],
    ['norm, 0 at 0', (x: Tensor) => norm(x), [0, 0], [0, 0]],
    ['prod with one factor 0', (x: Tensor) => prod(x), [0, 2, 3], [6, 0, 0]],
    ['prod with two factors 0', (x: Tensor) => prod(x), [0, 0, 3], [0, 0, 0]],
  ] as const)('%s', async (_, f, at, expected) => {
    const found = await slope(f, [...at])
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] as number, 12)
    })
  })
})

describe('published values', () => {
  test('erf(1) = 0.8427007929497149 (Abramowitz and Stegun, table 7.1)', async () => {
    expect(await erf(tensor(1)).item()).toBeCloseTo(0.8427007929497149, 14)
    expect(await erf(tensor(3.5)).item()).toBeCloseTo(0.9999992569016276, 14)
  })

  test('gelu(1) = 0.8413447460685429, which is Φ(1); 0.8411919906082768 by tanh', async () => {
    expect(await gelu(tensor(1)).item()).toBeCloseTo(0.8413447460685429, 14)
    expect(await gelu(tensor(1), { approximate: 'tanh' }).item()).toBeCloseTo(0.8411919906082768, 14)
  })

  test('selu(−1) = −1.1113307378125625', async () => {
    expect(await selu(tensor(-1)).item()).toBeCloseTo(-1.1113307378125625, 14)
  })

  test('the variance of 2, 4, 4, 4, 5, 5, 7, 9 is 4, its unbiased estimate 32/7', async () => {
    const x = tensor([2, 4, 4, 4, 5, 5, 7, 9])
    expect(await variance(x).item()).toBe(4)
    expect(await std(x).item()).toBe(2)
    expect(await variance(x, { correction: 1 }).item()).toBeCloseTo(32 / 7, 14)
  })

  test('huber at delta 1: ½ within, |d| − ½ beyond', async () => {
    const loss = huber(tensor([0.5, 3]), tensor([0, 0]), { reduction: 'none' })
    expect([...(await loss.data())]).toEqual([0.125, 2.5])
  })

  test('logSumExp of 1000, 1000 is 1000 + ln 2', async () => {
    expect(await logSumExp(tensor([1000, 1000])).item()).toBeCloseTo(1000 + Math.LN2, 12)
  })

  test('cumsum, oneHot and casts', async () => {
    expect(await cumsum(tensor([1, 2, 3])).array()).toEqual([1, 3, 6])
    expect(await oneHot(tensor([1, 0], { dtype: 'int32' }), { classes: 3 }).array()).toEqual([
      [0, 1, 0],
      [1, 0, 0],
    ])
    expect(await cast(tensor([1.9, -1.9, 3e9]), 'int32').array()).toEqual([1, -1, 2147483647])
  })

  test('Philox4x32-10 gives the known answers of Random123', () => {
    expect(philox([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8])
    const ones = 0xffffffff
    expect(philox([ones, ones, ones, ones], [ones, ones])).toEqual([
      0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd,
    ])
    expect(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual([
      0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1,
    ])
  })
})
