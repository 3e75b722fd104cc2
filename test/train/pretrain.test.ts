// Autoencoders, and greedy pre-training with them or with restricted Boltzmann machines.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { data, type Engine, init, nn, optim, type Tensor, tensor, train } from '../../src/index.ts'
import { refusal, rejection } from '../data/refusal.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 1 })
})

afterAll(() => engine.dispose())

const numbersOf = async (list: readonly Tensor[]): Promise<number[]> =>
  (await Promise.all(list.map(x => x.data()))).flatMap(numbers => [...numbers])

const adam = (learningRate: number) => (parameters: Parameters<typeof optim.adam>[0]) =>
  optim.adam(parameters, { learningRate })

const last = ({ epochs }: train.History): number => epochs.at(-1)?.loss ?? Number.NaN

/** Eight patterns of 16 bits with a bit in twelve flipped; the class is a pattern's number, odd or even. */
function patterns(count: number): data.Dataset {
  let state = 12345
  const random = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return state / 2 ** 32
  }
  const clean = Array.from({ length: 8 }, () => Array.from({ length: 16 }, () => Number(random() < 0.5)))
  const rows = Array.from({ length: count }, (_, i) =>
    (clean[i % 8] as number[]).map(bit => (random() < 1 / 12 ? 1 - bit : bit)),
  )
  return data.dataset(
    rows,
    Int32Array.from(rows, (_, i) => i & 1),
  )
}

