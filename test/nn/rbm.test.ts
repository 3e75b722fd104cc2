// The restricted Boltzmann machine against the sums that define it, taken over all states of small ones.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  add,
  compile,
  data,
  type Engine,
  grad,
  init,
  logSumExp,
  matmul,
  mean,
  neg,
  nn,
  optim,
  reshape,
  type Tensor,
  tensor,
  train,
} from '../../src/index.ts'
import { refusal } from '../data/refusal.ts'

fc.configureGlobal({ seed: 7 })

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', precision: 'float64', seed: 11 })
})

afterAll(() => engine.dispose())

/** All states of so many units, counted up with the last fastest. */
const states = (units: number): number[][] =>
  Array.from({ length: 2 ** units }, (_, i) =>
    Array.from({ length: units }, (_, unit) => (i >> (units - 1 - unit)) & 1),
  )

/** A machine with numbers of its own. */
function machineOf(weight: number[][], visibleBias: number[], hiddenBias: number[]): nn.Rbm {
  const machine = nn.rbm(visibleBias.length, hiddenBias.length)
  const named = machine.namedParameters()
  for (const [name, values] of Object.entries({ weight, visibleBias, hiddenBias }))
    named.get(name)?.assign(tensor(values))
  return machine
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
const close = async (x: Tensor, values: unknown, digits = 6): Promise<void> => {
  const [found, wanted] = [[...(await x.data())], (values as number[]).flat(2)]
  expect(found).toHaveLength(wanted.length)
  found.forEach((value, i) => {
    expect(value).toBeCloseTo(wanted[i] as number, digits)
  })
}

describe('energy and probabilities', () => {
  // Worked by hand: W = [[1, −2], [0.5, 3]], c = (0.1, −0.2), b = (−1, 0.5).
  const worked = () =>
    machineOf(
      [
        [1, -2],
        [0.5, 3],
      ],
      [0.1, -0.2],
      [-1, 0.5],
    )

  test('of states worked by hand', async () => {
    const x = tensor([
      [1, 1],
      [1, 0],
      [0, 0],
    ])
    const h = tensor([
      [1, 0],
      [1, 1],
      [0, 1],
    ])
    // −(1 + 0.5) − (0.1 − 0.2) + 1; −(1 − 2) − 0.1 − (−1 + 0.5); −0.5
    await close(worked().energy(x, h), [-0.4, 1.4, -0.5])
    // b + x·W is (0.5, 1.5), (0, −1.5), (−1, 0.5); c + h·Wᵀ is (1.1, 0.3), (−0.9, 3.3), (−1.9, 2.8).
    await close(worked()(x), [0.5, 1.5, 0, -1.5, -1, 0.5].map(sigmoid))
    await close(worked().visible(h), [1.1, 0.3, -0.9, 3.3, -1.9, 2.8].map(sigmoid))
    const soft = (...inputs: number[]) => inputs.reduce((sum, input) => sum + Math.log1p(Math.exp(input)), 0)
    await close(worked().freeEnergy(x), [0.1 - soft(0.5, 1.5), -0.1 - soft(0, -1.5), -soft(-1, 0.5)])
  })

  test('parameters have names, and biases start at 0', async () => {
    const machine = nn.rbm(3, 2)
    const shapes = [...machine.namedParameters()].map(([name, { shape }]) => [name, shape])
    expect(shapes).toEqual([
      ['weight', [3, 2]],
      ['hiddenBias', [2]],
      ['visibleBias', [3]],
    ])
    await close(machine.visible(tensor([[0, 0]])), [0.5, 0.5, 0.5])
    expect(machine.summary()).toContain('rbm(3, 2)')
  })

  test('the free energy is −log Σ exp(−E) over the hidden states, and its gradient −x·P(h | x)', async () => {
    const size = fc.integer({ min: 1, max: 4 })
    await fc.assert(
      fc.asyncProperty(size, size, fc.nat(), async (visible, hidden, seed) => {
        const random = (shape: number[], offset: number) =>
          Array.from(
            { length: shape.reduce((a, b) => a * b, 1) },
            (_, i) => 2 * Math.sin(1 + (seed % 1000) + 7.3 * i + offset),
          )
        const rows = random([visible, hidden], 0)
        const weight = Array.from({ length: visible }, (_, i) => rows.slice(i * hidden, (i + 1) * hidden))
        const machine = machineOf(weight, random([visible], 50), random([hidden], 90))
        const [xs, hs] = [states(visible), states(hidden)]
        const x = tensor(xs)
        const pairs = machine.energy(
          tensor(xs.flatMap(row => hs.map(() => row))),
          tensor(xs.flatMap(() => hs)),
        )
        const byStates = logSumExp(neg(reshape(pairs, [xs.length, hs.length])), { axis: 1 })
        // Both are sums of fewer than 100 float64 numbers below 20: they agree to 100·20·2⁻⁵², and to far less than 1e-10.
        const apart = await add(machine.freeEnergy(x), byStates).data()
        expect(Math.max(...Array.from(apart, Math.abs))).toBeLessThan(1e-10)
        const [dw] = grad(mean(machine.freeEnergy(x)), machine.parameters()) as [Tensor]
        const product = matmul(x, machine(x), { transposeA: true }).mul(-1 / xs.length)
        const difference = await dw.sub(product).data()
        expect(Math.max(...Array.from(difference, Math.abs))).toBeLessThan(1e-10)
      }),
      { numRuns: 30 },
    )
  })
})

describe('Gibbs chains', () => {
  const small = () =>
    machineOf(
      [
        [1.2, -0.8],
        [-1, 1.5],
        [0.7, 0.9],
      ],
      [0.3, -0.4, 0.1],
      [-0.2, 0.5],
    )

  /** The chance of every visible state after one step from each, summed over all hidden states. */
  async function transitions(machine: nn.Rbm): Promise<number[][]> {
    const [xs, hs] = [states(3), states(2)]
    const [up, down] = [await machine(tensor(xs)).array(), await machine.visible(tensor(hs)).array()]
    const chance = (p: unknown, state: number[]): number =>
      (p as number[]).reduce((product, one, i) => product * (state[i] ? one : 1 - one), 1)
    return (up as number[][]).map(given =>
      xs.map(to => hs.reduce((sum, h, k) => sum + chance(given, h) * chance((down as number[][])[k], to), 0)),
    )
  }

  /** Where a distribution over the visible states stands after so many steps. */
  function walked(start: number[], matrix: number[][], steps: number): number[] {
    let current = start
    for (let step = 0; step < steps; step++)
      current = current.map((_, to) =>
        current.reduce((sum, p, from) => sum + p * ((matrix[from] as number[])[to] as number), 0),
      )
    return current
  }

  /** −⟨x·P(h | x)⟩, −⟨P(h | x)⟩ and −⟨x⟩ under a distribution over the visible states: the mean gradients of F. */
  async function expected(machine: nn.Rbm, weights: number[]): Promise<number[]> {
    const x = tensor(states(3))
    const p = tensor([weights])
    const parts = [
      matmul(x.mul(reshape(p, [8, 1])), machine(x), { transposeA: true }),
      matmul(p, machine(x)),
      matmul(p, x),
    ]
    return (await Promise.all(parts.map(part => part.neg().data()))).flatMap(numbers => [...numbers])
  }

  const ROWS = 20_000
  const FROM = 4 // (1, 0, 0)
  // A row's gradient is a product of numbers in [0, 1]: its deviation is at most ½, that of the mean ½/√rows; five of those.
  const WITHIN = (5 * 0.5) / Math.sqrt(ROWS)

  const meanGradients = async (machine: nn.Rbm, steps: number): Promise<number[]> => {
    const x = tensor(Array.from({ length: ROWS }, () => states(3)[FROM] as number[]))
    const gradients = grad(machine.contrastiveDivergence(x, { steps }), machine.parameters())
    return (await Promise.all(gradients.map(g => g.data()))).flatMap(numbers => [...numbers])
  }

  test.each([1, 3])('the mean gradient of CD-%i is ⟨xh⟩ of the chain less ⟨xh⟩ of the data', async steps => {
    const machine = small()
    const start = states(3).map((_, i) => Number(i === FROM))
    const end = walked(start, await transitions(machine), steps)
    const [atData, atEnd] = [await expected(machine, start), await expected(machine, end)]
    const found = await meanGradients(machine, steps)
    const wanted = atData.map((value, i) => value - (atEnd[i] as number))
    expect(found).toHaveLength(wanted.length)
    found.forEach((value, i) => {
      expect(Math.abs(value - (wanted[i] as number))).toBeLessThan(WITHIN)
    })
    // The tolerance tells the gradient from none.
    expect(Math.max(...wanted.map(Math.abs))).toBeGreaterThan(10 * WITHIN)
  })

  test('of long chains it is the gradient of the log-likelihood, ⟨xh⟩ of the model less ⟨xh⟩ of the data', async () => {
    const machine = small()
    const free = [...(await machine.freeEnergy(tensor(states(3))).data())]
    const total = free.reduce((sum, f) => sum + Math.exp(-f), 0)
    const model = free.map(f => Math.exp(-f) / total)
    const start = states(3).map((_, i) => Number(i === FROM))
    // After 25 steps the chain has forgotten where it began.
    const matrix = await transitions(machine)
    const rest = walked(start, matrix, 25).map((p, i) => Math.abs(p - (model[i] as number)))
    expect(Math.max(...rest)).toBeLessThan(1e-4)
    const [atData, atModel] = [await expected(machine, start), await expected(machine, model)]
    const found = await meanGradients(machine, 25)
    found.forEach((value, i) => {
      expect(Math.abs(value - ((atData[i] as number) - (atModel[i] as number)))).toBeLessThan(WITHIN + 1e-4)
    })
  })

  test('give zeros and ones without a gradient, others at each call and at each replay', async () => {
    const machine = small()
    const x = tensor(Array.from({ length: 64 }, (_, i) => states(3)[i % 8] as number[]))
    const sample = machine.gibbs(x, { steps: 2 })
    expect([...new Set(await sample.data())].sort()).toEqual([0, 1])
    expect(refusal(() => grad(mean(sample), machine.parameters()))).toContain('gradient [grad]')
    const replayed = compile((start: Tensor) => machine.gibbs(start))
    const found = await Promise.all([replayed(x), replayed(x), machine.gibbs(x)].map(draw => draw.data()))
    const texts = found.map(numbers => numbers.join())
    expect(new Set(texts).size).toBe(3)
  })

  test('leave nothing behind', async () => {
    const machine = small()
    const x = tensor(states(3))
    await engine.idle()
    const { tensors } = engine.memory()
    const made = [
      machine.gibbs(x),
      machine.energy(x, tensor(states(2).concat(states(2)))),
      machine.contrastiveDivergence(x, { steps: 2 }),
    ]
    await engine.idle()
    // The three, and the h of one.
    expect(engine.memory().tensors).toBe(tensors + 4)
    for (const item of made) item.dispose()
    expect(engine.memory().tensors).toBe(tensors + 1)
  })
})

describe('learning', () => {
  // The bars of a 2 × 2 picture: four of sixteen states.
  const bars = [
    [1, 1, 0, 0],
    [0, 0, 1, 1],
    [1, 0, 1, 0],
    [0, 1, 0, 1],
  ]

  /** The mean log-likelihood of the bars, the partition function by all states. */
  async function logLikelihood(machine: nn.Rbm): Promise<number> {
    const partition = logSumExp(neg(machine.freeEnergy(tensor(states(4)))))
    return mean(machine.freeEnergy(tensor(bars)))
      .neg()
      .sub(partition)
      .item()
  }

  async function learnt(seed: number): Promise<{ before: number; after: number; weights: number[] }> {
    const own = await init({ backend: 'cpu', precision: 'float64', seed })
    try {
      const machine = own.use(() => nn.rbm(4, 6))
      const set = own.use(() => data.dataset(Array.from({ length: 40 }, (_, i) => bars[i % 4] as number[])))
      const inOwn = <T>(body: () => T): T => own.use(body)
      const before = await inOwn(() => logLikelihood(machine))
      const optimizer = optim.adam(machine.parameters(), { learningRate: 0.05 })
      await inOwn(() =>
        train.fit(machine, {
          train: set,
          loss: (_, x) => machine.contrastiveDivergence(x),
          optimizer,
          epochs: 200,
          batchSize: 40,
        }),
      )
      const after = await inOwn(() => logLikelihood(machine))
      const weights = [...(await (machine.parameters()[0] as Tensor).data())]
      return { before, after, weights }
    } finally {
      own.dispose()
    }
  }

  test('by fit raises the likelihood of what it is shown; a seed repeats it', async () => {
    const [one, same, other] = [await learnt(1), await learnt(1), await learnt(2)]
    // At first all 16 states are as likely: −log 16 = −2.77. The best there is, four states alone: −log 4 = −1.39.
    expect(one.before).toBeCloseTo(-Math.log(16), 2)
    expect(one.after).toBeGreaterThan(-1.8)
    expect(one.after).toBeLessThan(-Math.log(4))
    expect(same).toEqual(one)
    expect(other.weights).not.toEqual(one.weights)
  })
})

describe('what it refuses', () => {
  test('data of another width, class ids, and options that make no sense', () => {
    const machine = nn.rbm(3, 2)
    const x = tensor([[0, 1, 1]])
    expect(refusal(() => machine(tensor([[0, 1]])))).toMatch(/shape \[rbm\(3, 2\)] x is float32 \[1, 2]/)
    expect(refusal(() => machine.energy(x, x))).toContain('h is float32 [1, 3]')
    expect(refusal(() => machine.gibbs(x, { steps: 0 }))).toContain('steps is 0')
    expect(refusal(() => machine.gibbs(x, { step: 2 } as object))).toContain("unknown option 'step'")
    expect(refusal(() => nn.rbm(0, 2))).toContain('visible is 0')
    const set = data.dataset([[0, 1, 1]], Int32Array.of(1), { classes: 2 })
    const loss: train.LossFunction = (_, labels) => machine.contrastiveDivergence(labels)
    expect(refusal(() => train.fit(machine, { train: set, loss }))).toContain('data.dataset(features)')
    set.dispose()
  })
})
