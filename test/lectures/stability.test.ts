// The lectures on stability: what goes wrong in training, how it shows, and what helps.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  data,
  type Engine,
  exp,
  grad,
  init,
  log,
  nn,
  optim,
  type Parameter,
  parameter,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
  train,
} from '../../src/index.ts'
import { expectClose, numbers, weightsOf } from './support.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 10 })
})

afterAll(() => engine.dispose())

const clouds = (): data.Dataset => data.gauss(100, { seed: 1 })
const DEPTH = 10
const sizes = [2, ...new Array<number>(DEPTH).fill(12), 2]
const deep = (options: nn.MlpOptions): nn.Layer => engine.withSeed(1, () => nn.mlp(sizes, options))

/** The gradient's norm of the first layer with parameters over that of the last. */
function decay({ layers }: train.Diagnosis): number {
  const norms = layers.flatMap(({ gradient }) => gradient ?? [])
  return (norms[0] as number) / (norms.at(-1) as number)
}

describe('vanishing and exploding gradients', () => {
  test('norms of each layer’s gradient over time', async () => {
    const set = clouds()
    const histories = new Map<string, readonly train.Diagnosis[]>()
    for (const activation of ['sigmoid', 'relu'] as const) {
      const model = deep({ activation })
      // As backpropagation has them: of a layer, weights and biases together.
      const logits = model(set.features, { training: true })
      const gradients = await Promise.all(
        grad(softmaxCrossEntropy(logits, set.labels), model.parameters()).map(g => numbers(g)),
      )
      const wanted = Array.from({ length: DEPTH + 1 }, (_, i) =>
        Math.hypot(...(gradients[2 * i] ?? []), ...(gradients[2 * i + 1] ?? [])),
      )
      const { layers } = await train.diagnose(model, { data: set })
      const found = layers.flatMap(({ gradient }) => gradient ?? [])
      // Sums of some hundred float32 squares.
      expectClose(
        found.map((norm, i) => norm / (wanted[i] as number)),
        wanted.map(() => 1),
        1e-4,
      )
      const optimizer = optim.adam(model.parameters())
      const monitor = train.monitor(model, { data: set, optimizer })
      await train.fit(model, { train: set, optimizer, epochs: 3, onEpoch: monitor.onEpoch, seed: 1 })
      histories.set(activation, monitor.history)
      // A row a linear layer, a column an epoch.
      const [head, ...lines] = String(monitor).split('\n')
      expect(lines).toHaveLength(DEPTH + 1)
      expect(head).toMatch(/ 1 +2 +3$/)
      const shown = lines.map(line => line.split(/ {2,}/).slice(-3).map(Number))
      shown.forEach((row, i) => {
        row.forEach((norm, epoch) => {
          const known = monitor.history[epoch]?.layers.flatMap(({ gradient }) => gradient ?? [])[i]
          expect(Math.abs(norm / (known ?? 0) - 1)).toBeLessThan(0.06) // two digits
        })
      })
      monitor.dispose()
    }
    for (const [activation, history] of histories) {
      expect(history).toHaveLength(3)
      for (const diagnosis of history) {
        if (activation === 'sigmoid') expect(decay(diagnosis)).toBeLessThan(1e-3)
        else expect(decay(diagnosis)).toBeGreaterThan(0.05)
      }
    }
  })

  test.each([
    [1.1e-6, null],
    [0.9e-6, 'vanishes'],
    [0.9e3, null],
    [1.1e3, 'explodes'],
  ] as const)('and a warning outside [1e-6, 1e3]: a norm of %f', async (size, warning) => {
    // The gradient of c·(w·1 + b) is (c, c), of norm c·√2.
    const loss = (output: Tensor): Tensor => output.mean().mul(size / Math.SQRT2)
    const batch = { features: [[1]], labels: [[0]] }
    const { layers, warnings } = await train.diagnose(nn.linear(1, 1), { data: batch, loss })
    expect((layers[0]?.gradient ?? 0) / size).toBeCloseTo(1, 6)
    expect(warnings).toHaveLength(warning === null ? 0 : 1)
    if (warning) expect(warnings[0]).toContain(warning)
  })

  test.each([
    ['sigmoid', 0.01, 0.99],
    ['tanh', -0.98, 0.98],
  ] as const)('share of saturated units (%s)', async (activation, low, high) => {
    const share = async (scale: number) => {
      const initializer = nn.normal(scale)
      const model = engine.withSeed(2, () => nn.mlp([2, 50, 2], { activation, initializer }))
      const set = clouds()
      const [hidden, unit] = model.layers as [nn.Layer, nn.Layer]
      const outputs = await numbers(unit(hidden(set.features)))
      const { layers, warnings } = await train.diagnose(model, { data: set })
      return {
        saturated: layers[1]?.saturated ?? Number.NaN,
        counted: outputs.filter(h => h < low || h > high).length / outputs.length,
        warnings: warnings.filter(line => line.includes('saturated')),
      }
    }
    const [small, middle, large] = [await share(0.1), await share(3), await share(50)]
    for (const { saturated, counted } of [small, middle, large]) expect(saturated).toBeCloseTo(counted, 6)
    expect(small.saturated).toBe(0)
    expect(middle.saturated).toBeGreaterThan(0.05)
    expect(middle.saturated).toBeLessThan(0.9)
    expect(large.saturated).toBeGreaterThan(0.8)
    expect([small, large].map(({ warnings }) => warnings.length)).toEqual([0, 1])
  })

  test('and of dead relus: a step too long kills them', async () => {
    const model = engine.withSeed(3, () => nn.mlp([2, 30, 1]))
    const set = clouds()
    const dead = async () => {
      const { layers, warnings } = await train.diagnose(model, { data: set, loss: 'meanSquaredError' })
      const [hidden, relu] = model.layers as [nn.Layer, nn.Layer]
      const outputs = await numbers(relu(hidden(set.features)).max({ axis: 0 }))
      const counted = outputs.filter(h => h === 0).length / outputs.length
      expect(layers[1]?.dead).toBeCloseTo(counted, 6)
      return { share: layers[1]?.dead, warnings: warnings.filter(line => line.includes('dead')) }
    }
    const before = await dead()
    expect(before).toEqual({ share: 0, warnings: [] })
    await train.fit(model, {
      train: set,
      loss: 'meanSquaredError',
      optimizer: p => optim.sgd(p, { learningRate: 2, clip: { value: 1 } }),
      epochs: 3,
      seed: 1,
    })
    const after = await dead()
    expect(after.share).toBeGreaterThan(0.5)
    expect(after.warnings).toHaveLength(1)
  })

  test.each([
    ['NaN', (x: Tensor) => log(x.sub(100)), /log in layer 1, own\(\), gave NaN/],
    ['infinity', (x: Tensor) => x.mul(1e30).square(), /square in layer 1, own\(\), gave Infinity/],
  ] as const)('%s named with op, layer and step', async (_, forward, wanted) => {
    const own = nn.layer({ label: 'own()', forward })
    const model = nn.sequential(nn.linear(2, 4), own, nn.linear(4, 2))
    const before = await weightsOf(model)
    const run = train.fit(model, { train: clouds(), watch: true })
    await expect(run).rejects.toThrow(wanted)
    await expect(run).rejects.toThrow(/step 1 /)
    // No weight was lost to it.
    expect(await weightsOf(model)).toEqual(before)
  })

  test.each<[string, (x: Tensor, w: Tensor) => Tensor, number, RegExp]>([
    // w falls by 1 a step: log(3), log(2), log(1), log(0).
    ['−infinity', (_, w) => log(w).mul(0).add(w), 3, /step 4 .*log in layer 1, own\(\), gave -Infinity/],
    // And from ½: log(½), log(−½).
    ['NaN', (_, w) => log(w).mul(0).add(w), 0.5, /step 2 .*log in layer 1, own\(\), gave NaN/],
    // exp(90) is above the greatest float32.
    [
      'infinity',
      (_, w) => exp(w.mul(-30)).mul(0).add(w),
      -0.5,
      /step 4 .*exp in layer 1, own\(\), gave Infinity/,
    ],
  ])(
    '%s in the middle of training: named with op, layer and that step',
    async (_, forward, start, wanted) => {
      const w = parameter(tensor([start]))
      const own = nn.layer({ label: 'own()', parameters: { w }, forward: x => forward(x, w).add(x.mul(0)) })
      const model = nn.sequential(nn.linear(2, 4), own)
      const run = train.fit(model, {
        train: clouds(),
        batchSize: 10,
        loss: output => output.mean(),
        optimizer: p => optim.sgd(p, { learningRate: 1 }),
        watch: true,
      })
      await expect(run).rejects.toThrow(wanted)
    },
  )
})

