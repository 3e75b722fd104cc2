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
