// The lectures on losses: each by its formula, the mean over a batch, and a penalty added.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  abs,
  data,
  type Engine,
  grad,
  huber,
  init,
  mean,
  meanSquaredError,
  nn,
  optim,
  type Parameter,
  sigmoid,
  sigmoidCrossEntropy,
  softmax,
  softmaxCrossEntropy,
  sum,
  type Tensor,
  tensor,
  train,
} from '../../src/index.ts'
import { average, expectClose, named, numbers, slope } from './support.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', precision: 'float64', seed: 3 })
})

afterAll(() => engine.dispose())

const LOGITS = [
  [1, 2, 3],
  [0.5, -1, 0],
]

describe('softmax cross-entropy −log p_y', () => {
  test('of class ids', async () => {
    const logits = tensor(LOGITS)
    const p = await numbers(softmax(logits))
    const loss = softmaxCrossEntropy(logits, tensor([2, 1], { dtype: 'int32' }), { reduction: 'none' })
    expectClose(await numbers(loss), [-Math.log(p[2] as number), -Math.log(p[4] as number)])
  })

  test('or one-hot', async () => {
    const logits = tensor(LOGITS)
    const ids = softmaxCrossEntropy(logits, tensor([2, 0], { dtype: 'int32' }))
    const oneHot = tensor([
      [0, 0, 1],
      [1, 0, 0],
    ])
    expectClose(await numbers(softmaxCrossEntropy(logits, oneHot)), await numbers(ids))
  })
})

test('binary cross-entropy', async () => {
  const z = tensor([[2], [-1], [0.5]])
  const y = [1, 0, 0]
  const p = await numbers(sigmoid(z))
  const loss = sigmoidCrossEntropy(z, tensor(y.map(one => [one])), { reduction: 'none' })
  expectClose(
    await numbers(loss),
    p.map((pi, i) => -Math.log(y[i] === 1 ? pi : 1 - pi)),
  )
})

test('½(y − y*)²', async () => {
  const y = tensor([[0.5], [-2], [3]])
  const wanted = tensor([[1], [1], [1]])
  // A loss of one's own is a function of the output and the label; its gradient is y − y*.
  const half: train.LossFunction = (output, label) => mean(output.sub(label).square().mul(0.5))
  expectClose(await numbers(half(y, wanted)), [(0.125 + 4.5 + 2) / 3])
  expectClose(await numbers(slope(half(y, wanted).mul(3), y)), [-0.5, -3, 2])
  // huber is the same where the error is below delta.
  expectClose(await numbers(huber(y, wanted, { delta: 100 })), await numbers(half(y, wanted)))
  // And it trains: the weights of a line through two points.
  const model = nn.linear(1, 1)
  await train.fit(model, {
    train: data.dataset([[0], [1]], [1, 3]),
    loss: half,
    optimizer: p => optim.sgd(p, { learningRate: 0.5 }),
    epochs: 400,
  })
  expectClose(await numbers(...model.parameters()), [2, 1], 1e-6)
})

test('mean squared error', async () => {
  const y = tensor([
    [1, 2],
    [3, 4],
  ])
  const wanted = tensor([
    [0, 2],
    [3, 7],
  ])
  expectClose(await numbers(meanSquaredError(y, wanted)), [(1 + 0 + 0 + 9) / 4])
  expectClose(await numbers(slope(meanSquaredError(y, wanted), y)), [0.5, 0, 0, -1.5])
})

