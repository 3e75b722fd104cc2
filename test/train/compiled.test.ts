// What of train, data and nn works in a function that compile records, and what is refused there and leaves nothing.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compile, data, type Engine, init, nn, type Tensor, train } from '../../src/index.ts'
import { refusal } from '../data/refusal.ts'

let engine: Engine
let set: data.Dataset
let model: nn.Layer

beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 1 })
  const rows = [
    [1, 2],
    [3, 4],
    [5, 6],
  ]
  set = data.dataset(rows, new Int32Array([0, 1, 0]))
  model = nn.mlp([2, 4, 2])
})

afterAll(() => engine.dispose())

describe('what works', () => {
  const cases: [name: string, body: () => Tensor][] = [
    ['predict of a set', () => train.predict(model, set)],
    ['predict of a subset, in batches', () => train.predict(model, set.subset([2, 0]), { batchSize: 1 })],
  ]
  test.each(cases)('%s', async (_, body) => {
    const before = engine.memory().tensors
    const step = compile(body)
    using expected = body()
    for (let time = 0; time < 2; time++) {
      using found = step()
      expect(await found.array()).toEqual(await expected.array())
    }
    step.dispose()
    expected.dispose()
    expect(engine.memory().tensors).toBe(before)
  })
})

describe('what is refused', () => {
  const cases: [name: string, body: () => unknown][] = [
    ['evaluate', () => train.evaluate(model, set)],
    ['evaluate with metrics', () => train.evaluate(model, set, { metrics: ['accuracy'] })],
    ['classificationReport', () => train.classificationReport(model, set)],
    ['fit', () => train.fit(model, { train: set })],
    ['diagnose', () => train.diagnose(model, { data: { features: [[1, 2]], labels: new Int32Array([1]) } })],
    ['monitor', () => train.monitor(model, { data: set })],
    ['standardize of a set', () => data.standardize(set)],
    ['dataset', () => data.dataset([[1]], [[2]])],
  ]
  test.each(cases)('%s', async (_, body) => {
    const { tensors, liveBytes } = engine.memory()
    const step = compile(body)
    expect(refusal(() => step())).toMatch(/^recording \[/)
    expect(engine.memory()).toMatchObject({ tensors, liveBytes })
    // Nothing is made later, either.
    await engine.idle()
    expect(engine.memory()).toMatchObject({ tensors, liveBytes })
    step.dispose()
  })
})
