// fit: what it computes, what it costs, how it ends, and what it refuses.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  cast,
  compile,
  data,
  type Engine,
  grad,
  init,
  meanSquaredError,
  nn,
  optim,
  type Parameter,
  RetrogradError,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
  train,
} from '../../src/index.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 1 })
})

afterAll(() => engine.dispose())

/** Rows of two features whose class is whether they have one sign. */
function quadrants(count: number): { rows: number[][]; ids: Int32Array } {
  const rows = Array.from({ length: count }, (_, i) => [Math.sin(12.9898 * i), Math.cos(78.233 * i)])
  return { rows, ids: Int32Array.from(rows, ([a = 0, b = 0]) => (a * b > 0 ? 1 : 0)) }
}

const sets = (count = 100): data.Dataset => {
  const { rows, ids } = quadrants(count)
  return data.dataset(rows, ids)
}

/** A model whose first weights depend on nothing but the call's order. */
const small = (outputs = 2): nn.Layer => nn.mlp([2, 8, outputs], { activation: 'tanh' })

const weightsOf = async (model: nn.Layer): Promise<number[]> =>
  (await Promise.all(model.parameters().map(p => p.data()))).flatMap(numbers => [...numbers])

/** Two models with the same weights. */
async function twins(make: () => nn.Layer): Promise<[nn.Layer, nn.Layer]> {
  const [a, b] = [make(), make()]
  const [from, to] = [a.parameters(), b.parameters()]
  for (const [i, p] of from.entries()) to[i]?.assign(p)
  return [a, b]
}

describe('what it computes', () => {
  test('the same as the loop people write by hand, the short last batch included', async () => {
    const set = sets(70)
    const [one, other] = await twins(small)
    const run = await train.fit(one, {
      train: set,
      epochs: 3,
      batchSize: 32,
      seed: 5,
      optimizer: optim.adam(one.parameters(), { learningRate: 0.01 }),
    })
    const optimizer = optim.adam(other.parameters(), { learningRate: 0.01 })
    const step = compile((x: Tensor, y: Tensor) => {
      const loss = softmaxCrossEntropy(other(x, { training: true }), y)
      optimizer.step(grad(loss, other.parameters()))
      return loss
    })
    const losses: number[] = []
    const { rows, ids } = quadrants(70)
    for (let epoch = 0; epoch < 3; epoch++) {
      const order = data.shuffledRows(70, 5, epoch)
      for (const [first, end] of [
        [0, 32],
        [32, 64],
        [64, 70],
      ] as const) {
        const picks = [...order.subarray(first, end)]
        const x = tensor(picks.map(i => rows[i] as number[]))
        const y = tensor(Int32Array.from(picks, i => ids[i] as number))
        losses.push(await step(x, y).item())
      }
    }
    expect(run.history.losses).toEqual(losses)
    expect(await weightsOf(one)).toEqual(await weightsOf(other))
    // The mean over rows: the short batch counts for less.
    const [a, b, c] = losses as [number, number, number]
    expect(run.history.epochs[0]?.loss).toBeCloseTo((32 * a + 32 * b + 6 * c) / 70, 12)
  })

  test('a subset trains on its own rows alone', async () => {
    const set = sets(60)
    const rows = Int32Array.from({ length: 20 }, (_, i) => 3 * i)
    const [one, other] = await twins(small)
    const apart = data.dataset(
      quadrants(60).rows.filter((_, i) => i % 3 === 0),
      quadrants(60).ids.filter((_, i) => i % 3 === 0),
      { classes: 2 },
    )
    const options = { epochs: 2, batchSize: 8, seed: 2 }
    const [a, b] = [
      await train.fit(one, { train: set.subset(rows), ...options }),
      await train.fit(other, { train: apart, ...options }),
    ]
    expect(a.history.losses).toEqual(b.history.losses)
  })

  test('targets of any shape, and features that are their own targets', async () => {
    const rows = [
      [0.1, 0.9],
      [0.8, 0.2],
      [0.4, 0.6],
    ]
    const model = nn.mlp([2, 2])
    const { history } = await train.fit(model, {
      train: data.dataset(rows),
      epochs: 300,
      optimizer: p => optim.adam(p, { learningRate: 0.05 }),
    })
    expect(history.losses.at(-1)).toBeLessThan(1e-3)
  })

  test.each(['sigmoidCrossEntropy', 'hinge', 'meanSquaredError', 'meanAbsoluteError', 'huber'] as const)(
    '%s takes class ids for one output',
    async loss => {
      const model = small(1)
      const options = { train: sets(200), validation: sets(50), metrics: ['accuracy'] as const }
      const { history } = await train.fit(model, {
        ...options,
        loss,
        epochs: 60,
        optimizer: p => optim.adam(p, { learningRate: 0.02 }),
      })
      expect(history.epochs.at(-1)?.validation?.accuracy).toBeGreaterThan(0.9)
    },
  )

  test('squared error compares several outputs with one-hot rows', async () => {
    const model = small(2)
    const { rows, ids } = quadrants(40)
    const x = tensor(rows)
    const expected = await meanSquaredError(model(x), tensor([...ids].map(id => [1 - id, id]))).item()
    const scores = await train.evaluate(model, sets(40), { loss: 'meanSquaredError' })
    expect(scores.loss).toBeCloseTo(expected, 6)
  })

  test('a stream trains as the set it was cut from', async () => {
    const { rows, ids } = quadrants(50)
    const [one, other] = await twins(small)
    const chunks = function* () {
      for (const [from, to] of [
        [0, 7],
        [7, 30],
        [30, 50],
      ] as const)
        yield { features: rows.slice(from, to), labels: ids.slice(from, to) }
    }
    const a = await train.fit(one, { train: data.stream(chunks, { batchSize: 16, classes: 2 }), epochs: 3 })
    const b = await train.fit(other, { train: sets(50), batchSize: 16, epochs: 3, shuffle: false })
    expect(a.history.losses).toEqual(b.history.losses)
    expect(a.history.epochs.map(({ loss }) => loss)).toEqual(b.history.epochs.map(({ loss }) => loss))
  })

  test('the same seed gives the same run, another seed another', async () => {
    const [one, two] = await twins(small)
    const three = small()
    for (const [i, p] of one.parameters().entries()) three.parameters()[i]?.assign(p)
    const run = (model: nn.Layer, seed: number) =>
      train.fit(model, { train: sets(64), epochs: 2, seed }).then(({ history }) => history.losses)
    const first = await run(one, 3)
    expect(await run(two, 3)).toEqual(first)
    expect(await run(three, 4)).not.toEqual(first)
  })

  test('a schedule that waits for the validation loss hears of it', async () => {
    const model = small()
    const optimizer = optim.sgd(model.parameters(), {
      // Nothing improves by this much: each epoch after the first halves the rate.
      learningRate: optim.reduceOnPlateau({ initial: 0.1, factor: 0.5, patience: 1, minDelta: 100 }),
    })
    const { history } = await train.fit(model, { train: sets(), validation: sets(), optimizer, epochs: 4 })
    expect(history.epochs.map(({ learningRate }) => learningRate)).toEqual([0.1, 0.1, 0.05, 0.025])
  })
})

