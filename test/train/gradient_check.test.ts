// gradientCheck: right gradients pass at every layer, wrong ones are named with parameter, layer and op.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  data,
  defineOp,
  type Engine,
  init,
  mul,
  nn,
  normal,
  parameter,
  type Tensor,
  tensor,
  train,
  uniform,
  zeros,
} from '../../src/index.ts'
import { sin } from '../../src/ops/unary.ts'
import { compareSlopes } from '../../src/train/differences.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 5 })
})

afterAll(() => engine.dispose())

/** Every layer there is; those that pass no gradient have a way around. */
function everyLayer(): nn.Layer {
  const first = nn.linear(6, 8)
  const units = Object.entries(nn.activations).map(([name, make]) =>
    ['step', 'sign', 'relu'].includes(name) ? nn.residual(make()) : make(),
  )
  return nn.sequential(
    nn.flatten(),
    first,
    nn.batchNorm(8),
    ...units.slice(0, 7),
    nn.residual(nn.sequential(nn.linear(8, 8), nn.layerNorm(8), nn.gelu())),
    nn.dropout(0.25),
    nn.linear(8, 8, { bias: false }),
    nn.layerNorm(8),
    ...units.slice(7),
    nn.residual(nn.clip({ min: -2, max: 0.5 })),
    nn.tied(first),
    nn.mlp([6, 5, 3], { activation: 'tanh', batchNorm: true, dropout: 0.1 }),
  )
}

const batch = (rows = 7, classes = 3) => ({
  features: normal([rows, 6], { seed: 9 }),
  labels: Int32Array.from({ length: rows }, (_, i) => i % classes),
})

const numbersOf = (model: nn.Layer) =>
  Promise.all([...model.parameters(), ...model.buffers()].map(async p => [...(await p.data())]))

const { definition } = sin
/** sin, its slope taken for −cos. */
const crookedSin = defineOp({
  ...(definition as unknown as Parameters<typeof defineOp<object, [x: Tensor]>>[0]),
  name: 'crookedSin',
  gradient: ([x], _outputs, [g]) => [mul(mul(g as Tensor, (x as Tensor).cos()), -1)],
})

describe('what passes', () => {
  test.each([true, false])(
    'a network of every layer type, training: %s; the model stays as it is',
    async training => {
      const model = everyLayer()
      const before = await numbersOf(model)
      const { tensors } = engine.memory()
      const report = await train.gradientCheck(model, 'softmaxCrossEntropy', batch(), { training })
      expect(report.failures).toEqual([])
      expect(report.passed).toBe(true)
      expect(report.parameters).toHaveLength(model.parameters().length)
      expect(report.checks).toBe(194)
      expect(await numbersOf(model)).toEqual(before)
      expect(engine.memory().tensors).toBeLessThanOrEqual(tensors + 1)
    },
  )

  test.each([
    ['sigmoidCrossEntropy', 1],
    ['meanSquaredError', 3],
    ['huber', 3],
    ['hinge', 1],
    ['meanAbsoluteError', 3],
  ] as const)('%s', async (loss, outputs) => {
    const { features, labels } = batch(7, outputs === 1 ? 2 : 3)
    const model = nn.mlp([6, 4, outputs])
    const { failures } = await train.gradientCheck(model, loss, { features, labels })
    expect(failures).toEqual([])
  })

  test('a loss of one’s own, host numbers, a set', async () => {
    const model = nn.mlp([2, 3, 1], { activation: 'tanh' })
    const own = (output: Tensor, labels: Tensor) => output.sub(labels).square().mean().mul(0.5)
    const features = [
      [0.5, -1],
      [2, 0.25],
      [-0.75, 1],
    ]
    expect((await train.gradientCheck(model, own, { features, labels: [1, 2, 3] })).passed).toBe(true)
    const set = data.dataset(features, [1, 2, 3])
    expect((await train.gradientCheck(model, own, set)).passed).toBe(true)
  })

  test('units that stand exactly at the corner of relu', async () => {
    const model = nn.sequential(nn.linear(2, 4, { initializer: 'zeros' }), nn.relu(), nn.linear(4, 1))
    const { failures } = await train.gradientCheck(model, 'meanSquaredError', {
      features: [
        [0, 0],
        [1, 1],
      ],
      labels: [1, 0],
    })
    expect(failures).toEqual([])
  })

  test('the slope of tanh at zero weights, to many digits', async () => {
    // d/dw ½·(tanh(w·x) − y)² at w = 0 is −x·y.
    const model = nn.sequential(nn.linear(1, 1, { bias: false, initializer: 'zeros' }), nn.tanh())
    const half = (output: Tensor, labels: Tensor) => output.sub(labels).square().sum().mul(0.5)
    const { parameters } = await train.gradientCheck(model, half, { features: [[3]], labels: [[2]] })
    expect(parameters[0]).toMatchObject({
      name: '0.weight',
      layer: 'layer 0, linear(1, 1)',
      index: [0, 0],
      actual: -6,
    })
    expect(parameters[0]?.expected).toBeCloseTo(-6, 8)
  })
})

