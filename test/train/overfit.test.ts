// overfitSmallSet: what passes, each cause of the lectures provoked, and a model left as it was.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { data, type Engine, full, init, log, nn, optim, type Parameter, train } from '../../src/index.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 3 })
})

afterAll(() => engine.dispose())

const features = Array.from({ length: 300 }, (_, i) => [Math.sin(12.9898 * i), Math.cos(78.233 * i)])
/** The class is whether both features have one sign: no line parts them. */
const quadrants = (): data.Dataset =>
  data.dataset(
    features,
    Int32Array.from(features, ([a = 0, b = 0]) => (a * b > 0 ? 1 : 0)),
  )
const waves = (): data.Dataset =>
  data.dataset(
    features,
    features.map(([a = 0, b = 0]) => Math.sin(3 * a) + b),
  )
const adam = (learningRate: number) => (parameters: readonly Parameter[]) =>
  optim.adam(parameters, { learningRate })
const sgd = (learningRate: number) => (parameters: readonly Parameter[]) =>
  optim.sgd(parameters, { learningRate })

const deep = (units: number, count: number, activation: 'sigmoid' | 'tanh'): nn.Layer =>
  nn.mlp([2, ...new Array<number>(count).fill(units), 2], { activation })

describe('what passes', () => {
  test('a network that is large enough, of classes and of numbers', async () => {
    const classes = await train.overfitSmallSet(() => nn.mlp([2, 32, 2]), quadrants(), {
      count: 100,
      optimizer: adam(0.03),
    })
    expect(classes).toMatchObject({ passed: true, causes: [] })
    expect(classes.error).toBeLessThan(0.0101)
    expect(classes.losses.at(-1)).toBeLessThan(0.3 * (classes.losses[0] ?? 0))
    expect(String(classes)).toMatch(
      /^Passed: \d % of 100 rows are wrong after \d+ epochs, the loss went from 0\.\d+ to 0\.\d+\.\nlayer /,
    )
    const numbers = await train.overfitSmallSet(() => nn.mlp([2, 32, 1], { activation: 'tanh' }), waves(), {
      count: 100,
      error: 0.05,
      optimizer: adam(0.03),
    })
    expect(numbers.passed).toBe(true)
    expect(String(numbers)).toContain('1 − R² is 0.0')
  })

  test('twice the same, of one seed', async () => {
    const run = () =>
      train.overfitSmallSet(() => nn.mlp([2, 8, 2], { dropout: 0.1 }), quadrants(), {
        count: 64,
        epochs: 5,
        seed: 9,
      })
    expect((await run()).losses).toEqual((await run()).losses)
  })
})