test('a schedule is asked for the steps there are, and the record holds the rate of the last', async () => {
  const rates = [0.4, 0.3, 0.2, 0.1]
  const { history } = await train.fit(small(), {
    train: sets(64),
    epochs: 2,
    optimizer: p => optim.sgd(p, { learningRate: step => rates[step] as number }),
  })
  expect(history.epochs.map(({ learningRate }) => learningRate)).toEqual([0.3, 0.1])
})

describe('what it costs', () => {
  test('fifty epochs leave the memory where it was', async () => {
    const own = await init({ backend: 'cpu' })
    const [model, set] = own.use(() => [small(), sets(50)] as const)
    const optimizer = optim.adam(model.parameters())
    const before = own.memory()
    await train.fit(model, {
      train: set,
      validation: set,
      optimizer,
      epochs: 50,
      metrics: ['accuracy'],
      stop: train.earlyStopping({ patience: 50 }),
    })
    const { tensors, liveBytes } = own.memory()
    expect({ tensors, liveBytes }).toEqual({ tensors: before.tensors, liveBytes: before.liveBytes })
    own.dispose()
  })

  test('a step dispatches what a compiled step does, and reads its loss alone', async () => {
    const set = sets(64)
    const model = small()
    const optimizer = optim.adam(model.parameters())
    const before = engine.counters()
    await train.fit(model, { train: set, optimizer, epochs: 10, batchSize: 32 })
    const after = engine.counters()
    const step = compile((x: Tensor, y: Tensor) => {
      const loss = softmaxCrossEntropy(model(x, { training: true }), y)
      optimizer.step(grad(loss, model.parameters()))
      return loss
    })
    const { rows, ids } = quadrants(32)
    const { dispatches } = step.plan(tensor(rows), tensor(ids))
    // Two more pick the batch's features and labels.
    expect(after.dispatches - before.dispatches).toBe(20 * (dispatches + 2))
    expect(after.reads - before.reads).toBe(after.submits - before.submits)
    step.dispose()
  })
})

