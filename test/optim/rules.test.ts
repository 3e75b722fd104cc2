// Optimizers against their publications: derived anew over 200 steps, and single steps worked by hand.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Engine, init, optim, type Parameter, parameter, tensor } from '../../src/index.ts'
import { derivations, disagreement } from './derivations.ts'

let single: Engine
let double: Engine

beforeAll(async () => {
  single = await init({ backend: 'cpu' })
  double = await init({ backend: 'cpu', precision: 'float64' })
})

afterAll(() => {
  single.dispose()
  double.dispose()
})

describe('200 steps agree with a float64 derivation', () => {
  test.each(Object.entries(derivations))('%s', async (_name, derivation) => {
    expect(await disagreement(single, derivation)).toBeLessThan(1e-5)
    // In double precision nothing but the order of roundings differs.
    expect(await disagreement(double, derivation)).toBeLessThan(1e-13)
  })
})

type Make = (parameters: readonly Parameter[]) => optim.Optimizer

/** The parameter after each step, from p = 1 unless said otherwise. */
async function walk(make: Make, gradients: readonly number[], start = 1): Promise<number[]> {
  const engine = double
  const p = parameter(tensor([start], { engine }))
  const optimizer = make([p])
  const path: number[] = []
  for (const g of gradients) {
    optimizer.step([tensor([g], { engine })])
    path.push((await p.data())[0] as number)
  }
  return path
}

/** Optimizer, gradients, the parameter after each step from 1, and how that comes about. */
const worked: readonly [what: string, make: Make, gradients: number[], path: number[]][] = [
  [
    'sgd', // 1 − 0.1·1, − 0.1·(−2)
    p => optim.sgd(p, { learningRate: 0.1 }),
    [1, -2],
    [0.9, 1.1],
  ],
  [
    'the heavy ball, ∇̄ = ∇ + β∇̄', // v = 1, 1.9, 2.71
    p => optim.sgd(p, { learningRate: 0.1, momentum: 0.9 }),
    [1, 1, 1],
    [0.9, 0.71, 0.439],
  ],
  [
    'dampened', // v = 1, 0.9 + 0.5, 1.26 + 0.5
    p => optim.sgd(p, { learningRate: 0.1, momentum: 0.9, dampening: 0.5 }),
    [1, 1, 1],
    [0.9, 0.76, 0.584],
  ],
  [
    'nesterov', // v = 1, 1.9; g + 0.9·v = 1.9, 2.71
    p => optim.sgd(p, { learningRate: 0.1, momentum: 0.9, nesterov: true }),
    [1, 1],
    [0.81, 0.539],
  ],
  [
    'v = μv + (1 − μ)ηg', // v = 0.1·0.1, 0.009 + 0.01, 0.0171 + 0.1·0.2: the rate doubles before the third step
    p => optim.sgd(p, { learningRate: t => (t < 2 ? 0.1 : 0.2), momentum: 0.9, averaged: true }),
    [1, 1, 1],
    [0.99, 0.971, 0.9339],
  ],
  [
    'adagrad', // s = 1, 5: 0.1·1/1, 0.1·2/√5
    p => optim.adagrad(p, { learningRate: 0.1 }),
    [1, 2],
    [0.9, 0.9 - 0.2 / Math.sqrt(5)],
  ],
  [
    'rmsprop', // s = 0.01, 0.0199: 0.01/0.1, 0.01/√0.0199
    p => optim.rmsprop(p),
    [1, 1],
    [0.9, 0.9 - 0.01 / Math.sqrt(0.0199)],
  ],
  [
    'rmsprop, centered', // s − m² = 0.01 − 0.01², 0.0199 − 0.0199²
    p => optim.rmsprop(p, { centered: true }),
    [1, 1],
    [1 - 0.01 / Math.sqrt(0.0099), 1 - 0.01 / Math.sqrt(0.0099) - 0.01 / Math.sqrt(0.0199 - 0.0199 ** 2)],
  ],
  [
    'rmsprop with momentum', // v = 10, 9 + 1/√0.0199
    p => optim.rmsprop(p, { momentum: 0.9 }),
    [1, 1],
    [0.9, 0.9 - 0.01 * (9 + 1 / Math.sqrt(0.0199))],
  ],
  [
    'adam', // m̂ = 1, (0.09 − 0.1)/0.19; v̂ = 1, 0.001999/0.001999
    p => optim.adam(p, { learningRate: 0.1 }),
    [1, -1],
    [0.9, 0.9 + (0.1 * 0.01) / 0.19],
  ],
  [
    'adamw', // 1 − 0.1·0.01·1 − 0.1·1
    p => optim.adamw(p, { learningRate: 0.1, penalized: 'all' }),
    [1],
    [0.899],
  ],
  [
    'L2', // 1 − 0.1·(1 + 0.5·1), 0.85 − 0.1·(0 + 0.5·0.85)
    p => optim.sgd(p, { learningRate: 0.1, weightDecay: 0.5, penalized: 'all' }),
    [1, 0],
    [0.85, 0.8075],
  ],
  [
    'L1', // drawn to 0 by 0.1·4 each time, and there it stays: |0.1·3| is within it, |0.1·6| is not
    p => optim.sgd(p, { learningRate: 0.1, l1: 4, penalized: 'all' }),
    [0, 0, 0, 3, -3, 6],
    [0.6, 0.2, 0, 0, 0, -0.2],
  ],
  [
    'L1 with momentum', // v = 1, 0.9: 0.1·v, and 0.1·0.5/(1 − 0.9) each time
    p => optim.sgd(p, { learningRate: 0.1, momentum: 0.9, l1: 0.5, penalized: 'all' }),
    [1, 0],
    [0.4, 0],
  ],
  [
    'L1 of adagrad', // s = 4: 0.1·2/2, and 0.1·1/2
    p => optim.adagrad(p, { learningRate: 0.1, l1: 1, penalized: 'all' }),
    [2],
    [0.85],
  ],
  [
    'L1 of adam', // m̂ = 2, v̂ = 4: 0.1·2/2, and 0.1·1/2
    p => optim.adam(p, { learningRate: 0.1, l1: 1, penalized: 'all' }),
    [2],
    [0.85],
  ],
]

describe('steps worked by hand', () => {
  test.each(worked)('%s', async (_what, make, gradients, path) => {
    const found = await walk(make, gradients)
    // ε = 1e-8 moves a step of rmsprop (its root is 0.1) by 1e-7 of 0.1, one of Adam by 1e-8 of 0.1.
    expect(found).toHaveLength(path.length)
    found.forEach((p, i) => {
      expect(Math.abs(p - (path[i] as number)), `step ${i}`).toBeLessThan(3e-8)
    })
    path.forEach((p, i) => {
      if (p === 0) expect(found[i]).toBe(0)
    })
  })
})

test('defaults are those of PyTorch', () => {
  const p = [parameter(tensor([1], { engine: single }))]
  const rates = [optim.sgd, optim.adagrad, optim.rmsprop, optim.adam, optim.adamw].map(
    make => make(p).learningRate,
  )
  expect(rates).toEqual([0.01, 0.01, 0.01, 0.001, 0.001])
})
