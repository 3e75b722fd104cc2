// The watch of fit: what is not finite is named by step, layer and op, and no bit of the weights is lost.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  data,
  type Engine,
  init,
  log,
  mean,
  nn,
  optim,
  RetrogradError,
  sqrt,
  square,
  type Tensor,
  tensor,
  train,
} from '../../src/index.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 3 })
})

afterAll(() => engine.dispose())

const rowsOf = (count: number): number[][] =>
  Array.from({ length: count }, (_, i) => [Math.sin(12.9898 * i), Math.cos(78.233 * i)])
const idsOf = (rows: readonly number[][]): Int32Array =>
  Int32Array.from(rows, ([a = 0, b = 0]) => (a * b > 0 ? 1 : 0))

const sets = (count = 200): data.Dataset => data.dataset(rowsOf(count), idsOf(rowsOf(count)))

/** A set whose row 137 has a number in its second column that no data should have. */
function spoiled(number: number, count = 200): data.Dataset {
  const rows = rowsOf(count)
  const ids = idsOf(rows)
  rows[137] = [0.5, number]
  return data.dataset(tensor(rows), tensor(ids), { classes: 2 })
}

const numbersOf = (tensors: readonly Tensor[]) => Promise.all(tensors.map(async x => [...(await x.data())]))
const weightsOf = (model: nn.Layer) => numbersOf([...model.parameters(), ...model.buffers()])

/** What a watched run rejects with. */
async function failureOf(model: nn.Layer, options: Partial<train.FitOptions> = {}): Promise<string> {
  const run = train.fit(model, { watch: true, seed: 1, ...options, train: options.train ?? sets() })
  const error: unknown = await run.then(
    () => new Error('nothing failed'),
    (thrown: unknown) => thrown,
  )
  if (error instanceof RetrogradError) expect(error.code).toBe('value')
  return (error as Error).message
}

const custom = (label: string, forward: (x: Tensor) => Tensor): nn.Layer => nn.layer({ label, forward })
const through = (middle: nn.Layer): nn.Layer => nn.sequential(nn.linear(2, 4), middle, nn.linear(4, 2))