describe('what fails', () => {
  test('a wrong gradient planted in one op, which is named with its layer', async () => {
    const crooked = nn.layer({ label: 'crooked()', forward: x => crookedSin(x) })
    const model = nn.sequential(nn.linear(6, 4), nn.tanh(), crooked, nn.linear(4, 3))
    const report = await train.gradientCheck(model, 'softmaxCrossEntropy', batch())
    expect(report.passed).toBe(false)
    // The layers behind it are right, and so is each op but the one.
    expect(report.parameters.map(({ name, passed }) => [name, passed])).toEqual([
      ['0.weight', false],
      ['0.bias', false],
      ['3.weight', true],
      ['3.bias', true],
    ])
    expect(report.failures).toHaveLength(3)
    expect(report.failures[0]).toMatch(
      /^0\.weight of layer 0, linear\(6, 4\), index \[\d, \d\]: by differences .*, by grad /,
    )
    expect(report.failures[2]).toMatch(
      /^\[crookedSin\] in layer 2, crooked\(\) has a wrong gradient: input 0, index \[\d, \d\]/,
    )
    expect(String(report)).toContain('wrong')
  })

  test('a way that passes no gradient is told, where no op’s own is wrong', async () => {
    const model = nn.sequential(
      nn.linear(6, 3),
      nn.layer({ label: 'blocked()', forward: x => mul(x, x.sigmoid().detach()) }),
    )
    const { failures } = await train.gradientCheck(model, 'softmaxCrossEntropy', batch())
    expect(failures.at(-1)).toBe(
      "each op's own gradient is right; no gradient passes [detach] in layer 1, blocked()",
    )
  })
})

describe('what is refused', () => {
  const refusal = async (call: () => Promise<unknown>): Promise<string> => {
    const error = (await call().catch((thrown: unknown) => thrown)) as Error
    return error.message
  }

  test('tensors that are neither parameters nor buffers', async () => {
    const constant = tensor([1, 2, 3])
    const model = nn.sequential(
      nn.linear(6, 3),
      nn.layer({ label: 'scaled', forward: x => mul(x, constant) }),
    )
    const before = await numbersOf(model)
    expect(await refusal(() => train.gradientCheck(model, 'softmaxCrossEntropy', batch()))).toMatch(
      /^\[gradientCheck\] the model computes with a tensor that is neither a parameter nor a buffer/,
    )
    expect(await numbersOf(model)).toEqual(before)
    expect((await model(zeros([1, 6])).data()).length).toBe(3)
  })

  test('no parameters, no batch, batches that do not fit', async () => {
    const model = nn.mlp([6, 3])
    expect(await refusal(() => train.gradientCheck(nn.relu(), 'hinge', batch()))).toContain('no parameters')
    expect(await refusal(() => train.gradientCheck(model, 'hinge', undefined as never))).toContain(
      'the batch is undefined',
    )
    expect(
      await refusal(() =>
        train.gradientCheck(model, 'softmaxCrossEntropy', { features: batch().features, labels: [1] }),
      ),
    ).toContain('Give one label a row')
    expect(await refusal(() => train.gradientCheck(model, 'gini' as never, batch()))).toContain(
      'unknown loss',
    )
  })

  test('a gain that only this engine knows is fine as a parameter', async () => {
    const gain = parameter(uniform([3], { low: 1, high: 2, seed: 1 }))
    const model = nn.sequential(
      nn.linear(6, 3),
      nn.layer({ label: 'gain', parameters: { gain }, forward: x => mul(x, gain) }),
    )
    expect((await train.gradientCheck(model, 'softmaxCrossEntropy', batch())).failures).toEqual([])
  })
})

describe('compareSlopes', () => {
  /** 3x₀ + 3x₁ + 3x₂, whose slopes are claimed to be these. */
  const claimed = async (...slopes: number[]) => {
    const [found] = await compareSlopes(
      {
        sources: [Float64Array.of(1, 1, 1)],
        evaluate: (_, numbers) => Promise.resolve(numbers.reduce((sum, x) => sum + 3 * x, 0)),
        gradients: () => Promise.resolve([Float64Array.from(slopes)]),
      },
      { elements: 3, relative: 1e-6, seed: 0 },
    )
    return found
  }

  test('the worst is the largest error, where all are within what rounding may be too', async () => {
    expect(await claimed(3, 3 + 1e-9, 3)).toMatchObject({ position: 1, error: 0, passed: true, count: 3 })
    expect(await claimed(3, 3, 3 - 1e-9)).toMatchObject({ position: 2, error: 0, passed: true })
    expect(await claimed(3, 3 + 1e-9, 3.01)).toMatchObject({ position: 2, passed: false })
  })

  test('NaN is worst, wherever it stands', async () => {
    expect(await claimed(3, Number.NaN, 3)).toMatchObject({ position: 1, passed: false })
    expect(await claimed(Number.NaN, 4, 3)).toMatchObject({ position: 0, passed: false })
  })
})
