// diagnose and monitor: norms by hand, warnings where the lectures warn, and a model left as it was.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { data, type Engine, init, nn, optim, type Tensor, tensor, train } from '../../src/index.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 11 })
})

afterAll(() => engine.dispose())

const features = Array.from({ length: 200 }, (_, i) => [Math.sin(12.9898 * i), Math.cos(78.233 * i)])
const set = (): data.Dataset =>
  data.dataset(
    features,
    Int32Array.from(features, ([a = 0, b = 0]) => (a * b > 0 ? 1 : 0)),
  )
const numbersOf = (tensors: readonly Tensor[]) => Promise.all(tensors.map(async x => [...(await x.data())]))

describe('the figures', () => {
  test('of a network worked by hand', async () => {
    // w = (3, 4), b = 0, rows (1, 0) and (0, 1): outputs 3 and 4, targets 2 and 2, so mean squared error (1 + 4) / 2.
    const model = nn.linear(2, 1)
    model.parameters()[0]?.assign(tensor([[3], [4]]))
    const optimizer = optim.sgd(model.parameters(), { learningRate: 0.1 })
    const batch = {
      features: [
        [1, 0],
        [0, 1],
      ],
      labels: [2, 2],
    }
    const { loss, layers, parameters, warnings } = await train.diagnose(model, { data: batch, optimizer })
    expect(loss).toBeCloseTo(2.5, 6)
    expect(layers).toHaveLength(1)
    const [layer] = layers
    expect(layer).toMatchObject({ path: '', label: 'linear(2, 1)', saturated: null, dead: null })
    expect(layer?.activation).toBeCloseTo(Math.sqrt(25 / 2), 6)
    // dw = ((3 − 2), (4 − 2)), db = 3, each times 2 / 2.
    expect(parameters.map(({ name }) => name)).toEqual(['weight', 'bias'])
    expect(parameters[0]?.norm).toBeCloseTo(5, 6)
    expect(parameters[0]?.gradient).toBeCloseTo(Math.sqrt(5), 6)
    expect(parameters[0]?.update).toBeCloseTo(0.1 * Math.sqrt(5), 6)
    expect(parameters[1]?.gradient).toBeCloseTo(3, 6)
    expect(layer?.gradient).toBeCloseTo(Math.sqrt(14), 6)
    expect(layer?.update).toBeCloseTo((0.1 * Math.sqrt(14)) / 5, 6)
    expect(warnings).toEqual([])
  })

  test('shares of saturated and dead units', async () => {
    const rows = { features: [[-9], [-1], [1], [9]], labels: [0, 0, 0, 0] }
    const first = (bias: readonly number[]): nn.Layer => {
      const layer = nn.linear(1, bias.length, { initializer: 'ones' })
      layer.parameters()[1]?.assign(tensor([...bias]))
      return layer
    }
    const share = async (bias: readonly number[], unit: nn.Layer) => {
      const model = nn.sequential(first(bias), unit, nn.linear(bias.length, 1))
      return (await train.diagnose(model, { data: rows })).layers[1]
    }
    // σ(±9) = 0.9999, σ(±1) = 0.73: two of four; with a bias of 9 three, σ(0), σ(8), σ(10) and σ(18).
    expect((await share([0], nn.sigmoid()))?.saturated).toBeCloseTo(0.5, 6)
    expect((await share([0, 9], nn.sigmoid()))?.saturated).toBeCloseTo(5 / 8, 6)
    // tanh(1) = 0.76.
    expect((await share([0], nn.tanh()))?.saturated).toBeCloseTo(0.5, 6)
    // relu(x − 9) is 0 for all four rows, relu(x + 9) for one, relu(x − 8) for three.
    expect((await share([-9, 9, -8, -20], nn.relu()))?.dead).toBeCloseTo(0.5, 6)
    expect((await share([0], nn.relu()))?.saturated).toBeNull()
  })
})

describe('the warnings', () => {
  test('layers are known by their kind, whatever they are called', async () => {
    const own = (label: string, kind?: string) =>
      nn.layer({ label, forward: x => x.mul(0).add(1), ...(kind ? { kind } : {}) })
    const model = nn.sequential(nn.linear(2, 2), own('sigmoid()'), own('squash', 'sigmoid'), own('relu(x)'))
    const batch = { features: [[1, 2]], labels: [[1, 2]] }
    const { layers } = await train.diagnose(model, { data: batch })
    expect(layers.map(({ kind, saturated, dead }) => [kind, saturated, dead])).toEqual([
      ['linear', null, null],
      ['own', null, null],
      ['sigmoid', 1, null],
      ['own', null, null],
    ])
  })

  test('vanishing: deep sigmoid layers, first layers first', async () => {
    const model = engine.withSeed(1, () =>
      nn.mlp([2, ...new Array<number>(12).fill(16), 2], { activation: 'sigmoid' }),
    )
    const { layers, warnings } = await train.diagnose(model, { data: set() })
    const gradients = layers.flatMap(({ gradient }) => gradient ?? [])
    expect(gradients[0]).toBeLessThan(1e-6)
    expect(gradients.at(-1)).toBeGreaterThan(1e-3)
    expect(warnings[0]).toMatch(
      /^The gradient of layer 0, linear\(2, 16\) vanishes: its norm is \d\.\de-\d+; relu in place of sigmoid and tanh, batch normalisation, residual connections/,
    )
    // The lecture's remedies do help.
    const relu = engine.withSeed(1, () => nn.mlp([2, ...new Array<number>(12).fill(16), 2]))
    const helped = await train.diagnose(relu, { data: set() })
    expect(helped.warnings.filter(line => line.includes('vanishes'))).toEqual([])
  })

  test('exploding: weights far too large', async () => {
    const model = nn.mlp([2, 32, 32, 32, 1], { initializer: nn.normal(4) })
    const { warnings } = await train.diagnose(model, { data: set(), loss: 'meanSquaredError' })
    expect(warnings[0]).toMatch(
      /^The gradient of layer 0, linear\(2, 32\) explodes: its norm is .*; clip gradients by norm/,
    )
  })

  test('saturated, dead and not finite', async () => {
    const wide = nn.mlp([2, 32, 2], { activation: 'tanh', initializer: nn.normal(40) })
    const saturated = (await train.diagnose(wide, { data: set() })).warnings
    expect(
      saturated.some(line =>
        /^\d+ % of the units of layer 1, tanh\(\) are saturated; start with smaller/.test(line),
      ),
    ).toBe(true)
    const dead = nn.mlp([2, 8, 2])
    dead.parameters()[1]?.assign(tensor(new Array<number>(8).fill(-50)))
    const report = await train.diagnose(dead, { data: set() })
    expect(report.warnings).toContain(
      '100 % of the units of layer 1, relu() are dead, 0 for every row; lower the learning rate, use leakyRelu, or start with "heUniform" weights.',
    )
    // No gradient passes them.
    expect(report.layers[0]?.gradient).toBe(0)
    const broken = nn.mlp([2, 2])
    broken.parameters()[1]?.assign(tensor([Number.NaN, 0]))
    const { warnings } = await train.diagnose(broken, { data: set() })
    expect(warnings[0]).toContain('The output of layer 0, linear(2, 2) is not finite')
  })
})

