// Schedules: their rates by hand, that none makes a new recording, and what happens when one goes wrong.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  compile,
  type Engine,
  init,
  optim,
  parameter,
  type RetrogradError,
  type Tensor,
  tensor,
} from '../../src/index.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
})

afterAll(() => engine.dispose())

const rates = (schedule: optim.Schedule, steps: readonly number[]): number[] => steps.map(t => schedule(t))

const codeOf = (body: () => unknown): string => {
  try {
    body()
  } catch (error) {
    return (error as RetrogradError).code
  }
  return 'none'
}

describe('rates by hand', () => {
  const cases: readonly [name: string, schedule: optim.Schedule, steps: number[], expected: number[]][] = [
    ['constant', optim.constant(0.1), [0, 99], [0.1, 0.1]],
    ['stepDecay', optim.stepDecay({ initial: 0.8, every: 10 }), [0, 9, 10, 25], [0.8, 0.8, 0.4, 0.2]],
    // 0.8·0.25^(1/2) = 0.4
    [
      'exponential',
      optim.exponential({ initial: 0.8, factor: 0.25, every: 10 }),
      [0, 5, 10],
      [0.8, 0.4, 0.2],
    ],
    // cos 60° = 1/2: 0.2 + 0.8·(1 + 1/2)/2
    ['cosine', optim.cosine({ initial: 1, final: 0.2, steps: 9 }), [0, 3, 9, 50], [1, 0.8, 0.2, 0.2]],
    ['linear', optim.linear({ initial: 1, steps: 4 }), [0, 1, 4, 5], [1, 0.75, 0, 0]],
    // 1/4, 2/4, 3/4, 4/4 of 0.8, then the schedule from its step 0
    [
      'warmUp',
      optim.warmUp(optim.stepDecay({ initial: 0.8, every: 2 }), { steps: 4 }),
      [0, 1, 2, 3, 4, 5, 6],
      [0.2, 0.4, 0.6, 0.8, 0.8, 0.8, 0.4],
    ],
    ['warmUp to a number', optim.warmUp(0.5, { steps: 2 }), [0, 1, 2], [0.25, 0.5, 0.5]],
    // Up until step 0.3·10 − 1 = 2, half way, (0.04 + 1)/2, at step 1; down from there to step 9, and held.
    [
      'oneCycle',
      optim.oneCycle({ max: 1, steps: 10 }),
      [0, 1, 2, 9, 20],
      [0.04, 0.52, 1, 1 / 250_000, 1 / 250_000],
    ],
  ]
  test.each(cases)('%s', (_name, schedule, steps, expected) => {
    rates(schedule, steps).forEach((rate, i) => {
      expect(rate).toBeCloseTo(expected[i] as number, 12)
    })
  })

  test('reduceOnPlateau holds until the loss stops improving, halves, and repeats', () => {
    const schedule = optim.reduceOnPlateau({ initial: 0.1, patience: 2, minDelta: 0.01, min: 0.03 })
    const seen: number[] = []
    // Improvements at 1 and 0.5; 0.495 is none; two without halve, and counting starts anew; never below 0.03.
    for (const loss of [1, 0.5, 0.495, 0.6, 0.4, Number.NaN, 0.4, 0.4, 0.4, 0.4]) {
      schedule.observe(loss)
      seen.push(schedule(0))
    }
    expect(seen).toEqual([0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.03, 0.03, 0.03, 0.03])
  })

  test('every schedule stays between 0 and its largest rate', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 1000 }),
        fc.double({ min: 1e-6, max: 10, noNaN: true }),
        fc.integer({ min: 0, max: 5000 }),
        (steps, initial, t) => {
          const all = [
            optim.stepDecay({ initial, every: steps }),
            optim.exponential({ initial, factor: 0.9, every: steps }),
            optim.cosine({ initial, steps }),
            optim.linear({ initial, steps }),
            optim.warmUp(optim.cosine({ initial, steps }), { steps }),
            optim.oneCycle({ max: initial, steps }),
          ]
          return all.every(schedule => schedule(t) >= 0 && schedule(t) <= initial * (1 + 1e-12))
        },
      ),
    )
  })
})

test('a plateau that has seen −∞ is saved and put back', () => {
  const [first, second] = [1, 2].map(() => optim.reduceOnPlateau({ initial: 0.5, patience: 2 }))
  first?.observe(Number.NEGATIVE_INFINITY)
  second?.load(JSON.parse(JSON.stringify(first?.state())))
  for (const plateau of [first, second]) for (const metric of [3, 2]) plateau?.observe(metric)
  expect([first?.(0), second?.(0)]).toEqual([0.25, 0.25])
})

