// The lectures on graph and backpropagation: how a network computes and is differentiated, and their worked examples.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  add,
  compile,
  defineOp,
  type Engine,
  grad,
  init,
  linear,
  matmul,
  max,
  maximum,
  mul,
  nn,
  RetrogradError,
  sigmoid,
  sigmoidCrossEntropy,
  softmax,
  softmaxCrossEntropy,
  square,
  sum,
  type Tensor,
  tanh,
  tensor,
  train,
} from '../../src/index.ts'
import { expectClose, expectFigures, numbers, slope } from './support.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', precision: 'float64', seed: 1 })
})

afterAll(() => engine.dispose())

const scalars = (...values: number[]): Tensor[] => values.map(value => tensor(value))

describe('a network is a directed graph of variables and differentiable operations', () => {
  test('gradients flow from an operation to the variables it was made of, and nowhere else', async () => {
    const [x, y] = scalars(3, 5) as [Tensor, Tensor]
    const product = mul(x, y)
    const apart = add(x, 1)
    expect(await numbers(...grad(product, [x, y]))).toEqual([5, 3])
    // Against the direction, and between branches, there is no path.
    for (const [of, to] of [
      [x, product],
      [apart, y],
    ] as const) {
      expect(() => grad(of, [to])).toThrow(RetrogradError)
    }
    expect(await numbers(...grad(apart, [y], { allowUnused: true }))).toEqual([0])
  })

  test('data and computation are kept apart', async () => {
    let recordings = 0
    const neuron = compile((x: Tensor, w: Tensor) => {
      recordings++
      return sigmoid(sum(mul(x, w)))
    })
    const w = tensor([2, -3])
    const outputs = [
      [-1, -2],
      [0, 0],
      [1, 1],
    ].map(x => neuron(tensor(x), w))
    expectFigures(await numbers(...outputs), [0.982, 0.5, 0.2689])
    expect(recordings).toBe(1)
    neuron.dispose()
  })
})

describe('forward in order, backward in reverse order', () => {
  /** Squares, and tells of it. */
  const telling = (name: string, told: string[]) =>
    defineOp<object, [x: Tensor]>({
      name,
      family: 'lectures',
      method: false,
      parse: x => ({ inputs: [x], attributes: {} }),
      infer: ([x]) => x as NonNullable<typeof x>,
      reference: ([x], [y]) => {
        told.push(`${name} forward`)
        for (let i = 0; x && y && i < x.length; i++) y[i] = (x[i] as number) ** 2
      },
      kernel: { variants: ['none'], program: () => ({ dispatches: [] }) },
      gradient: ([x], _y, [g]) => {
        told.push(`${name} backward`)
        return [mul(mul(x as Tensor, 2), g as Tensor)]
      },
      tolerance: () => ({ absolute: 0, relative: 0 }),
      samples: [],
    })

  test('the operations of a chain, and then their gradients from the last to the first', async () => {
    const told: string[] = []
    const [a, b, c] = ['a', 'b', 'c'].map(name => telling(name, told)) as [
      ReturnType<typeof telling>,
      ReturnType<typeof telling>,
      ReturnType<typeof telling>,
    ]
    const x = tensor(3)
    const y = c(b(a(x)))
    expect(await y.item()).toBe(3 ** 8)
    expect(told).toEqual(['a forward', 'b forward', 'c forward'])
    expect(await slope(y, x).item()).toBe(8 * 3 ** 7)
    expect(told.filter(line => line.endsWith('backward'))).toEqual(['c backward', 'b backward', 'a backward'])
  })

  test('forward values are cached for the backward', async () => {
    const told: string[] = []
    const a = telling('a', told)
    const step = compile((x: Tensor) => {
      const y = square(a(x))
      return [y, slope(y, x)]
    })
    const [y, dx] = step(tensor(3)) as [Tensor, Tensor]
    // dx = 2·a(x)·2x needs a(x), which the forward has computed.
    expect(await numbers(y, dx)).toEqual([81, 108])
    expect(told.filter(line => line === 'a forward')).toHaveLength(1)
    step.dispose()
  })

  test('gradients add up where a value forks', async () => {
    const x = tensor(3)
    expect(await numbers(slope(add(mul(x, x), x), x))).toEqual([7])
  })
})

describe('gates', () => {
  test('add passes the gradient on', async () => {
    const [x, y] = scalars(4, -3) as [Tensor, Tensor]
    expect(await numbers(...grad(mul(add(x, y), 5), [x, y]))).toEqual([5, 5])
  })

  test('mul swaps its inputs', async () => {
    const [x, y] = scalars(4, -3) as [Tensor, Tensor]
    expect(await numbers(...grad(mul(x, y), [x, y]))).toEqual([-3, 4])
  })

  test('max routes it', async () => {
    const [x, y] = scalars(4, -3) as [Tensor, Tensor]
    expect(await numbers(...grad(mul(maximum(x, y), 2), [x, y]))).toEqual([2, 0])
    const many = tensor([1, 7, -2, 3])
    expect(await numbers(slope(max(many), many))).toEqual([0, 1, 0, 0])
  })
})

