// The worked examples of the lectures, with the figures they give.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  add,
  type Engine,
  grad,
  init,
  linear,
  maximum,
  mul,
  sigmoid,
  sigmoidCrossEntropy,
  softmax,
  softmaxCrossEntropy,
  sub,
  sum,
  type Tensor,
  tensor,
} from '../../src/index.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', precision: 'float64' })
})

afterAll(() => engine.dispose())

const numbers = async (tensors: readonly Tensor[]): Promise<number[]> =>
  (await Promise.all(tensors.map(x => x.data()))).flatMap(data => [...data])

/** Equal to the four decimals the lectures print. */
function expectFigures(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length)
  actual.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i] as number, 4)
  })
}

describe('a graph of gates', () => {
  test('σ(w₀x₀ + w₁x₁ + w₂) at w = (2, −3, −3), x = (−1, −2)', async () => {
    const [w0, w1, w2, x0, x1] = [2, -3, -3, -1, -2].map(value => tensor(value)) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ]
    const y = sigmoid(add(add(mul(w0, x0), mul(w1, x1)), w2))
    // 0.7311 and multiples of its slope 0.1966.
    expectFigures([await y.item()], [0.7311])
    expectFigures(await numbers(grad(y, [w0, w1, w2])), [-0.1966, -0.3932, 0.1966])
    expectFigures(await numbers(grad(y, [x0, x1])), [0.3932, -0.5898])
  })

  test('(x + σ(y)) / (σ(x) + (x + y)²) at (3, −4)', async () => {
    const x = tensor(3)
    const y = tensor(-4)
    const f = add(x, sigmoid(y)).div(add(sigmoid(x), add(x, y).square()))
    const logistic = (z: number): number => 1 / (1 + Math.exp(-z))
    const value = (a: number, b: number): number => (a + logistic(b)) / (logistic(a) + (a + b) ** 2)
    const epsilon = 1e-5
    const slopes = [
      (value(3 + epsilon, -4) - value(3 - epsilon, -4)) / (2 * epsilon),
      (value(3, -4 + epsilon) - value(3, -4 - epsilon)) / (2 * epsilon),
    ]
    expectFigures([await f.item()], [1.5456])
    expectFigures(await numbers(grad(f, [x, y])), [2.0596, 1.5922])
    expectFigures(slopes, [2.0596, 1.5922])
  })

  test('(x + y)·z: add passes the gradient on, mul swaps its inputs', async () => {
    const [x, y, z] = [-2, 5, -4].map(value => tensor(value)) as [Tensor, Tensor, Tensor]
    const f = mul(add(x, y), z)
    expect(await f.item()).toBe(-12)
    expect(await numbers(grad(f, [x, y, z]))).toEqual([-4, -4, 3])
  })

  test('x·y at (4, −3)', async () => {
    const x = tensor(4)
    const y = tensor(-3)
    expect(await numbers(grad(mul(x, y), [x, y]))).toEqual([-3, 4])
  })

  test('max(x, y) routes the gradient', async () => {
    const x = tensor(4)
    const y = tensor(-3)
    expect(await numbers(grad(maximum(x, y), [x, y]))).toEqual([1, 0])
  })

  test('gradients add up where a value forks', async () => {
    const x = tensor(3)
    expect(await numbers(grad(add(mul(x, x), x), [x]))).toEqual([7])
  })
})

describe('losses', () => {
  test('the gradient of a logistic neuron is (ŷ − y)·x', async () => {
    const x = tensor([[0.5, -1.5, 2]])
    const w = tensor([[0.2], [-0.4], [0.1]])
    const b = tensor([0.3])
    const z = linear(x, w, b)
    const [dw, db] = grad(sigmoidCrossEntropy(z, tensor([[1]])), [w, b]) as [Tensor, Tensor]
    const error = (await sigmoid(z).item()) - 1
    const expected = [0.5, -1.5, 2].map(value => value * error)
    ;[...(await dw.data())].forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] as number, 12)
    })
    expect(await db.item()).toBeCloseTo(error, 12)
  })

  test('the gradient of softmax cross-entropy with respect to the logits is p − y', async () => {
    const logits = tensor([[1, 2, 3]])
    const loss = softmaxCrossEntropy(logits, tensor([2], { dtype: 'int32' }))
    expect(await loss.item()).toBeCloseTo(0.40760596, 7)
    const [gradient] = grad(loss, [logits]) as [Tensor]
    const expected = await sub(softmax(logits), tensor([[0, 0, 1]])).data()
    ;[...(await gradient.data())].forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] as number, 12)
    })
  })

  test('class ids and one-hot labels give the same loss', async () => {
    const logits = tensor([
      [1, 2, 3],
      [0.5, -1, 0],
    ])
    const ids = softmaxCrossEntropy(logits, tensor([2, 0], { dtype: 'int32' }))
    const oneHot = softmaxCrossEntropy(
      logits,
      tensor([
        [0, 0, 1],
        [1, 0, 0],
      ]),
    )
    expect(await ids.item()).toBeCloseTo(await oneHot.item(), 12)
  })
})

test('a hidden layer passes back Wᵀδ ⊙ g′(a), its weights get δ·hᵀ, its biases δ', async () => {
  const x = tensor([[0.3, -0.6]])
  const w1 = tensor([
    [0.1, 0.4, -0.2],
    [-0.3, 0.2, 0.5],
  ])
  const b1 = tensor([0.1, -0.1, 0.2])
  const w2 = tensor([[0.7], [-0.5], [0.3]])
  const a = linear(x, w1, b1)
  const h = sigmoid(a)
  const z = linear(h, w2)
  const loss = sum(z.sub(1).square().mul(0.5))
  const [dw2, dw1, db1] = grad(loss, [w2, w1, b1]) as [Tensor, Tensor, Tensor]
  const delta = (await z.item()) - 1
  const hidden = [...(await h.data())]
  const weights = [0.7, -0.5, 0.3]
  ;[...(await dw2.data())].forEach((value, i) => {
    expect(value).toBeCloseTo(delta * (hidden[i] as number), 12)
  })
  const deltas = hidden.map((unit, i) => (weights[i] as number) * delta * unit * (1 - unit))
  ;[...(await db1.data())].forEach((value, i) => {
    expect(value).toBeCloseTo(deltas[i] as number, 12)
  })
  const outer = [0.3, -0.6].flatMap(input => deltas.map(d => input * d))
  ;[...(await dw1.data())].forEach((value, i) => {
    expect(value).toBeCloseTo(outer[i] as number, 12)
  })
})
