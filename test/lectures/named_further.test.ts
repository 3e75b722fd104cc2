// What the lectures name further: autoencoders, restricted Boltzmann machines, and pre-training with either.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  argMax,
  data,
  type Engine,
  grad,
  init,
  nn,
  optim,
  type Parameter,
  type Tensor,
  tensor,
  train,
} from '../../src/index.ts'
import { expectClose, numbers, sum, weightsOf } from './support.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', precision: 'float64', seed: 9 })
})

afterAll(() => engine.dispose())

const adam = (learningRate: number) => (parameters: readonly Parameter[]) =>
  optim.adam(parameters, { learningRate })

describe('autoencoders', () => {
  test('give back what they take by way of a narrow code: 8 units through 3', async () => {
    const rows = Array.from({ length: 8 }, (_, i) => Array.from({ length: 8 }, (_, j) => (i === j ? 1 : 0)))
    const model = engine.withSeed(1, () => nn.autoencoder([8, 3], { activation: 'tanh' }))
    await train.fit(model, {
      train: data.dataset(rows),
      loss: 'sigmoidCrossEntropy',
      optimizer: adam(0.05),
      epochs: 400,
    })
    const x = tensor(rows)
    expect(await numbers(argMax(model(x), { axis: 1 }))).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    const codes = await numbers(model.encoder(x))
    expect(codes).toHaveLength(24)
    expect(await numbers(model.decoder(model.encoder(x)))).toEqual(await numbers(model(x)))
  })

  test('linear units find the plane that the data lie in', async () => {
    // Six numbers of which two are free, and one more direction of little spread: 0.01² · mean of sin² in each row.
    const rows = Array.from({ length: 60 }, (_, i) => {
      const [a, b, c] = [Math.sin(i), Math.cos(2.3 * i), 0.01 * Math.sin(5.1 * i)]
      return [a, b, a + b, a - b, 0.5 * a + c, b - c]
    })
    const error = async (code: number): Promise<number> => {
      const model = engine.withSeed(2, () =>
        nn.autoencoder([6, code], { activation: 'identity', tied: true }),
      )
      const { history } = await train.fit(model, {
        train: data.dataset(rows),
        batchSize: 60,
        optimizer: adam(0.02),
        epochs: 500,
      })
      return history.losses.at(-1) as number
    }
    expect(await error(2)).toBeLessThan(2e-4)
    expect(await error(1)).toBeGreaterThan(0.1)
  })
})