describe('autoencoder', () => {
  test('goes down its sizes and back up; tied, it has the weights once', () => {
    const model = nn.autoencoder([6, 4, 2], { activation: 'tanh' })
    expect(model.encoder.layers.map(({ label }) => label).join(' ')).toBe(
      'linear(6, 4) tanh() linear(4, 2) tanh()',
    )
    expect(model.decoder.layers.map(({ label }) => label).join(' ')).toBe('linear(2, 4) tanh() linear(4, 6)')
    const x = tensor([[1, 2, 3, 4, 5, 6]])
    expect([model.encoder(x).shape, model(x).shape]).toEqual([
      [1, 2],
      [1, 6],
    ])
    const count = (layer: nn.Layer): number => layer.parameters().reduce((sum, { size }) => sum + size, 0)
    const [weights, biases] = [6 * 4 + 4 * 2, 4 + 2 + 4 + 6]
    expect(count(model)).toBe(2 * weights + biases)
    const tied = nn.autoencoder([6, 4, 2], { tied: true })
    expect(count(tied)).toBe(weights + biases)
    expect(tied(x).shape).toEqual([1, 6])
  })

  test.each([false, true])('8-3-8 finds a code of three units for eight patterns; tied: %s', async tied => {
    const rows = Array.from({ length: 8 }, (_, i) => Array.from({ length: 8 }, (_, j) => Number(i === j)))
    const set = data.dataset(rows)
    const model = nn.autoencoder([8, 3], { activation: 'sigmoid', tied })
    await train.fit(model, {
      train: set,
      loss: 'sigmoidCrossEntropy',
      optimizer: adam(0.1),
      epochs: 600,
      batchSize: 8,
      seed: 1,
    })
    const guesses = await train.predict(model, set).argMax({ axis: 1 }).data()
    expect([...guesses]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    set.dispose()
  })

  test('linear units learn what principal components do: the code of one unit leaves the least variance', async () => {
    // Along (0.6, 0, 0.8) the variance is 4, along (0, 1, 0) it is 1: of the mean square over three columns 1/3 is left.
    const rows = Array.from({ length: 64 }, (_, i) => {
      const [a, b] = [
        Math.SQRT2 * 2 * Math.sin((2 * Math.PI * i) / 64),
        Math.SQRT2 * Math.cos((6 * Math.PI * i) / 64),
      ]
      return [0.6 * a, b, 0.8 * a]
    })
    const set = data.dataset(rows)
    const model = nn.autoencoder([3, 1], { activation: 'identity' })
    await train.fit(model, { train: set, optimizer: adam(0.02), epochs: 400, batchSize: 64, seed: 1 })
    expect((await train.evaluate(model, set)).loss).toBeCloseTo(1 / 3, 4)
    const full = nn.autoencoder([3, 2], { activation: 'identity', tied: true })
    await train.fit(full, { train: set, optimizer: adam(0.02), epochs: 400, batchSize: 64, seed: 1 })
    expect((await train.evaluate(full, set)).loss).toBeLessThan(1e-4)
    set.dispose()
  })

  test('refuses sizes and options that make none', () => {
    expect(refusal(() => nn.autoencoder([4]))).toContain('value [autoencoder] sizes are [4]')
    expect(refusal(() => nn.autoencoder([4, 0]))).toContain('outputs is 0')
    expect(refusal(() => nn.autoencoder([4, 2], { activation: 'reul' as 'relu' }))).toContain("'reul'")
    expect(refusal(() => nn.autoencoder([4, 2], { tie: true } as object))).toContain("'tied'")
  })
})

describe('pretrain', () => {
  const fast = { epochs: 3, batchSize: 8, seed: 1 }

  test('is what one does by hand, layer by layer, and puts the weights into the model', async () => {
    const set = patterns(40)
    const sizes = [16, 8, 4, 2]
    const [model, hand] = [nn.mlp(sizes, { activation: 'tanh' }), nn.mlp(sizes, { activation: 'tanh' })]
    hand.parameters().forEach((p, i) => {
      p.assign(model.parameters()[i] as Tensor)
    })
    const before = await numbersOf(model.parameters().slice(4))
    const histories = await train.pretrain(model, set, { fit: fast })

    const [first, unit, second] = hand.layers as [nn.Layer, nn.Layer, nn.Layer]
    const features = train.predict(nn.sequential(), set)
    const one = await train.fit(nn.sequential(first, unit, nn.tied(first)), {
      train: data.dataset(features),
      ...fast,
    })
    const codes = train.predict(nn.sequential(first, unit), set)
    const two = await train.fit(nn.sequential(second, unit, nn.tied(second)), {
      train: data.dataset(codes),
      ...fast,
    })
    expect(histories.map(({ losses }) => losses)).toEqual([one.history.losses, two.history.losses])
    expect(await numbersOf(model.parameters())).toEqual(await numbersOf(hand.parameters()))
    // The layer of the outputs is left alone.
    expect(await numbersOf(model.parameters().slice(4))).toEqual(before)
    set.dispose()
  })

  test.each(['autoencoder', 'rbm'] as const)(
    'with %s makes a deep sigmoid network learn where it stood still',
    async kind => {
      const fit = {
        epochs: 40,
        batchSize: 16,
        optimizer: adam(0.01),
        ...(kind === 'rbm' ? {} : { loss: 'sigmoidCrossEntropy' as const }),
      }
      const losses = { drawn: 0, trained: 0 }
      for (const start of ['drawn', 'trained'] as const) {
        // An engine of one seed for both: they start from the same draws.
        const own = await init({ backend: 'cpu', seed: 1 })
        const model = own.use(() => nn.mlp([16, 16, 16, 16, 16, 2], { activation: 'sigmoid' }))
        const mine = own.use(() => patterns(160))
        if (start === 'trained') {
          const histories = await train.pretrain(model, mine, { with: kind, fit })
          expect(histories).toHaveLength(4)
          if (kind === 'autoencoder')
            for (const history of histories)
              expect(last(history)).toBeLessThan(history.epochs[0]?.loss ?? Number.NaN)
        }
        const run = await train.fit(model, {
          train: mine,
          optimizer: adam(0.01),
          epochs: 3,
          batchSize: 16,
        })
        losses[start] = last(run.history)
        own.dispose()
      }
      // Random weights let it do no better than chance, log 2 = 0.693, so early.
      expect(losses.drawn).toBeGreaterThan(0.68)
      expect(losses.trained).toBeLessThan(0.8 * losses.drawn)
    },
  )

  test.each(['autoencoder', 'rbm'] as const)('with %s leaves no memory behind', async kind => {
    const set = patterns(40)
    const model = nn.mlp([16, 8, 4, 2], { activation: 'sigmoid', dropout: 0.1 })
    const optimizer = optim.adam(model.parameters())
    await engine.idle()
    const { tensors, liveBytes } = engine.memory()
    await train.pretrain(model, set, { with: kind, steps: 2, fit: fast })
    expect(engine.memory()).toMatchObject({ tensors, liveBytes })
    // The model's parameters stayed where they are: optimizers made before go on.
    const { history } = await train.fit(model, { train: set, optimizer, epochs: 1 })
    expect(history.losses).toHaveLength(2)
    for (const item of [set, optimizer, ...model.parameters()]) item.dispose()
  })

  test('takes layers by number, norms between them, linear layers without a bias, and options for each', async () => {
    const set = patterns(40)
    const model = nn.sequential(nn.flatten(), nn.mlp([16, 8, 6, 4, 2], { batchNorm: true }))
    const asked: number[] = []
    const histories = await train.pretrain(model, set, {
      layers: 2,
      fit: layer => {
        asked.push(layer)
        return { ...fast, epochs: layer + 1 }
      },
    })
    expect(asked).toEqual([0, 1])
    expect(histories.map(({ epochs }) => epochs.length)).toEqual([1, 2])
    // Norms were not trained, and saw no batch.
    for (const [name, buffer] of model.namedBuffers())
      expect(new Set(await buffer.data())).toEqual(new Set([name.endsWith('variance') ? 1 : 0]))
    set.dispose()
  })

  test('ends when it is aborted, with the histories so far', async () => {
    const set = patterns(40)
    const model = nn.mlp([16, 8, 4, 2])
    const controller = new AbortController()
    const onStep = (): void => controller.abort()
    const fit = { epochs: 1000, batchSize: 8, onStep, signal: controller.signal }
    const { tensors } = engine.memory()
    const histories = await train.pretrain(model, set, { fit })
    expect(histories).toHaveLength(1)
    expect(histories[0]?.epochs.length).toBeLessThan(1000)
    expect(engine.memory().tensors).toBe(tensors)
    set.dispose()
  })

  test('layers are known by their kind, whatever they are called', async () => {
    const named = (label: string) => nn.layer({ label, forward: x => x })
    const set = data.dataset([
      [0, 1],
      [1, 0],
    ])
    const fit = { epochs: 1 }
    // Neither a second linear layer nor dropout nor a sequence.
    for (const label of ['linear(2, 2)', 'sequential', 'dropout(0.5)'])
      expect(
        await train.pretrain(nn.sequential(nn.linear(2, 2), named(label), nn.linear(2, 1)), set, { fit }),
      ).toHaveLength(1)
    const model = nn.sequential(nn.linear(2, 2), named('sigmoid()'), nn.linear(2, 1))
    await expect(train.pretrain(model, set, { with: 'rbm', fit })).rejects.toThrow('are sigmoids with a bias')
    expect(() => nn.tied(named('linear(2, 2)'))).toThrow('linear(2, 2) is no linear layer')
  })

  test('refuses what it cannot train, and leaves no memory behind', async () => {
    const set = patterns(16)
    const wide = data.dataset([[-1, 2]])
    const linear = nn.sequential(nn.relu())
    const mlp = (activation: nn.ActivationName) => nn.mlp([16, 4, 2], { activation })
    const [sigmoid, relu, narrow] = [
      mlp('sigmoid'),
      mlp('relu'),
      nn.mlp([2, 4, 2], { activation: 'sigmoid' }),
    ]
    const cases: [model: unknown, set: unknown, options: unknown, message: string][] = [
      [linear, set, {}, "value [pretrain] of the model's 0 linear layers none is to be trained"],
      [nn.linear(16, 2), set, {}, "of the model's 1 linear layers none is to be trained"],
      [relu, set, { layers: 0 }, "of the model's 2 linear layers none is to be trained"],
      [relu, set, { layers: 3 }, 'layers is 3'],
      [nn.residual(nn.linear(16, 16)), set, {}, 'residual is no layer of a multilayer perceptron'],
      [relu, set, { with: 'rbm' }, 'not linear(16, 4), relu()'],
      [sigmoid, set, { with: 'rbm', layers: 2 }, 'not linear(4, 2)'],
      [narrow, wide, { with: 'rbm' }, 'the features lie in [-1, 2]'],
      [relu, set, { with: 'RBM' }, "with is 'RBM'"],
      [relu, set, { fit: { train: set } }, 'fit names train'],
      [sigmoid, set, { with: 'rbm', fit: { loss: 'huber' } }, 'fit names loss'],
      [
        relu,
        set,
        { fit: { optimizer: optim.sgd(relu.parameters()) } },
        'the optimizer in fit has parameters already',
      ],
      [relu, set, { fit: { epoch: 3 } }, "unknown option 'epoch'"],
      [relu, wide, {}, 'shape [linear]'],
      [relu, [1], {}, 'not a data set'],
      [null, set, {}, 'not a layer'],
    ]
    await engine.idle()
    const { tensors } = engine.memory()
    for (const [model, data, options, message] of cases) {
      const run = train.pretrain(model as nn.Layer, data as data.Dataset, options as train.PretrainOptions)
      expect(await rejection(run)).toContain(message)
    }
    await engine.idle()
    expect(engine.memory().tensors).toBe(tensors)
  })
})
