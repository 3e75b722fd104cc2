// fit as it goes on: what it tells, and how it is aborted.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { data, type Engine, init, type nn, optim, train } from '../../src/index.ts'
import { quadrants, sets, small } from './quadrants.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 1 })
})

afterAll(() => engine.dispose())

const weightsOf = async (model: nn.Layer): Promise<number[]> =>
  (await Promise.all(model.parameters().map(p => p.data()))).flatMap(numbers => [...numbers])

describe('how it ends early, and what it tells', () => {
  test('an abort in the middle gives the history so far, and nothing leaks', async () => {
    const own = await init({ backend: 'cpu' })
    const [model, set] = own.use(() => [small(), sets(64)] as const)
    optim.adam(model.parameters()).dispose() // the parameters move into their arena, once
    const before = own.memory()
    const controller = new AbortController()
    const run = train.fit(model, {
      train: set,
      epochs: 1000,
      batchSize: 16,
      signal: controller.signal,
      onStep: ({ step }) => {
        if (step === 50) controller.abort()
      },
    })
    const { history, stopped } = await run
    expect(stopped).toEqual({ by: 'abort', reason: 'the signal was aborted' })
    expect(history.losses.length).toBeGreaterThanOrEqual(50)
    expect(history.losses.length).toBeLessThan(1000)
    // The epoch in which it was aborted has no record.
    const whole = Math.floor(history.losses.length / 4)
    expect([whole - 1, whole]).toContain(history.epochs.length)
    const { tensors, liveBytes } = own.memory()
    expect({ tensors, liveBytes }).toEqual({ tensors: before.tensors, liveBytes: before.liveBytes })
    own.dispose()
  })

  test('a signal aborted beforehand: nothing is trained', async () => {
    const model = small()
    const before = await weightsOf(model)
    const { history } = await train.fit(model, { train: sets(), signal: AbortSignal.abort() })
    expect(history).toEqual({ losses: [], epochs: [] })
    expect(await weightsOf(model)).toEqual(before)
  })

  test('leaving the loop over its events ends it; the promise has what there is', async () => {
    const run = train.fit(small(), { train: sets(64), epochs: 1000 })
    let epochs = 0
    for await (const event of run) if (event.kind === 'epoch' && ++epochs === 3) break
    const { stopped, history } = await run
    expect(stopped?.by).toBe('abort')
    expect(history.epochs.length).toBeGreaterThanOrEqual(3)
    expect(history.epochs.length).toBeLessThan(1000)
  })

  test('an abort does not wait for a stream that hangs', async () => {
    const own = await init({ backend: 'cpu' })
    const [model, optimizer] = own.use(() => {
      const model = small()
      return [model, optim.adam(model.parameters())] as const
    })
    const before = own.memory()
    const { rows, ids } = quadrants(8)
    const controller = new AbortController()
    const hanging = async function* () {
      yield { features: rows, labels: ids }
      controller.abort()
      await new Promise(() => undefined)
    }
    const source = data.stream(hanging, { classes: 2, batchSize: 8, engine: own })
    const { stopped } = await train.fit(model, { train: source, optimizer, signal: controller.signal })
    expect(stopped?.by).toBe('abort')
    await own.idle()
    expect(own.memory().liveBytes).toBe(before.liveBytes)
    own.dispose()
  })

  test('each loop over the events hears of all since it began; after the run there are none', async () => {
    const run = train.fit(small(), { train: sets(64), epochs: 2 })
    const count = async () => {
      let events = 0
      for await (const event of run) if (event) events++
      return events
    }
    expect(await Promise.all([count(), count()])).toEqual([6, 6])
    expect(await count()).toBe(0)
  })

  test('events come in order, a step each and an epoch each', async () => {
    const run = train.fit(small(), { train: sets(70), validation: sets(10), epochs: 2 })
    const kinds: string[] = []
    for await (const event of run)
      kinds.push(event.kind === 'step' ? `${event.step}/${event.steps}` : event.kind)
    expect(kinds).toEqual(['1/6', '2/6', '3/6', 'epoch', '4/6', '5/6', '6/6', 'epoch'])
  })

  test('the next epoch waits for what onEpoch returns', async () => {
    const seen: string[] = []
    await train.fit(small(), {
      train: sets(),
      epochs: 2,
      onStep: ({ epoch }) => void seen.push(`step of ${epoch}`),
      onEpoch: async ({ epoch }) => {
        await new Promise(resolve => setTimeout(resolve, 5))
        seen.push(`epoch ${epoch}`)
      },
    })
    expect([...new Set(seen)]).toEqual(['step of 1', 'epoch 1', 'step of 2', 'epoch 2'])
  })
})