describe('worked examples', () => {
  test('σ(w₀x₀ + w₁x₁ + w₂) at w = (2, −3, −3), x = (−1, −2)', async () => {
    const [w0, w1, w2, x0, x1] = scalars(2, -3, -3, -1, -2) as [Tensor, Tensor, Tensor, Tensor, Tensor]
    const y = sigmoid(add(add(mul(w0, x0), mul(w1, x1)), w2))
    // 0.7311 and multiples of its slope 0.1966.
    expectFigures([await y.item()], [0.7311])
    expectFigures(await numbers(...grad(y, [w0, w1, w2])), [-0.1966, -0.3932, 0.1966])
    expectFigures(await numbers(...grad(y, [x0, x1])), [0.3932, -0.5898])
  })

  test('(x + σ(y)) / (σ(x) + (x + y)²) at (3, −4)', async () => {
    const [x, y] = scalars(3, -4) as [Tensor, Tensor]
    const f = add(x, sigmoid(y)).div(add(sigmoid(x), add(x, y).square()))
    const logistic = (z: number): number => 1 / (1 + Math.exp(-z))
    const value = (a: number, b: number): number => (a + logistic(b)) / (logistic(a) + (a + b) ** 2)
    const epsilon = 1e-5
    const slopes = [
      (value(3 + epsilon, -4) - value(3 - epsilon, -4)) / (2 * epsilon),
      (value(3, -4 + epsilon) - value(3, -4 - epsilon)) / (2 * epsilon),
    ]
    expectFigures([await f.item()], [1.5456])
    expectFigures(slopes, [2.0596, 1.5922])
    expectClose(await numbers(...grad(f, [x, y])), slopes, 1e-8)
  })

  test('(x + y)·z', async () => {
    const [x, y, z] = scalars(-2, 5, -4) as [Tensor, Tensor, Tensor]
    const f = mul(add(x, y), z)
    expect(await f.item()).toBe(-12)
    expect(await numbers(...grad(f, [x, y, z]))).toEqual([-4, -4, 3])
  })

  test('x·y at (4, −3)', async () => {
    const [x, y] = scalars(4, -3) as [Tensor, Tensor]
    const f = mul(x, y)
    expect(await f.item()).toBe(-12)
    expect(await numbers(...grad(f, [x, y]))).toEqual([-3, 4])
  })

  test('max(x, y)', async () => {
    for (const [a, b, da, db] of [
      [4, -3, 1, 0],
      [-3, 4, 0, 1],
    ] as const) {
      const [x, y] = scalars(a, b) as [Tensor, Tensor]
      const f = maximum(x, y)
      expect(await f.item()).toBe(4)
      expect(await numbers(...grad(f, [x, y]))).toEqual([da, db])
    }
  })
})

describe('the formulas of backpropagation', () => {
  test('a logistic neuron’s gradient of the log loss is (ŷ − y)·x', async () => {
    const row = [0.5, -1.5, 2]
    const w = tensor([[0.2], [-0.4], [0.1]])
    const b = tensor([0.3])
    for (const y of [0, 1]) {
      const z = linear(tensor([row]), w, b)
      const [dw, db] = grad(sigmoidCrossEntropy(z, tensor([[y]])), [w, b]) as [Tensor, Tensor]
      const error = (await sigmoid(z).item()) - y
      expectClose(
        await numbers(dw, db),
        [...row, 1].map(x => error * x),
      )
    }
  })

  test('of softmax cross-entropy with respect to the logits p − y', async () => {
    const logits = tensor([[1, 2, 3]])
    const loss = softmaxCrossEntropy(logits, tensor([2], { dtype: 'int32' }))
    expectClose([await loss.item()], [Math.log(Math.E ** -2 + Math.E ** -1 + 1)])
    expectClose(await numbers(slope(loss, logits)), await numbers(softmax(logits).sub(tensor([[0, 0, 1]]))))
  })

  test('hidden layers Wᵀδ ⊙ g′(a); weights δ·hᵀ; biases δ', async () => {
    // Three layers, so that two hidden ones pass back. Rows are examples here: W is [inputs, outputs], δ a row.
    const x = tensor([[0.3, -0.6]])
    const model = nn.mlp([2, 4, 3, 2], { activation: 'tanh' })
    const parameters = model.parameters()
    const [w1, b1, w2, b2, w3, b3] = parameters as Tensor[] as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ]
    const target = tensor([[1, -1]])
    const loss = sum(model(x).sub(target).square()).mul(0.5)
    const found = grad(loss, parameters)

    const h1 = tanh(linear(x, w1, b1))
    const h2 = tanh(linear(h1, w2, b2))
    const delta3 = linear(h2, w3, b3).sub(target)
    const back = (delta: Tensor, w: Tensor, h: Tensor): Tensor =>
      matmul(delta, w, { transposeB: true }).mul(h.square().neg().add(1)) // tanh′(a) = 1 − h²
    const delta2 = back(delta3, w3, h2)
    const delta1 = back(delta2, w2, h1)
    const weights = (h: Tensor, delta: Tensor): Tensor => matmul(h, delta, { transposeA: true })
    const expected = [weights(x, delta1), delta1, weights(h1, delta2), delta2, weights(h2, delta3), delta3]
    expectClose(await numbers(...found), await numbers(...expected))
  })
})