describe('mean over the batch', () => {
  const rows = [
    [0.2, 1],
    [-1, 0.3],
    [0.4, 0.4],
  ]
  const targets = [
    [1, 0],
    [0.3, 1],
    [0, 0],
  ]
  const logistic = (z: number): number => 1 / (1 + Math.exp(-z))
  /** −log of the share of the wanted class. */
  const ofClass = (row: readonly number[], id: number): number =>
    -Math.log(Math.exp(row[id] as number) / average(row.map(Math.exp)) / row.length)

  test.each<[string, (x: Tensor, reduction: 'mean' | 'sum') => Tensor, number[]]>([
    [
      'softmax cross-entropy',
      (x, reduction) => softmaxCrossEntropy(x, tensor([0, 1, 1], { dtype: 'int32' }), { reduction }),
      rows.map((row, i) => ofClass(row, [0, 1, 1][i] as number)),
    ],
    [
      'binary cross-entropy',
      (x, reduction) => sigmoidCrossEntropy(x, tensor(targets), { reduction }),
      rows.flatMap((row, i) =>
        row.map((z, j) => {
          const y = targets[i]?.[j] as number
          return -y * Math.log(logistic(z)) - (1 - y) * Math.log(1 - logistic(z))
        }),
      ),
    ],
    [
      'squared error',
      (x, reduction) => meanSquaredError(x, tensor(targets), { reduction }),
      rows.flatMap((row, i) => row.map((y, j) => (y - (targets[i]?.[j] as number)) ** 2)),
    ],
  ])('%s', async (_, loss, each) => {
    const x = tensor(rows)
    expectClose(await numbers(loss(x, 'mean')), [average(each)])
    expectClose(await numbers(loss(x, 'sum')), [average(each) * each.length])
  })

  test('of unequal batches: an epoch’s loss and its steps are means over rows', async () => {
    // Five rows in batches of four and one: each step descends the mean of its own rows.
    const set = data.dataset([1, 2, 3, 4, 5], [2, 2, 2, 2, 12])
    const model = nn.linear(1, 1, { initializer: 'zeros', bias: false })
    const { history } = await train.fit(model, {
      train: set,
      batchSize: 4,
      epochs: 1,
      shuffle: false,
      optimizer: p => optim.sgd(p, { learningRate: 0.01 }),
    })
    const w = 0.01 * 2 * 2 * 2.5 // of −2·mean(y·x)
    expectClose(history.losses, [4, (12 - 5 * w) ** 2], 1e-6)
    expectClose(await numbers(...model.parameters()), [w + 0.01 * 2 * 5 * (12 - 5 * w)], 1e-6)
    const error = average([1, 2, 3, 4].map(x => (2 - 3 * x) ** 2).concat((12 - 15) ** 2))
    for (const p of model.parameters()) (p as Parameter).assign(tensor([[3]]))
    expectClose([(await train.evaluate(model, set, { batchSize: 4 })).loss], [error], 1e-6)
  })

  test('the gradient of a batch is the mean of its rows’ gradients', async () => {
    const w = named(nn.linear(2, 2), 'weight')
    const of = (from: number, to: number): Tensor => {
      const loss = softmaxCrossEntropy(
        tensor(rows.slice(from, to)).matmul(w),
        tensor([0, 1, 1].slice(from, to), { dtype: 'int32' }),
      )
      return slope(loss, w)
    }
    const each = await Promise.all([of(0, 1), of(1, 2), of(2, 3)].map(g => numbers(g)))
    const expected = [0, 1, 2, 3].map(i => average(each.map(g => g[i] as number)))
    expectClose(await numbers(of(0, 3)), expected)
  })
})

describe('a loss plus λ·Ω(θ)', () => {
  const set = (): data.Dataset =>
    data.dataset(
      [
        [1, 2],
        [-1, 0.5],
        [0.3, -2],
      ],
      [1, -1, 0.5],
    )

  test.each<[string, (w: Tensor) => Tensor, (w: number) => number]>([
    ['Ω = ‖W‖²', w => sum(w.square()), w => 2 * w],
    ['Ω = |W|', w => sum(abs(w)), Math.sign],
  ])('%s, as a loss of one’s own', async (_, omega, derivative) => {
    const lambda = 0.1
    const model = nn.linear(2, 1)
    const weight = named(model, 'weight')
    const loss = (output: Tensor, labels: Tensor): Tensor => meanSquaredError(output, labels)
    const penalized = (output: Tensor, labels: Tensor): Tensor =>
      loss(output, labels).add(omega(weight).mul(lambda))

    // Its value and its gradient are sums.
    const { features, labels } = set()
    const before = await numbers(weight)
    const [plain] = await numbers(loss(model(features), labels))
    const [more] = await numbers(penalized(model(features), labels))
    const [penalty] = await numbers(omega(weight))
    expectClose([more as number], [(plain as number) + lambda * (penalty as number)])
    const of = async (which: train.LossFunction) =>
      numbers(...grad(which(model(features), labels), model.parameters()))
    const [without, withIt] = [await of(loss), await of(penalized)]
    const expected = without.map((g, i) => {
      const w = before[i]
      return w === undefined ? g : g + lambda * derivative(w)
    })
    expectClose(withIt, expected)

    // fit makes small what it is told: the weights end smaller than without the penalty.
    const other = nn.linear(2, 1)
    const options = { train: set(), epochs: 300, optimizer: sgd }
    await train.fit(model, { ...options, loss: penalized })
    await train.fit(other, { ...options, loss })
    const size = async (which: nn.Layer) => (await numbers(omega(named(which, 'weight'))))[0] as number
    expect(await size(model)).toBeLessThan(await size(other))
  })
})

const sgd = (parameters: Parameters<typeof optim.sgd>[0]) => optim.sgd(parameters, { learningRate: 0.1 })
