// fit and its stop rules: when they end it, and whose weights the model has then.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { data, type Engine, init, nn, optim, train } from '../../src/index.ts'
import { sets, small } from './quadrants.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 1 })
})

afterAll(() => engine.dispose())

describe('rules', () => {
  const overfits = () => {
    // Labels at random: what is learned on one half is wrong on the other.
    const rows = Array.from({ length: 40 }, (_, i) => [Math.sin(i * 7.1), Math.cos(i * 3.7)])
    const set = data.dataset(
      rows,
      Int32Array.from(rows, (_, i) => (i * 7919) % 2),
    )
    return data.split(set, { train: 0.5, validation: 0.5 }, { seed: 1 })
  }

  test('early stopping looks ahead, then gives the best weights back', async () => {
    const { train: half, validation } = overfits() as { train: data.Dataset; validation: data.Dataset }
    const model = nn.mlp([2, 32, 2])
    const { history, stopped, restoredEpoch } = await train.fit(model, {
      train: half,
      validation,
      epochs: 400,
      batchSize: 20,
      optimizer: p => optim.adam(p, { learningRate: 0.02 }),
      stop: train.earlyStopping({ patience: 7 }),
    })
    const losses = history.epochs.map(record => record.validation?.loss ?? Number.NaN)
    const best = losses.indexOf(Math.min(...losses))
    expect(stopped).toEqual({ by: 'rule', reason: 'validationLoss has not improved for 7 epochs' })
    expect(restoredEpoch).toBe(best + 1)
    expect(losses.length).toBe(best + 8)
    expect((await train.evaluate(model, validation)).loss).toBe(losses[best])
  })

  test('a threshold on the training error', async () => {
    const { history, stopped } = await train.fit(small(), {
      train: sets(200),
      epochs: 500,
      optimizer: p => optim.adam(p, { learningRate: 0.05 }),
      stop: train.threshold(0.2),
    })
    const losses = history.epochs.map(({ loss }) => loss)
    expect(stopped?.reason).toBe('loss reached 0.2')
    expect(losses.at(-1)).toBeLessThanOrEqual(0.2)
    expect(losses.slice(0, -1).every(loss => loss > 0.2)).toBe(true)
  })

  test('no decrease of the training error', async () => {
    const model = small()
    const optimizer = optim.sgd(model.parameters(), { learningRate: 1e-30 })
    const { history, stopped } = await train.fit(model, {
      train: sets(64),
      shuffle: false,
      epochs: 50,
      optimizer,
      stop: train.noDecrease({ patience: 2 }),
    })
    expect(history.epochs.length).toBe(3)
    expect(stopped?.by).toBe('rule')
  })

  test('a metric, by name, of which more is better', async () => {
    const { restoredEpoch, history } = await train.fit(small(), {
      train: sets(100),
      validation: sets(50),
      metrics: ['accuracy'],
      epochs: 30,
      stop: train.earlyStopping({ monitor: 'accuracy', patience: 30 }),
    })
    const scores = history.epochs.map(({ validation }) => validation?.accuracy ?? 0)
    expect(restoredEpoch).toBe(scores.indexOf(Math.max(...scores)) + 1)
  })

  test('a metric of one’s own says itself whether more of it is better', async () => {
    const run = (stop: train.StopRule) => {
      let epochs = 0
      const rising: train.Metric = { name: 'rising', better: 'more', of: () => ++epochs }
      return train.fit(small(), { train: sets(), validation: sets(20), metrics: [rising], epochs: 9, stop })
    }
    const early = await run(train.earlyStopping({ monitor: 'rising', patience: 2 }))
    expect([early.stopped, early.restoredEpoch]).toEqual([null, 9])
    const reached = await run(train.threshold(5, { monitor: 'rising' }))
    expect(reached.history.epochs.length).toBe(5)
  })

  test('all epochs: nothing stopped it', async () => {
    const { stopped, restoredEpoch } = await train.fit(small(), { train: sets(), epochs: 2 })
    expect([stopped, restoredEpoch]).toEqual([null, null])
  })
})