describe('remedies', () => {
  /** Squared error of large targets: the first gradients are in the thousands. */
  const steep = (): data.Dataset => {
    const x = Array.from({ length: 20 }, (_, i) => i / 2)
    return data.dataset(
      x,
      x.map(xi => 100 * xi),
    )
  }

  test.each([
    ['by value', { value: 1 }],
    ['by norm', { norm: 1 }],
    ['by the norm of all', { globalNorm: 1 }],
  ] as const)('gradient clipping %s: what explodes without it stays finite and learns', async (_, clip) => {
    const run = (options: optim.OptimizerOptions) => {
      const model = nn.linear(1, 1, { initializer: 'zeros' })
      return train.fit(model, {
        train: steep(),
        batchSize: 20,
        epochs: 200,
        optimizer: p => optim.sgd(p, { learningRate: 0.5, ...options }),
      })
    }
    await expect(run({})).rejects.toThrow(/the loss of step \d+, in epoch \d+, is (NaN|Infinity)/)
    const { losses } = (await run({ clip })).history
    expect(losses.every(Number.isFinite)).toBe(true)
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 100)
  })

  const all = Math.hypot(3, 4, 0.5)
  test.each<[string, optim.OptimizerOptions['clip'], (g: readonly Tensor[]) => Tensor[], number[]]>([
    ['by value', { value: 1 }, g => optim.clipByValue(g, 1), [1, -1, 0.5, 0]],
    // Each of norm at most 1: (3, −4)/5, and the other as it is.
    ['by norm', { norm: 1 }, g => optim.clipByNorm(g, 1), [0.6, -0.8, 0.5, 0]],
    [
      'by the norm of all',
      { globalNorm: 1 },
      g => optim.clipByGlobalNorm(g, 1),
      [3 / all, -4 / all, 0.5 / all, 0],
    ],
  ])('what clipping %s makes of gradients', async (_, clip, clipped, expected) => {
    const gradients = [tensor([3, -4]), tensor([0.5, 0])]
    expectClose(await numbers(...clipped(gradients)), expected, 1e-6)
    // And of an optimizer's steps.
    const parameters = [parameter(tensor([0, 0])), parameter(tensor([0, 0]))]
    optim.sgd(parameters, { learningRate: 1, ...(clip ? { clip } : {}) }).step(gradients)
    expectClose(
      await numbers(...parameters),
      expected.map(g => -g),
      1e-6,
    )
  })

  const residual = (): nn.Layer =>
    engine.withSeed(1, () =>
      nn.sequential(
        nn.linear(2, 12),
        ...Array.from({ length: DEPTH - 1 }, () =>
          nn.residual(nn.sequential(nn.linear(12, 12), nn.sigmoid())),
        ),
        nn.linear(12, 2),
      ),
    )

  test.each<[string, () => nn.Layer]>([
    ['batch normalisation', () => deep({ activation: 'sigmoid', batchNorm: true })],
    ['residual connections', residual],
    ['other activations', () => deep({ activation: 'relu', initializer: 'heUniform' })],
    // σ′ is at most ¼: weights four times as large make up for it.
    ['other scales', () => deep({ activation: 'sigmoid', initializer: nn.normal(4 / Math.sqrt(12)) })],
  ])('%s: the first layers of a deep sigmoid network hear of the error again', async (_, make) => {
    const plain = decay(await train.diagnose(deep({ activation: 'sigmoid' }), { data: clouds() }))
    const helped = decay(await train.diagnose(make(), { data: clouds() }))
    expect(plain).toBeLessThan(1e-4)
    expect(helped).toBeGreaterThan(100 * plain)
    expect(helped).toBeGreaterThan(1e-2)
  })
})