describe('what it leaves', () => {
  test('parameters, running statistics, the optimizer and the random stream as they were', async () => {
    const make = () =>
      engine.withSeed(4, () =>
        nn.sequential(nn.linear(2, 8), nn.batchNorm(8), nn.relu(), nn.dropout(0.3), nn.linear(8, 2)),
      )
    const train2 = async (looks: boolean) => {
      const model = make()
      const optimizer = optim.adam(model.parameters(), { learningRate: 0.01 })
      const owned = () => [
        ...model.parameters(),
        ...model.buffers(),
        ...Object.values(optimizer.state().tensors),
      ]
      const options = { train: set(), optimizer, epochs: 2, seed: 6 }
      await train.fit(model, options)
      const before = await numbersOf(owned())
      const { steps } = optimizer.state()
      if (looks) {
        const { layers } = await train.diagnose(model, { data: set(), optimizer })
        expect(layers.map(({ update }) => update !== null)).toEqual([true, true, false, false, true])
        expect(await numbersOf(owned())).toEqual(before)
        expect(optimizer.state().steps).toBe(steps)
      }
      return (await train.fit(model, options)).history.losses
    }
    expect(await train2(true)).toEqual(await train2(false))
  })

  test('no memory, and one read', async () => {
    const model = nn.mlp([2, 8, 2])
    const batch = set()
    const { tensors } = engine.memory()
    const before = engine.counters()
    await train.diagnose(model, { data: batch })
    expect(engine.counters().reads - before.reads).toBe(1)
    expect(engine.memory().tensors).toBe(tensors)
  })
})

describe('monitor', () => {
  test('collects a diagnosis an epoch, without a change to training', async () => {
    const run = async (watched: boolean) => {
      const model = engine.withSeed(2, () => nn.mlp([2, 8, 2], { dropout: 0.1 }))
      const optimizer = optim.adam(model.parameters())
      const monitor = train.monitor(model, { data: set(), optimizer })
      const { history } = await train.fit(model, {
        train: set(),
        optimizer,
        epochs: 3,
        seed: 1,
        ...(watched ? { onEpoch: monitor.onEpoch } : {}),
      })
      monitor.dispose()
      return { losses: history.losses, monitor }
    }
    const { losses, monitor } = await run(true)
    expect(losses).toEqual((await run(false)).losses)
    expect(monitor.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3])
    expect(monitor.history.every(({ loss }) => loss > 0)).toBe(true)
    const lines = String(monitor).split('\n')
    expect(lines[0]).toMatch(/^gradients of epoch +1 +2 +3$/)
    expect(lines.slice(1).map(line => line.split(/ {2,}/)[0])).toEqual(['0 linear(2, 8)', '3 linear(8, 2)'])
  })

  test('a report is a table', async () => {
    const report = await train.diagnose(nn.mlp([2, 4, 2], { activation: 'tanh' }), { data: set() })
    const [head, ...rows] = String(report).split('\n')
    expect(head).toMatch(/^layer +activation +saturated +dead +gradient +update$/)
    expect(rows[1]).toMatch(/^1 tanh\(\) +\d\.\de[+-]\d +0 %$/)
    expect(rows[3]).toMatch(/^loss 0\.\d+$/)
  })

  test('what makes no sense is refused', async () => {
    await expect(train.diagnose(nn.relu(), { data: set() })).rejects.toThrow(
      '[diagnose] the model has no parameters.',
    )
    await expect(train.diagnose(nn.mlp([3, 2]), { data: set() })).rejects.toThrow('[linear]')
    expect(() => train.monitor(nn.mlp([2, 2]), {} as never)).toThrow('[monitor] the batch is undefined.')
    expect(() => train.monitor(nn.mlp([2, 2]), { data: set(), row: 3 } as never)).toThrow(
      "Did you mean 'rows'?",
    )
    const [model, given] = [nn.mlp([2, 2]), set()]
    await engine.idle()
    const { tensors } = engine.memory()
    await expect(train.diagnose(model, { data: given, loss: 'huge' as never })).rejects.toThrow(
      "unknown loss 'huge'",
    )
    await engine.idle()
    expect(engine.memory().tensors).toBe(tensors)
  })
})