describe('how it ends', () => {
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

describe('what it refuses', () => {
  /** The message of what a call throws, at once. */
  const refusal = (options: object, model: unknown = small()): string => {
    try {
      train.fit(model as nn.Layer, options as train.FitOptions)
    } catch (error) {
      if (error instanceof RetrogradError) return error.message
      throw error
    }
    return 'nothing'
  }

  test.each<[string, () => [object, unknown?], RegExp]>([
    ['no data', () => [{}], /train is undefined, not a data set/],
    ['another validation', () => [{ train: sets(), validation: [] }], /validation is \[\], not a data set/],
    [
      'a batch above the set',
      () => [{ train: sets(20), batchSize: 21 }],
      /batchSize is 21, the set has 20 rows/,
    ],
    ['a batch of nothing', () => [{ train: sets(), batchSize: 0 }], /batchSize is 0/],
    ['half an epoch', () => [{ train: sets(), epochs: 0.5 }], /epochs must be a whole number/],
    [
      'an unknown loss',
      () => [{ train: sets(), loss: 'crossentropy' }],
      /unknown loss 'crossentropy'.*Known: softmaxCrossEntropy/,
    ],
    [
      'a loss per row',
      () => [{ train: sets(), loss: (output: Tensor) => output }],
      /the loss gives \[32, 2\]; it must be a float scalar/,
    ],
    [
      'an unknown metric',
      () => [{ train: sets(), validation: sets(), metrics: ['acc'] }],
      /unknown metric 'acc'/,
    ],
    ['metrics of nothing', () => [{ train: sets(), metrics: ['accuracy'] }], /metrics need a validation set/],
    ['a rule that is none', () => [{ train: sets(), stop: true }], /stop is true, not a rule/],
    ['an optimizer that is none', () => [{ train: sets(), optimizer: 'adam' }], /optimizer is 'adam'/],
    ['an unknown option', () => [{ train: sets(), batchsize: 3 }], /Did you mean 'batchSize'/],
    ['a signal that is none', () => [{ train: sets(), signal: {} }], /signal is/],
    ['a callback that is none', () => [{ train: sets(), onStep: 1 }], /onStep is 1, not a function/],
    ['a model that is none', () => [{ train: sets() }, 3], /not a layer/],
    ['inputs that do not fit', () => [{ train: sets() }, nn.mlp([3, 2])], /\[linear\]/],
    [
      'outputs that do not fit the classes',
      () => [{ train: data.dataset([[1], [2], [3]], Int32Array.of(0, 1, 2)) }, nn.mlp([1, 2])],
      /class|index/,
    ],
    [
      'outputs that do not fit the targets',
      () => [
        {
          train: data.dataset(
            [[1], [2]],
            [
              [1, 2, 3],
              [3, 2, 1],
            ],
          ),
        },
        nn.mlp([1, 2]),
      ],
      /\[fit\] the model gives \[2, 2\], the labels are float32 \[2, 3\]/,
    ],
  ])('%s', (_, make, expected) => {
    const [options, model] = make()
    expect(refusal(options, model)).toMatch(expected)
  })

  test.each([Number.NaN, 0, -1])('a learning rate of %s', rate => {
    expect(() => optim.adam(small().parameters(), { learningRate: rate })).toThrow(/learningRate is/)
  })

  test('a refused call leaves the memory as it was', () => {
    const model = small()
    const set = sets()
    optim.adam(model.parameters()) // the parameters move into their arena
    const before = engine.memory()
    expect(refusal({ train: set, loss: 'mse' }, model)).toMatch(/unknown loss/)
    expect(refusal({ train: set, loss: (output: Tensor) => output }, model)).toMatch(/scalar/)
    expect(engine.memory().liveBytes).toBe(before.liveBytes)
  })

  test('a schedule that gives NaN: the promise rejects, and so does the loop', async () => {
    const options = {
      train: sets(),
      optimizer: (p: readonly Parameter[]) =>
        optim.sgd(p, {
          learningRate: step => (step < 3 ? 0.1 : Number.NaN),
        }),
    }
    await expect(train.fit(small(), options)).rejects.toThrow(/schedule gives NaN at step 3/)
    await expect(
      (async () => {
        for await (const _ of train.fit(small(), options)) void _
      })(),
    ).rejects.toThrow(/schedule gives NaN/)
  })

  test('a loss that is not finite, with its step', async () => {
    const model = small(1)
    const run = train.fit(model, {
      train: data.dataset(
        [
          [1, 1],
          [2, 2],
        ],
        [1, 2],
      ),
      loss: 'meanSquaredError',
      optimizer: p => optim.sgd(p, { learningRate: 1e30 }),
      epochs: 100,
    })
    await expect(run).rejects.toThrow(/\[fit\] the loss of step \d+, in epoch \d+, is (NaN|Infinity)/)
    // What was learned of it until then is there.
    expect(run.history.losses.length).toBeGreaterThan(0)
  })

  test('what a callback throws comes out', async () => {
    const onStep = () => {
      throw new Error('mine')
    }
    await expect(train.fit(small(), { train: sets(), onStep })).rejects.toThrow('mine')
  })

  test('what an asynchronous callback rejects with comes out', async () => {
    const onStep = () => Promise.reject(new Error('mine'))
    await expect(train.fit(small(), { train: sets(), onStep })).rejects.toThrow('mine')
  })

  test('fewer outputs than classes, under any loss', () => {
    const { rows } = quadrants(9)
    const three = data.dataset(
      rows,
      Int32Array.from(rows, (_, i) => i % 3),
    )
    for (const outputs of [1, 2])
      for (const loss of ['softmaxCrossEntropy', 'sigmoidCrossEntropy', 'meanSquaredError', 'hinge'] as const)
        expect(() => train.fit(small(outputs), { train: three, loss })).toThrow(
          /the model gives \d outputs?, the labels have 3 classes/,
        )
  })

  test('a metric that takes the name of the loss', () => {
    const loss: train.Metric = { name: 'loss', better: 'less', of: () => 0 }
    expect(() => train.fit(small(), { train: sets(), validation: sets(), metrics: [loss] })).toThrow(
      /a metric has the name 'loss'/,
    )
  })

  test.each([
    ['earlyStopping', (monitor: string) => train.earlyStopping({ monitor })],
    ['noDecrease', (monitor: string) => train.noDecrease({ monitor })],
    ['threshold', (monitor: string) => train.threshold(1, { monitor })],
  ])('%s of what nobody computes, at the call', (name, rule) => {
    const given = { train: sets(), validation: sets(), metrics: ['accuracy'] }
    expect(refusal({ ...given, stop: rule('acuracy') })).toBe(
      `[${name}] there is no metric 'acuracy'. Did you mean 'accuracy'?`,
    )
    expect(refusal({ ...given, stop: rule('f1') })).toBe(
      `[${name}] there is no metric 'f1'. There are: loss, validationLoss, accuracy.`,
    )
    expect(refusal({ train: sets(), stop: rule('validationLoss') })).toBe(
      `[${name}] 'validationLoss' needs a validation set. Pass { validation }, or monitor the loss.`,
    )
  })

  test('each run of a rule starts it anew, once', async () => {
    let starts = 0
    const stop: train.StopRule = {
      restoresBest: false,
      start: () => {
        starts++
        return () => ({})
      },
    }
    await train.fit(small(), { train: sets(), epochs: 2, stop })
    expect(starts).toBe(1)
  })
})

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

describe('a loss scale', () => {
  /** A model that gives float32 outputs of float16 features. */
  const halves = () => {
    const layers = small()
    const model = nn.sequential(
      layers,
      nn.layer({ label: 'cast(float32)', forward: x => cast(x, 'float32') }),
    )
    const { rows, ids } = quadrants(64)
    const features = tensor(rows, { dtype: 'float16' })
    return { model, set: data.dataset(features, ids) }
  }

  test('trains a float16 model whose parameters stay float32', async () => {
    const { model, set } = halves()
    const scale = optim.lossScale({ growthInterval: 10 })
    const { history } = await train.fit(model, {
      train: set,
      epochs: 40,
      scale,
      optimizer: p => optim.adam(p, { learningRate: 0.05 }),
    })
    expect(model.parameters().map(({ dtype }) => dtype)).toEqual(new Array(4).fill('float32'))
    expect(history.epochs.at(-1)?.loss).toBeLessThan(0.3)
    // It grew, twice in 80 steps at least, however often it overflowed.
    expect(await scale.value()).toBeGreaterThan(2 ** 17)
  })

  test('is refused beside a watch, and where it is none', () => {
    const { model, set } = halves()
    expect(() => train.fit(model, { train: set, scale: optim.lossScale(), watch: true })).toThrow(/watch/)
    expect(() => train.fit(model, { train: set, scale: 2 as unknown as optim.LossScale })).toThrow(
      /scale is 2, not a loss scale/,
    )
  })
})

test('a last batch of one row, which batch norm cannot train on, is refused at once', () => {
  const model = nn.mlp([2, 8, 2], { batchNorm: true })
  expect(() => train.fit(model, { train: sets(33), batchSize: 32 })).toThrow(
    /\[batchNorm\(8\)\] a batch of 1 row/,
  )
})