describe('what fails looks like', () => {
  const failed = async (
    model: () => nn.Layer,
    options: train.OverfitOptions,
    set = quadrants(),
  ): Promise<{ cause: string | undefined; advice: string; report: train.OverfitReport }> => {
    const report = await train.overfitSmallSet(model, set, { count: 100, ...options })
    expect(report.passed).toBe(false)
    const [first] = report.causes
    expect(String(report)).toContain(`It looks like ${first?.cause}: ${first?.advice}`)
    return { cause: first?.cause, advice: first?.advice ?? '', report }
  }

  test('saturated units', async () => {
    const wide = () => nn.mlp([2, 32, 32, 2], { activation: 'tanh', initializer: nn.normal(60) })
    const { cause, advice } = await failed(wide, { epochs: 20 })
    expect(cause).toBe('saturated units')
    expect(advice).toMatch(
      /^\d+ % of the outputs of layer 1, tanh\(\) are saturated before the first step; start with smaller weights/,
    )
  })

  test('a learning rate that makes the loss bounce', async () => {
    const { cause, advice } = await failed(() => nn.mlp([2, 32, 2]), { epochs: 40, optimizer: adam(3) })
    expect(cause).toBe('learning rate')
    expect(advice).toMatch(
      /^the loss bounces between [\d.]+ and [\d.]+, and rose in \d+ % of the later epochs; take a tenth/,
    )
  })

  test('a learning rate at which it grows', async () => {
    // The curvature is 2·E[x²] = 1 along each feature: steps of 3 double the distance each time.
    const { cause, advice } = await failed(() => nn.linear(2, 1), { epochs: 5, optimizer: sgd(3) }, waves())
    expect(cause).toBe('learning rate')
    expect(advice).toMatch(/^the loss grew from [\d.]+ to [\d.e+]+; take a tenth/)
  })

  test('a learning rate at which numbers overflow', async () => {
    const { cause, advice, report } = await failed(
      () => nn.mlp([2, 8, 8, 1]),
      { optimizer: sgd(30) },
      waves(),
    )
    expect(cause).toBe('learning rate')
    expect(advice).toMatch(
      /^numbers grew until step \d+ \(epoch \d+\): .* gave Infinity.* were skipped; take a tenth of the learning rate/,
    )
    expect(report.error).toBeNaN()
    expect(String(report)).toContain('Failed: training broke off')
  })

  test.each([
    ['adam', adam(1e-6)],
    ['sgd', sgd(1e-5)],
    [
      'a schedule',
      (p: readonly Parameter[]) =>
        optim.adam(p, { learningRate: optim.cosine({ initial: 1e-5, steps: 99 }) }),
    ],
  ])('a learning rate that is too low: %s', async (_, optimizer) => {
    const { cause, advice, report } = await failed(() => nn.mlp([2, 32, 2]), {
      epochs: 20,
      batchSize: 8,
      optimizer,
    })
    expect(report.causes).toHaveLength(1)
    expect(cause).toBe('learning rate')
    expect(advice).toMatch(
      /^the loss stands still at 0\.\d+, but a learning rate of [\d.e-]+ takes it to 0\.\d+ in 5 epochs; raise it, \d+-fold or so/,
    )
  })

  test('vanishing gradients', async () => {
    const { cause, advice } = await failed(() => deep(8, 12, 'sigmoid'), { epochs: 10 })
    expect(cause).toBe('vanishing gradients')
    expect(advice).toMatch(
      /^the gradient of layer 0, linear\(2, 8\) has norm [\d.]+e-\d+ before the first step, that of the last layer 0\.\d+; use relu/,
    )
  })

  test('too small a network', async () => {
    const { cause, advice } = await failed(() => nn.linear(2, 2), { epochs: 60, optimizer: adam(0.03) })
    expect(cause).toBe('too small a network')
    expect(advice).toMatch(
      /^the loss stands still at 0\.6\d* while gradients are sound; 6 parameters seem too few for 100 rows: add units or layers/,
    )
  })

  test('too few epochs', async () => {
    const { cause, advice } = await failed(() => nn.mlp([2, 32, 2]), { epochs: 15, optimizer: adam(0.003) })
    expect(cause).toBe('too few epochs')
    expect(advice).toMatch(/^the loss still falls, from 0\.\d+ to 0\.\d+ in the last quarter/)
  })

  test('dead units', async () => {
    const model = () => {
      const first = nn.linear(2, 8)
      first.parameters()[1]?.assign(full([8], -50))
      return nn.sequential(first, nn.relu(), nn.linear(8, 2))
    }
    const { cause, advice } = await failed(model, { epochs: 5 })
    expect(cause).toBe('dead units')
    expect(advice).toMatch(/^100 % of the units of layer 1, relu\(\) give 0 for every row/)
  })
})

describe('what it leaves', () => {
  test('a model that is passed gets its weights back, one that is made is freed', async () => {
    const model = nn.mlp([2, 8, 2], { batchNorm: true })
    const set = quadrants()
    const numbers = async () =>
      Promise.all([...model.parameters(), ...model.buffers()].map(async p => [...(await p.data())]))
    const before = await numbers()
    await train.overfitSmallSet(model, set, { count: 50, epochs: 2 })
    expect(await numbers()).toEqual(before)
    const { tensors } = engine.memory()
    await train.overfitSmallSet(model, set, { count: 50, epochs: 2 })
    await train.overfitSmallSet(() => nn.mlp([2, 8, 2]), set, { count: 50, epochs: 2 })
    expect(engine.memory().tensors).toBe(tensors)
  })

  test('what is no fault of the learning rate comes out as fit tells it', async () => {
    const logs = nn.layer({ label: 'logs()', forward: x => log(x) })
    const run = train.overfitSmallSet(
      () => nn.sequential(nn.linear(2, 4), logs, nn.linear(4, 2)),
      quadrants(),
    )
    await expect(run).rejects.toThrow('log in layer 1, logs(), gave NaN')
  })

  test('what makes no sense is refused', async () => {
    const model = () => nn.mlp([2, 2])
    await expect(train.overfitSmallSet(model, [] as never)).rejects.toThrow('not a data set')
    await expect(train.overfitSmallSet(model, quadrants(), { count: 0 })).rejects.toThrow('count is 0')
    await expect(train.overfitSmallSet(() => 3 as never, quadrants())).rejects.toThrow('not a layer')
    const optimizer = optim.adam(nn.mlp([2, 2]).parameters()) as never
    await expect(train.overfitSmallSet(model, quadrants(), { optimizer })).rejects.toThrow(
      'Pass parameters =>',
    )
  })
})
