// evaluate and predict.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Engine, init, nn, train } from '../../src/index.ts'
import { sets, small } from './quadrants.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 1 })
})

afterAll(() => engine.dispose())

describe('evaluate and predict', () => {
  test('a set in batches is the set at once', async () => {
    const model = small()
    const set = sets(101)
    const whole = await train.evaluate(model, set, { metrics: ['accuracy', 'logLoss'] })
    const parts = await train.evaluate(model, set, { metrics: ['accuracy', 'logLoss'], batchSize: 17 })
    expect(parts.accuracy).toBe(whole.accuracy)
    expect(parts.loss).toBeCloseTo(whole.loss, 6)
    expect(parts.logLoss).toBeCloseTo(whole.loss, 6)
    const [all, cut] = [train.predict(model, set), train.predict(model, set, { batchSize: 17 })]
    expect(cut.shape).toEqual([101, 2])
    expect(await cut.array()).toEqual(await all.array())
  })

  test('nothing is trained, and nothing stays', async () => {
    const model = nn.sequential(nn.linear(2, 4), nn.dropout(0.5), nn.linear(4, 2))
    const set = sets(20)
    const before = engine.memory()
    const [a, b] = [await train.evaluate(model, set), await train.evaluate(model, set)]
    expect(a).toEqual(b)
    expect(engine.memory().tensors).toBe(before.tensors)
  })
})
