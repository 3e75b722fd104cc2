// The layers of a perceptron: what each computes, how mlp puts them together, and their errors.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Engine,
  grad,
  init,
  mul,
  nn,
  normal,
  ones,
  parameter,
  sum,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts'

let engine: Engine
beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 7 })
})
afterAll(() => engine.dispose())

const numbers = async (x: Tensor): Promise<number[]> => [...(await x.data())]
const labels = (model: nn.Layer): string[] => model.layers.map(({ label }) => label)

describe('activations as layers', () => {
  const x = [-2, -0.5, 0, 0.5, 2]
  // From the definitions, by hand.
  const expected: Record<string, number[]> = {
    relu: [0, 0, 0, 0.5, 2],
    leakyRelu: [-0.02, -0.005, 0, 0.5, 2],
    elu: [Math.exp(-2) - 1, Math.exp(-0.5) - 1, 0, 0.5, 2],
    selu: [-2, -0.5, 0, 0.5, 2].map(
      v => 1.0507009873554805 * (v > 0 ? v : 1.6732632423543772 * (Math.exp(v) - 1)),
    ),
    gelu: [-0.04550026, -0.15426877, 0, 0.34573123, 1.95449974],
    silu: x.map(v => v / (1 + Math.exp(-v))),
    sigmoid: x.map(v => 1 / (1 + Math.exp(-v))),
    tanh: x.map(Math.tanh),
    softplus: x.map(v => Math.log(1 + Math.exp(v))),
    identity: x,
    step: [0, 0, 0, 1, 1],
    sign: [-1, -1, 0, 1, 1],
    softmax: x.map(v => Math.exp(v) / x.reduce((total, u) => total + Math.exp(u), 0)),
    logSoftmax: x.map(v => v - Math.log(x.reduce((total, u) => total + Math.exp(u), 0))),
  }

  it.each(Object.keys(nn.activations))('%s', async name => {
    const layer = nn.activations[name as nn.ActivationName]()
    expect(layer.label).toBe(`${name}()`)
    expect(layer.kind).toBe(name)
    expect(layer.parameters()).toEqual([])
    const y = await numbers(layer(tensor(x)))
    const wanted = expected[name] as number[]
    y.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i] as number, 6)
    })
  })

  it('take options where the function has some, and show them', async () => {
    const leaky = nn.leakyRelu({ slope: 0.1 })
    expect(leaky.label).toBe('leakyRelu(slope: 0.1)')
    expect(await numbers(leaky(tensor([-1, 0, 2])))).toEqual([Math.fround(-0.1), 0, 2])
    expect(await numbers(nn.clip({ min: -1, max: 1 })(tensor([-3, 0.5, 3])))).toEqual([-1, 0.5, 1])
    expect(nn.softmax({ axis: 0 })(ones([2, 3])).shape).toEqual([2, 3])
    expect(() => (nn.relu as (o: object) => nn.Layer)({ slope: 1 })).toThrow('[relu] it takes 0 arguments')
  })
})