describe('gradient checking', () => {
  const rows = {
    features: [
      [0.3, -1.2],
      [0.9, 0.4],
      [-0.8, 0.7],
    ],
    ids: Int32Array.of(0, 2, 1),
  }

  test('(f(x+ε) − f(x−ε)) / 2ε against backpropagation', async () => {
    const model = nn.mlp([2, 3, 3], { activation: 'sigmoid' })
    const labels = tensor(rows.ids)
    const loss = (): Tensor => softmaxCrossEntropy(model(tensor(rows.features)), labels)
    const epsilon = 1e-5
    for (const [i, p] of model.parameters().entries()) {
      const found = await numbers(grad(loss(), model.parameters())[i] as Tensor)
      const at = await numbers(p)
      const value = async (place: number, x: number): Promise<number> => {
        p.assign(tensor(at.with(place, x), { shape: p.shape }))
        return loss().item()
      }
      const slopes: number[] = []
      for (const [place, x] of at.entries())
        slopes.push(((await value(place, x + epsilon)) - (await value(place, x - epsilon))) / (2 * epsilon))
      p.assign(tensor(at, { shape: p.shape }))
      // What is left out, ε²·f‴/6, is about 1e-11; rounding is 2⁻⁵²/2ε, as much.
      expectClose(found, slopes, 1e-9)
    }
  })

  test.each<[string, () => nn.Layer, train.LossFunction | 'softmaxCrossEntropy']>([
    ['an MLP', () => nn.mlp([2, 4, 3], { activation: 'tanh' }), 'softmaxCrossEntropy'],
    ['a residual one with batch norm and dropout', () => deep(), 'softmaxCrossEntropy'],
    [
      'a loss of one’s own',
      () => nn.mlp([2, 4, 3]),
      output => output.square().sum({ axis: 1 }).add(1).log().mean(),
    ],
  ])('for any model and loss, as a tool a user calls: %s', async (_, make, loss) => {
    const batch = { features: rows.features, labels: rows.ids }
    const { passed, checks, failures } = await train.gradientCheck(make(), loss, batch)
    expect(failures).toEqual([])
    expect(passed).toBe(true)
    expect(checks).toBeGreaterThan(20)
  })

  const deep = (): nn.Layer =>
    nn.sequential(
      nn.linear(2, 4),
      nn.residual(nn.sequential(nn.batchNorm(4), nn.gelu(), nn.linear(4, 4))),
      nn.dropout(0.2),
      nn.linear(4, 3),
    )

  test('a gradient that is wrong is found, and its op named', async () => {
    // Takes the slope of tanh for 1 − h.
    const wrongTanh = defineOp<object, [x: Tensor]>({
      name: 'wrongTanh',
      family: 'lectures',
      method: false,
      parse: x => ({ inputs: [x], attributes: {} }),
      infer: ([x]) => x as NonNullable<typeof x>,
      reference: ([x], [y]) => {
        for (let i = 0; x && y && i < x.length; i++) y[i] = Math.tanh(x[i] as number)
      },
      kernel: { variants: ['none'], program: () => ({ dispatches: [] }) },
      gradient: (_, [h], [g]) => [mul(g as Tensor, (h as Tensor).neg().add(1))],
      tolerance: () => ({ absolute: 0, relative: 0 }),
      samples: [],
    })
    const unit = nn.layer({ label: 'wrong()', forward: x => wrongTanh(x) })
    const model = nn.sequential(nn.linear(2, 4), unit, nn.linear(4, 3))
    const batch = { features: rows.features, labels: rows.ids }
    const { passed, failures } = await train.gradientCheck(model, 'softmaxCrossEntropy', batch)
    expect(passed).toBe(false)
    expect(failures.join('\n')).toMatch(/wrongTanh.* in layer 1, wrong\(\) has a wrong gradient/)
  })
})