test('a schedule that observes losses serves one optimizer: another run would begin with its rate', () => {
  const make = (learningRate: optim.Schedule) =>
    optim.sgd([parameter(tensor([0], { engine }))], { learningRate })
  const plateau = optim.reduceOnPlateau({ initial: 0.5 })
  const warm = optim.warmUp(optim.reduceOnPlateau({ initial: 0.5 }), { steps: 2 })
  for (const schedule of [plateau, warm]) {
    const first = make(schedule)
    const words = '[sgd] its schedule has followed the losses of another optimizer. Make a schedule for each'
    expect(() => make(schedule)).toThrow(words)
    const second = make(optim.constant(1))
    expect(() => {
      second.learningRate = schedule
    }).toThrow(words)
    expect(second.learningRate).toBe(1)
    first.learningRate = 0.1
    first.learningRate = schedule
    first.dispose()
    expect(() => make(schedule)).toThrow(words)
    second.dispose()
  }
  // What is not told of losses is the same in every run.
  const shared = optim.cosine({ initial: 1, steps: 9 })
  for (const made of [make(shared), make(shared)]) made.dispose()
})

test('a schedule never makes a new recording', async () => {
  const p = parameter(tensor([0, 0], { engine }))
  const plateau = optim.reduceOnPlateau({ initial: 0.5, patience: 1 })
  const optimizer = optim.sgd([p], { learningRate: optim.linear({ initial: 1, steps: 4 }) })
  let recordings = 0
  const step = compile((g: Tensor) => {
    recordings++
    optimizer.step([g])
  })
  const g = tensor([1, -2], { engine })
  const walked: number[] = []
  const go = async (): Promise<void> => {
    step(g)
    walked.push((await p.data())[0] as number)
  }
  await go() // rate 1
  const { pipelines, buffers } = engine.counters()
  await go() // 0.75
  step.run(2, g) // 0.5, 0.25, asked for one by one
  expect(optimizer.learningRate).toBe(0)
  await go() // 0
  optimizer.learningRate = plateau
  expect(optimizer.observes).toBe(true)
  await go() // 0.5
  optimizer.observe(1)
  optimizer.observe(1)
  await go() // 0.25
  optimizer.learningRate = 2
  expect(optimizer.observes).toBe(false)
  await go()
  expect(walked).toEqual([-1, -1.75, -2.5, -3, -3.25, -5.25])
  expect(recordings).toBe(1)
  expect(optimizer.state().steps).toBe(8)
  expect([engine.counters().pipelines, engine.counters().buffers]).toEqual([pipelines, buffers])
  step.dispose()
})

test.each([Number.NaN, -1, Number.POSITIVE_INFINITY, 'a' as unknown as number])(
  'a schedule that gives %s throws at the step, which does nothing',
  async wrong => {
    for (const isCompiled of [false, true]) {
      const p = parameter(tensor([1, 2], { engine }))
      const optimizer = optim.adam([p], { learningRate: t => (t === 1 ? wrong : 0.1) })
      const step = (g: Tensor): void => {
        optimizer.step([g])
      }
      const go = isCompiled ? compile(step) : step
      const g = tensor([1, -2], { engine })
      go(g)
      const [before, numbers] = [engine.counters(), await p.array()]
      const mean = await optimizer.state().tensors.mean?.array()
      expect(codeOf(() => go(g))).toBe('value')
      expect(codeOf(() => optimizer.learningRate)).toBe('value')
      expect(optimizer.state().steps).toBe(1)
      expect({ ...engine.counters(), reads: 0 }).toEqual({ ...before, reads: 0 })
      expect(await p.array()).toEqual(numbers)
      expect(await optimizer.state().tensors.mean?.array()).toEqual(mean)
      optimizer.learningRate = 0.1
      go(g)
      expect(optimizer.state().steps).toBe(2)
    }
  },
)

test('what schedules refuse', () => {
  const refused: readonly (() => unknown)[] = [
    () => optim.constant(0),
    () => optim.stepDecay({ initial: -1, every: 1 }),
    () => optim.stepDecay({ initial: 1, every: 0 }),
    () => optim.stepDecay({ initial: 1 } as never),
    () => optim.exponential({ initial: 1 } as never),
    () => optim.cosine({ initial: 1, steps: 1.5 }),
    () => optim.linear({ initial: 1, steps: 5, final: -0.1 }),
    () => optim.warmUp(0, { steps: 1 }),
    () => optim.oneCycle({ max: 1, steps: 1 }),
    () => optim.oneCycle({ max: Number.NaN, steps: 5 }),
    () => optim.reduceOnPlateau({ initial: 1, factor: 1 }),
    () => optim.reduceOnPlateau({ initial: 1, patience: 0 }),
  ]
  expect(refused.map(codeOf)).toEqual(refused.map(() => 'option'))
  expect(codeOf(() => optim.reduceOnPlateau({ initial: 1 }).observe('1' as never))).toBe('value')
})
