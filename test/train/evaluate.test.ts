// evaluate and predict.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { data, type Engine, init, nn, RetrogradError, train } from '../../src/index.ts'
import { quadrants, sets, small } from './quadrants.ts'

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

  test('a stream is the set it was cut from, and no more of it stays than outputs', async () => {
    const model = small()
    const { rows, ids } = quadrants(101)
    const chunks = function* () {
      for (const [start, end] of [
        [0, 40],
        [40, 41],
        [41, 101],
      ])
        yield { features: rows.slice(start, end), labels: ids.slice(start, end) }
    }
    const set = data.dataset(rows, ids)
    const stream = data.stream(chunks, { batchSize: 17, classes: 2 })
    const before = engine.memory()
    const [a, b] = [set, stream].map(source =>
      train.evaluate(model, source, { metrics: ['accuracy', 'logLoss'] }),
    )
    const [whole, cut] = [await a, await b]
    expect(cut?.accuracy).toBe(whole?.accuracy)
    expect(cut?.loss).toBeCloseTo(whole?.loss ?? Number.NaN, 6)
    expect(cut?.logLoss).toBeCloseTo(whole?.logLoss ?? Number.NaN, 6)
    expect((await train.evaluate(model, stream)).loss).toBeCloseTo(whole?.loss ?? Number.NaN, 6)
    const reports = [set, stream].map(source => train.classificationReport(model, source))
    expect(String(await reports[1])).toBe(String(await reports[0]))
    expect(engine.memory()).toMatchObject({ tensors: before.tensors, liveBytes: before.liveBytes })
    set.dispose()
  })

  test('what is wrong with a stream is told, and nothing stays', async () => {
    const before = engine.memory()
    const model = nn.linear(2, 3)
    const other = data.stream([{ features: [[1, 2]], labels: [5] }], { classes: 3 })
    await expect(train.evaluate(model, other)).rejects.toThrow(/^\[stream, chunk 0\] /)
    const wide = data.stream([{ features: [[1, 2, 3]], labels: [1] }], { classes: 3 })
    await expect(train.evaluate(model, wide)).rejects.toThrow(RetrogradError)
    const numbers = data.stream([{ features: [[1, 2]], labels: [[0.5, 7, 1]] }])
    await expect(train.evaluate(model, numbers, { metrics: ['accuracy'] })).rejects.toThrow(
      'numbers to predict',
    )
    model.dispose()
    expect(engine.memory()).toMatchObject({ tensors: before.tensors, liveBytes: before.liveBytes })
  })
})
