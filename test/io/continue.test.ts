// Training that is saved and loaded goes on as if nothing had happened.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Engine, init, type nn, optim, type Parameter } from '../../src/index.ts'
import * as io from '../../src/io/index.ts'
import { all, numbersOf, small, train } from './training.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu', seed: 4 })
})

afterAll(() => engine.dispose())

describe('10 steps, saved, loaded by a new model and optimizer, and 10 more are 20 steps, bit for bit', () => {
  type Make = (parameters: readonly Parameter[]) => optim.Optimizer
  const cases: [name: string, make: Make, again?: Make][] = [
    ['sgd', p => optim.sgd(p)],
    // The first step of a dampened momentum is another than all later ones.
    ['dampened momentum', p => optim.sgd(p, { momentum: 0.9, dampening: 0.5 })],
    ['nesterov', p => optim.sgd(p, { momentum: 0.9, nesterov: true })],
    ['adagrad', p => optim.adagrad(p)],
    ['centred rmsprop with momentum', p => optim.rmsprop(p, { centered: true, momentum: 0.5 })],
    ['adam', p => optim.adam(p)],
    [
      'adamw, whose learning rate comes back',
      p => optim.adamw(p, { learningRate: 0.03 }),
      p => optim.adamw(p, { learningRate: 5 }),
    ],
    [
      'adam by a schedule, which goes on where it was',
      p => optim.adam(p, { learningRate: optim.cosine({ initial: 0.05, steps: 20 }) }),
    ],
    [
      'sgd by a schedule for just the steps there are, which gives nothing beyond them',
      p => optim.sgd(p, { learningRate: step => (step < 20 ? 0.05 : Number.NaN) }),
    ],
    ['adam of parameters in another order', p => optim.adam(p), p => optim.adam([...p].reverse())],
  ]
  test.each(cases)('%s', async (_, make, again = make) => {
    const straight = small()
    const first = small()
    await io.loadSafetensors(await io.saveSafetensors(straight), first)
    const whole = make(straight.parameters())
    await train(straight, whole, 0, 20)

    const optimizer = make(first.parameters())
    await train(first, optimizer, 0, 10)
    const bytes = await io.saveSafetensors(first, { optimizer })

    const second = small()
    const other = again(second.parameters())
    await io.loadSafetensors(bytes, second, { optimizer: other })
    expect(other.state().steps).toBe(10)
    expect(other.learningRate).toBe(optimizer.learningRate)
    await train(second, other, 10, 20)
    expect(await numbersOf(all(second))).toEqual(await numbersOf(all(straight)))
    // The states as files have them: the order of the parameters is left out.
    const saved = async (model: nn.Layer, optimizer: optim.Optimizer) =>
      (await io.readSafetensors(await io.saveSafetensors(model, { optimizer }))).tensors
    const [found, expected] = [await saved(second, other), await saved(straight, whole)]
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected))
  })
})

describe('a schedule that observes goes on where it was', () => {
  const plateau = () => optim.reduceOnPlateau({ initial: 0.1, patience: 3 })
  const cases: [name: string, make: () => optim.Schedule][] = [
    ['a plateau', plateau],
    ['a plateau after a warm-up', () => optim.warmUp(plateau(), { steps: 2 })],
  ]
  // Best at the second, falls after the fifth and the eighth.
  const losses = [2, 1, 1, 3, 1, 5, 4, 1]
  test.each(cases)('%s', async (_, make) => {
    const model = small()
    const made = () => optim.sgd(model.parameters(), { learningRate: make() })
    for (let saved = 0; saved <= losses.length; saved++) {
      const optimizer = made()
      for (const loss of losses.slice(0, saved)) optimizer.observe(loss)
      const bytes = await io.saveSafetensors(model, { optimizer })
      const other = made()
      await io.loadSafetensors(bytes, model, { optimizer: other })
      expect(other.state()).toMatchObject({ schedule: optimizer.state().schedule })
      const rates = losses.slice(saved).map(loss => {
        other.observe(loss)
        optimizer.observe(loss)
        return [other.learningRate, optimizer.learningRate]
      })
      for (const [found, expected] of rates) expect(found).toBe(expected)
      expect(other.learningRate).toBe(make === plateau ? 0.025 : 0.0125)
    }
  })

  test('a state that is none is refused, and nothing is put back', async () => {
    const model = small()
    const optimizer = optim.sgd(model.parameters(), { learningRate: plateau() })
    for (const loss of [1, 2, 2, 2]) optimizer.observe(loss)
    const { tensors } = optimizer.state()
    for (const schedule of [
      { rate: -1 },
      { rate: 1, waited: 0.5 },
      { best: Number.NaN },
      { other: 1 },
      'abc',
    ])
      expect(() => optimizer.load({ steps: 7, tensors, schedule: schedule as never })).toThrow(
        /^\[reduceOnPlateau\]/,
      )
    expect(optimizer.state()).toMatchObject({ steps: 0, schedule: { rate: 0.05, waited: 0, best: 1 } })
  })

  test('a run without one goes on with one from its start', async () => {
    const model = small()
    const optimizer = optim.sgd(model.parameters(), { learningRate: plateau() })
    optimizer.load({ ...optim.sgd(model.parameters()).state(), tensors: optimizer.state().tensors })
    expect(optimizer.learningRate).toBe(0.1)
  })
})