describe('names what is not finite', () => {
  test('an op of the forward, with its layer and step; all weights keep every bit', async () => {
    const model = through(custom('logs()', x => log(x)))
    const before = await weightsOf(model)
    expect(await failureOf(model)).toMatch(
      /^\[fit\] step 1 \(epoch 1\): log in layer 1, logs\(\), gave NaN at \[\d, \d\], from numbers in \[-[\d.]+, [\d.]+\]\. The loss is NaN; that step and all after it were skipped\. Keep what goes into it where it is defined/,
    )
    expect(await weightsOf(model)).toEqual(before)
  })

  test('a layer within a layer', async () => {
    const inner = nn.sequential(
      nn.tanh(),
      custom('logs()', x => log(x)),
    )
    expect(await failureOf(through(inner))).toContain('log in layer 1.1, logs(), gave NaN')
  })

  test('an op’s gradient, where all of the forward and the loss are finite', async () => {
    // √x² at 0: a row of zeros meets a layer without bias.
    const model = nn.sequential(
      nn.linear(2, 4, { bias: false }),
      custom('size()', x => sqrt(square(x))),
      nn.linear(4, 2),
    )
    const before = await weightsOf(model)
    const rows = rowsOf(64)
    rows[40] = [0, 0]
    const message = await failureOf(model, { train: data.dataset(rows, idsOf(rows)), shuffle: false })
    expect(message).toMatch(
      /^\[fit\] step 2 \(epoch 1\): the gradient of sqrt in layer 1, size\(\), gave -?Infinity at \[8, \d\], by \w+, .* A gradient is not finite; that step/,
    )
    expect((await weightsOf(model)).flat().every(Number.isFinite)).toBe(true)
    expect(await weightsOf(model)).not.toEqual(before)
  })

  test('the loss', async () => {
    const model = nn.mlp([2, 3, 1])
    const loss = (output: Tensor): Tensor => mean(log(output))
    expect(await failureOf(model, { loss })).toMatch(/: log in the loss, gave NaN at \[\d+, 0\]/)
  })

  test('weights that exploded: advice about the learning rate', async () => {
    const model = nn.mlp([2, 8, 8, 1])
    const message = await failureOf(model, {
      loss: 'meanSquaredError',
      epochs: 50,
      optimizer: p => optim.sgd(p, { learningRate: 30 }),
    })
    expect(message).toMatch(/^\[fit\] step \d+ \(epoch \d+\): square in the loss, gave Infinity/)
    expect(message).toContain('Lower the learning rate, clip the gradients')
    expect((await weightsOf(model)).flat().every(Number.isFinite)).toBe(true)
  })

  test.each([
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ])('a row of the data with %s', async (number, word) => {
    const model = nn.mlp([2, 8, 2])
    const message = await failureOf(model, { train: spoiled(number), shuffle: false })
    expect(message).toContain(`step 5 (epoch 1): the features of row 137 of the set have ${word} at [1]. `)
    expect(message).toContain('Mend the row, or leave it out.')
    // Of a subset, the row is still the source's.
    const subset = spoiled(number).subset(Int32Array.from({ length: 100 }, (_, i) => 199 - i))
    expect(await failureOf(nn.mlp([2, 8, 2]), { train: subset })).toContain(
      'the features of row 137 of the set',
    )
  })

  test('a parameter that was not finite to begin with', async () => {
    const model = nn.mlp([2, 3, 2])
    model.parameters()[2]?.assign(
      tensor([
        [1, 2],
        [3, Number.POSITIVE_INFINITY],
        [5, 6],
      ]),
    )
    expect(await failureOf(model)).toContain(
      'step 1 (epoch 1): parameter 2.weight was Infinity at [1, 1] before it.',
    )
  })

  test('batches of a stream', async () => {
    const source = () => [{ features: rowsOf(100), labels: idsOf(rowsOf(100)) }]
    const model = through(custom('logs()', x => log(x)))
    expect(await failureOf(model, { train: data.stream(source, { classes: 2 }) })).toContain(
      'log in layer 1, logs(), gave',
    )
  })

  test('with the elements dropped that the step dropped', async () => {
    // Only where something was dropped is there a logarithm of 0.
    const logs = custom('logs()', x => log(x.abs()))
    const model = nn.sequential(nn.linear(2, 4), nn.tanh(), nn.dropout(0.001), logs, nn.linear(4, 2))
    const message = await failureOf(model, { epochs: 50, seed: 4 })
    expect(message).toMatch(/log in layer 3, logs\(\), gave -Infinity at \[\d+, \d\], from numbers in \[0, /)
    expect(message).not.toContain('step 1 ')
  })
})

describe('what it leaves', () => {
  test('the step is told among many of one submit, and no later one changes anything', async () => {
    const rows = rowsOf(2000)
    const ids = idsOf(rows)
    rows[1905] = [Number.NaN, 0]
    const make = (): nn.Layer => engine.withSeed(5, () => nn.mlp([2, 6, 2]))
    const options = { batchSize: 10, shuffle: false } as const
    const [one, other] = [make(), make()]
    const optimizer = optim.adam(one.parameters())
    const set = data.dataset(tensor(rows), tensor(ids), { classes: 2 })
    const run = train.fit(one, { ...options, train: set, optimizer, watch: true })
    await expect(run).rejects.toThrow(
      'step 191 (epoch 1): the features of row 1905 of the set have NaN at [0]',
    )
    expect(run.history.losses).toHaveLength(191)
    // As if training had ended there.
    const twin = optim.adam(other.parameters())
    const first = data.dataset(rows.slice(0, 1900), ids.subarray(0, 1900))
    await train.fit(other, { ...options, train: first, optimizer: twin, epochs: 1 })
    expect(await weightsOf(one)).toEqual(await weightsOf(other))
    expect(await numbersOf(Object.values(optimizer.state().tensors))).toEqual(
      await numbersOf(Object.values(twin.state().tensors)),
    )
  })

  test('running statistics that are finite', async () => {
    const model = nn.mlp([2, 8, 2], { batchNorm: true })
    expect(await failureOf(model, { train: spoiled(Number.NaN), batchSize: 50 })).toContain('row 137')
    expect((await weightsOf(model)).flat().every(Number.isFinite)).toBe(true)
  })

  test('no memory', async () => {
    const model = through(custom('logs()', x => log(x)))
    const set = sets()
    await failureOf(model, { train: set }) // now the parameters lie in an arena
    const { tensors, liveBytes } = engine.memory()
    await failureOf(model, { train: set })
    expect(engine.memory().tensors).toBe(tensors)
    expect(engine.memory().liveBytes).toBe(liveBytes)
  })
})

describe('what it costs', () => {
  test('one dispatch a step, and the numbers of a run without it', async () => {
    const ran = async (watch: boolean) => {
      const model = engine.withSeed(7, () => nn.mlp([2, 8, 2], { dropout: 0.2 }))
      const before = engine.counters()
      const { history } = await train.fit(model, { train: sets(), epochs: 4, watch, seed: 3 })
      const { dispatches } = engine.counters()
      return { losses: history.losses, dispatches: dispatches - before.dispatches }
    }
    const [plain, watched] = [await ran(false), await ran(true)]
    expect(watched.losses).toEqual(plain.losses)
    expect(watched.dispatches - plain.dispatches).toBe(plain.losses.length)
  })

  test('it is off unless asked for', async () => {
    const model = through(custom('logs()', x => log(x)))
    const message = await failureOf(model, { watch: false })
    expect(message).toBe(
      '[fit] the loss of step 1, in epoch 1, is NaN. Lower the learning rate, clip the gradients, or look for what is odd in the data.',
    )
    expect(() => train.fit(model, { train: sets(), watch: 1 as never })).toThrow(
      'watch must be true or false',
    )
  })
})