describe('“overfit a small set first”', () => {
  const many = (): data.Dataset => data.spiral(2000, { turns: 0.8, seed: 1 })
  const adam = (learningRate: number) => (parameters: readonly Parameter[]) =>
    optim.adam(parameters, { learningRate })

  const tanh = () => nn.mlp([2, 24, 24, 2], { activation: 'tanh' })
  /** Far too large weights. */
  const wild = () => nn.mlp([2, 24, 24, 2], { activation: 'tanh', initializer: nn.normal(100) })

  test.each([500, 1000])('train on 500–1000 examples to near zero error: %i', async count => {
    const options = { count, epochs: 40, optimizer: adam(0.03), seed: 1 }
    const report = await train.overfitSmallSet(tanh, many(), options)
    expect(report.passed).toBe(true)
    expect(report.error).toBeLessThanOrEqual(0.01)
    expect(report.causes).toEqual([])
    expect(String(report)).toContain(`of ${count} rows are wrong`)
  })

  test.each<[string, train.OverfitCause, () => nn.Layer, number, () => nn.Layer, number]>([
    ['saturated units', 'saturated units', wild, 0.03, tanh, 0.03],
    ['a learning rate that makes the loss bounce', 'learning rate', tanh, 1, tanh, 0.1],
  ])(
    'when it fails say which of the lecture’s causes it looks like: %s',
    async (_, cause, model, rate, remedied, lower) => {
      const run = (make: () => nn.Layer, learningRate: number) =>
        train.overfitSmallSet(make, many(), { epochs: 30, optimizer: adam(learningRate), seed: 1 })
      const report = await run(model, rate)
      expect(report.passed).toBe(false)
      expect(report.causes[0]?.cause).toBe(cause)
      expect(String(report)).toContain(`It looks like ${cause}: `)
      // Who takes the advice, smaller weights or a tenth of the rate, passes.
      expect((await run(remedied, lower)).passed).toBe(true)
    },
  )
})