describe('linear and tied', () => {
  it('tied goes back through the weight of its layer: x·wᵀ + b', async () => {
    const encoder = nn.linear(3, 2)
    const decoder = nn.tied(encoder)
    const [weight] = encoder.parameters()
    const bias = decoder.namedParameters().get('bias')
    weight?.assign(
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    )
    bias?.assign(tensor([0.5, 0, -1]))
    // [1, 10]·wᵀ = [21, 43, 65]
    expect(await (await decoder(tensor([[1, 10]]))).array()).toEqual([[21.5, 43, 64]])
    expect(decoder.namedParameters().get('weight')).toBe(weight)
  })

  it('shares one parameter, counted once, whose gradients add up', async () => {
    const encoder = nn.linear(4, 3)
    const model = nn.sequential(encoder, nn.tanh(), nn.tied(encoder))
    expect(model.parameters().map(({ shape }) => shape)).toEqual([[4, 3], [3], [4]])
    expect([...model.namedParameters().keys()]).toEqual(['0.weight', '0.bias', '2.weight', '2.bias'])
    expect(model.summary().split('\n').at(-1)).toMatch(/^total +19$/)
    // Untied, with equal weights: the tied gradient is the sum of the two.
    const weight = model.parameters()[0] as Tensor
    const [w1, w2] = [parameter(weight), parameter(weight)]
    const x = normal([5, 4], { seed: 1 })
    const [tiedGradient] = grad(sum(mul(model(x), model(x))), [weight])
    const y = x.matmul(w1).tanh().matmul(w2, { transposeB: true })
    const [g1, g2] = grad(sum(mul(y, y)), [w1, w2])
    const [found, one, two] = await Promise.all([tiedGradient, g1, g2].map(g => numbers(g as Tensor)))
    found?.forEach((value, i) => {
      expect(value).toBeCloseTo((one?.[i] ?? 0) + (two?.[i] ?? 0), 4)
    })
  })

  it('work in float16, with float32 parameters and gradients', async () => {
    const encoder = nn.linear(4, 3)
    const model = nn.sequential(encoder, nn.tied(encoder), nn.layerNorm(4), nn.batchNorm(4))
    const x = normal([6, 4], { seed: 2 }).cast('float16')
    const y = model(x, { training: true })
    expect(y.dtype).toBe('float16')
    const gradients = grad(sum(y.cast('float32').square()), model.parameters())
    expect(gradients.map(({ dtype }) => dtype)).toEqual(Array(7).fill('float32'))
    const wide = await numbers(model(x.cast('float32'), { training: true }))
    const narrow = await numbers(y)
    // Three roundings of numbers up to 3 to 11 bits, which two normalisations scale up at most a few times.
    narrow.forEach((value, i) => {
      expect(Math.abs(value - (wide[i] as number))).toBeLessThan(0.05)
    })
  })
})

describe('residual, flatten, sequential', () => {
  it('residual adds its input', async () => {
    const block = nn.linear(2, 2, { initializer: 'ones' })
    expect(
      await nn
        .residual(block)(tensor([[1, 2]]))
        .array(),
    ).toEqual([[4, 5]])
    expect([...nn.residual(block).namedParameters().keys()]).toEqual(['0.weight', '0.bias'])
  })

  it('hand training on to their parts', async () => {
    const model = nn.residual(nn.sequential(nn.dropout(0.99)))
    const x = ones([1, 1000])
    expect(await numbers(model(x))).toEqual(Array(1000).fill(2))
    expect((await numbers(model(x, { training: true }))).filter(y => y === 1).length).toBeGreaterThan(900)
  })

  it('flatten keeps the rows', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }), shape => {
        const [rows, ...rest] = shape
        expect(nn.flatten()(zeros(shape)).shape).toEqual([rows, rest.reduce((a, b) => a * b, 1)])
      }),
      { seed: 1 },
    )
  })

  it('sequential of nothing is the identity', async () => {
    expect(await numbers(nn.sequential()(tensor([1, 2])))).toEqual([1, 2])
  })
})