describe('restricted Boltzmann machines', () => {
  const VISIBLE = 4
  const bits = (width: number): number[][] =>
    Array.from({ length: 2 ** width }, (_, i) => Array.from({ length: width }, (_, bit) => (i >> bit) & 1))

  test('with energy E(x, h) = −hᵀWx − cᵀx − bᵀh', async () => {
    const machine = nn.rbm(3, 2, { initializer: nn.normal(1) })
    const [w, b, c] = machine.parameters() as [Parameter, Parameter, Parameter]
    b.assign(tensor([0.3, -0.7]))
    c.assign(tensor([1, -2, 0.5]))
    const [x, h] = [
      [1, 0, 1],
      [1, 1],
    ] as const
    const [weights, hidden, visible] = [await numbers(w), await numbers(b), await numbers(c)]
    const pairs = x.flatMap((xi, i) => h.map((hj, j) => xi * hj * (weights[2 * i + j] as number)))
    const biases = (state: readonly number[], list: readonly number[]) =>
      sum(state.map((s, i) => s * (list[i] as number)))
    const expected = -sum(pairs) - biases(x, visible) - biases(h, hidden)
    expectClose(await numbers(machine.energy(tensor([x]), tensor([h]))), [expected])
    // The free energy sums over hidden units: exp(−F(x)) = Σₕ exp(−E(x, h)).
    const energies = await numbers(machine.energy(tensor(bits(2).map(() => x)), tensor(bits(2))))
    expectClose(await numbers(machine.freeEnergy(tensor([x]))), [
      -Math.log(sum(energies.map(energy => Math.exp(-energy)))),
    ])
    // And the units of a layer are independent given the other: P(h = 1 | x) = σ(b + xW).
    expectClose(
      await numbers(machine(tensor([x]))),
      h.map((_, j) => {
        const a = (hidden[j] as number) + sum(x.map((xi, i) => xi * (weights[2 * i + j] as number)))
        return 1 / (1 + Math.exp(-a))
      }),
    )
  })

  test.each([1, 2, 25])('learnt by contrastive divergence of k steps: its gradient, k = %i', async steps => {
    const machine = engine.withSeed(6, () => nn.rbm(3, 2, { initializer: nn.normal(1.5) }))
    const [xs, hs] = [bits(3), bits(2)]
    const [up, down] = [await machine(tensor(xs)).array(), await machine.visible(tensor(hs)).array()]
    const chance = (p: readonly number[], state: readonly number[]): number =>
      p.reduce((product, one, i) => product * (state[i] === 1 ? one : 1 - one), 1)
    // The chain's visible states, from one that was seen: each step draws hidden units and then visible ones.
    const walk = (share: readonly number[]): number[] =>
      xs.map((to, _) =>
        sum(
          xs.map((_, from) =>
            sum(
              hs.map(
                (h, k) =>
                  (share[from] as number) *
                  chance((up as number[][])[from] ?? [], h) *
                  chance((down as number[][])[k] ?? [], to),
              ),
            ),
          ),
        ),
      )
    const seen = 5 // (1, 0, 1)
    let share = xs.map((_, i) => Number(i === seen))
    const pairs = (weights: readonly number[]): number[] =>
      Array.from({ length: 6 }, (_, k) =>
        sum(weights.map((p, i) => p * (xs[i]?.[k >> 1] ?? 0) * ((up as number[][])[i]?.[k & 1] ?? 0))),
      )
    const atData = pairs(share)
    for (let step = 0; step < steps; step++) share = walk(share)
    const wanted = pairs(share).map((value, k) => value - (atData[k] as number))
    const rows = 20_000
    const x = tensor(Array.from({ length: rows }, () => xs[seen] as number[]))
    const loss = engine.withSeed(steps, () => machine.contrastiveDivergence(x, { steps }))
    const [dw] = grad(loss, machine.parameters()) as [Tensor]
    // ⟨x·h⟩ of the chain less that of the data. Each row's is in [0, 1]: five deviations of the mean are at most 2.5/√rows.
    expectClose(await numbers(dw), wanted, 2.5 / Math.sqrt(rows))
    if (steps > 2) {
      // A long chain has forgotten its start: this is the gradient of the log-likelihood.
      const free = await numbers(machine.freeEnergy(tensor(xs)))
      const model = free.map(f => Math.exp(-f) / sum(free.map(g => Math.exp(-g))))
      expectClose(share, model, 1e-3)
    }
  })

  test.each([1, 3])(
    'learnt by contrastive divergence: what was seen becomes probable, k = %i',
    async steps => {
      // Two patterns out of sixteen.
      const patterns = [
        [1, 1, 0, 0],
        [0, 0, 1, 1],
      ]
      const rows = Array.from({ length: 40 }, (_, i) => patterns[i % 2] as number[])
      const machine = engine.withSeed(3, () => nn.rbm(VISIBLE, 4))
      const everything = tensor(bits(VISIBLE))
      /** Probability of each row, by the sum over all there are. */
      const probability = async (wanted: readonly (readonly number[])[]): Promise<number[]> => {
        const all = (await numbers(machine.freeEnergy(everything))).map(f => Math.exp(-f))
        const own = await numbers(machine.freeEnergy(tensor(wanted.map(row => [...row]))))
        return own.map(f => Math.exp(-f) / sum(all))
      }
      expectClose(await probability(patterns), [1 / 16, 1 / 16], 0.01)
      await train.fit(machine, {
        train: data.dataset(rows),
        loss: (_, x) => machine.contrastiveDivergence(x, { steps }),
        optimizer: p => optim.sgd(p, { learningRate: 0.2 }),
        batchSize: 10,
        epochs: 200,
        seed: 1,
      })
      for (const p of await probability(patterns)) expect(p).toBeGreaterThan(0.35)
      // Chains that start anywhere end where probability is.
      const ends = await machine.gibbs(everything, { steps: 50 }).array()
      const known = (ends as number[][]).filter(row => patterns.some(one => String(one) === String(row)))
      expect(known.length).toBeGreaterThan(8)
    },
  )
})

describe('unsupervised pre-training of an MLP layer by layer with either', () => {
  /** Stripes across (0) or along (1) 4 × 4 pixels: 14 patterns of each. */
  const stripes = (): data.Dataset => {
    const list = Array.from({ length: 28 }, (_, i) => ({ pattern: (i >> 1) + 1, isAlong: i % 2 === 1 }))
    const rows = list.map(({ pattern, isAlong }) =>
      Array.from({ length: 16 }, (_, pixel) => (pattern >> (isAlong ? pixel & 3 : pixel >> 2)) & 1),
    )
    return data.dataset(
      rows,
      Int32Array.from(list, ({ isAlong }) => Number(isAlong)),
    )
  }

  test.each(['autoencoder', 'rbm'] as const)('%s', async kind => {
    const set = stripes()
    const make = () => engine.withSeed(4, () => nn.mlp([16, 16, 12, 8, 2], { activation: 'sigmoid' }))
    const fine = { train: set, optimizer: adam(0.02), epochs: 40, seed: 1 }
    const [plain, model] = [make(), make()]
    const before = await weightsOf(model)
    const histories = await train.pretrain(model, set, {
      with: kind,
      fit: { epochs: 60, optimizer: adam(0.05), seed: 1 },
    })
    // Three hidden layers were trained, the output was not.
    expect(histories).toHaveLength(3)
    const after = await weightsOf(model)
    const outputs = 8 * 2 + 2
    expect(after.slice(-outputs)).toEqual(before.slice(-outputs))
    expect(after.slice(0, 16).every((w, i) => w !== before[i])).toBe(true)
    // Through so many sigmoids little gradient comes to the first layers: alone the network still guesses when the
    // other, which began with what its layers had found out about rows without labels, has learnt.
    const [started, alone] = [await train.fit(model, fine), await train.fit(plain, fine)]
    const last = ({ history }: train.FitResult): number => history.losses.at(-1) as number
    expect(last(started)).toBeLessThan(0.2)
    expect(last(alone)).toBeGreaterThan(0.6)
  })
})

// Convolutional, recurrent and attention networks are named and left for later.