describe('mlp', () => {
  it('alternates linear layers and activations, the last being linear', () => {
    expect(labels(nn.mlp([4, 8, 6, 3]))).toEqual([
      'linear(4, 8)',
      'relu()',
      'linear(8, 6)',
      'relu()',
      'linear(6, 3)',
    ])
    expect(labels(nn.mlp([4, 3]))).toEqual(['linear(4, 3)'])
  })

  it('takes an activation a hidden layer, and one of the outputs', () => {
    const model = nn.mlp([4, 8, 6, 3], { activation: ['tanh', 'gelu'], outputActivation: 'softmax' })
    expect(labels(model)).toEqual([
      'linear(4, 8)',
      'tanh()',
      'linear(8, 6)',
      'gelu()',
      'linear(6, 3)',
      'softmax()',
    ])
  })

  it('normalises before the activation and drops after it', () => {
    const model = nn.mlp([4, 8, 3], { batchNorm: true, dropout: 0.5, activation: 'sigmoid' })
    expect(labels(model)).toEqual([
      'linear(4, 8)',
      'batchNorm(8)',
      'sigmoid()',
      'dropout(0.5)',
      'linear(8, 3)',
    ])
    expect([...model.namedParameters().keys()]).toEqual([
      '0.weight',
      '1.scale',
      '1.offset',
      '4.weight',
      '4.bias',
    ])
    expect([...model.namedBuffers().keys()]).toEqual(['1.mean', '1.variance'])
  })

  it('starts every weight by the initialiser', async () => {
    const model = nn.mlp([2, 3, 1], { initializer: nn.constant(0.25) })
    for (const [name, weight] of model.namedParameters())
      expect(new Set(await numbers(weight))).toEqual(new Set([name.endsWith('weight') ? 0.25 : 0]))
  })

  it('refuses what makes no network', () => {
    const bad = (options: object, sizes: unknown = [2, 3, 4, 1]) => nn.mlp(sizes as number[], options)
    expect(() => bad({}, [3])).toThrow('[mlp] sizes are [3]; at least two are needed.')
    expect(() => bad({}, 3)).toThrow('[mlp] sizes are 3')
    expect(() => bad({}, [3, 0])).toThrow('[linear] outputs is 0; it must be a whole number above 0.')
    expect(() => bad({ activation: 'rellu' })).toThrow(
      "[mlp] activation: unknown activation 'rellu'. Did you mean 'relu'?",
    )
    expect(() => bad({ activation: ['relu', 'softmx'] })).toThrow("Did you mean 'softmax'?")
    expect(() => bad({ activation: 'wavelet' })).toThrow("unknown activation 'wavelet'. Known: relu, ")
    expect(() => bad({ outputActivation: 3 })).toThrow('[mlp] outputActivation: unknown activation 3.')
    expect(() => bad({ activation: ['relu'] })).toThrow(
      '[mlp] activation lists 1; sizes [2, 3, 4, 1] have 2 hidden layers. List one a hidden layer.',
    )
    expect(() => bad({ dropout: 1.5 })).toThrow('[mlp] dropout is 1.5; it must be in [0, 1].')
    expect(() => bad({ batchNorm: 'yes' })).toThrow("[mlp] batchNorm must be true or false, not 'yes'.")
    expect(() => bad({ activations: 'relu' })).toThrow(
      "[mlp] unknown option 'activations'. Did you mean 'activation'?",
    )
  })
})

describe('errors', () => {
  it('name the layer and the sizes', () => {
    expect(() => nn.linear(2.5, 3)).toThrow('[linear] inputs is 2.5; it must be a whole number above 0.')
    expect(() => nn.linear(2, 3)(ones([4, 5]))).toThrow(/\[linear\].*\[4, 5\].*\[2, 3\]/)
    expect(() => nn.tied(nn.relu())).toThrow('[tied] relu() is no linear layer.')
    expect(() => nn.tied(3 as never)).toThrow('[tied] 3 is no linear layer.')
    expect(() => nn.tied(nn.linear(4, 2))(ones([1, 4]))).toThrow(
      '[tied(2, 4)] x is [1, 4]; it must be […, 2].',
    )
    expect(() => nn.residual(nn.linear(4, 6))(ones([2, 4]))).toThrow(
      '[residual] linear(4, 6) takes [2, 4] to [2, 6], which cannot be added.',
    )
    expect(() => nn.residual(nn.relu as never)).toThrow('[residual] item 0 is function')
    expect(() => nn.sequential(nn.relu(), 'relu' as never)).toThrow(
      "[sequential] item 1 is 'relu', not a layer.",
    )
    expect(() => nn.dropout(1)).toThrow('[dropout] probability is 1; it must be in [0, 1).')
    expect(() => nn.batchNorm(0)).toThrow('[batchNorm] features is 0; it must be a whole number above 0.')
    expect(() => nn.batchNorm(2, { momentum: 2 })).toThrow('[batchNorm] momentum is 2; it must be in [0, 1].')
    expect(() => nn.batchNorm(3)(ones([4, 5]))).toThrow('[batchNorm(3)] x is [4, 5]; it must be [batch, 3].')
    expect(() => nn.layerNorm(3)(ones([5]))).toThrow('[layerNorm(3)] x is [5]; it must be […, 3].')
    expect(() => nn.relu()('x' as never)).toThrow("[relu()] x must be a tensor, not 'x'.")
    expect(() => nn.relu()(ones([1]), { train: true } as never)).toThrow("[relu()] unknown option 'train'.")
    expect(() => nn.relu()(ones([1]), { training: 1 } as never)).toThrow(
      'training must be true or false, not 1.',
    )
  })
})
