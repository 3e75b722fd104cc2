// An optimizer's state: put back it goes on as before; steps that are skipped leave it; disposed it is gone.
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  compile,
  type Engine,
  init,
  normal,
  optim,
  type Parameter,
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

const codeOf = (body: () => unknown): string => {
  try {
    body()
  } catch (error) {
    return (error as RetrogradError).code
  }
  return 'none'
}

const optimizers: readonly [name: string, make: (p: readonly Parameter[]) => optim.Optimizer][] = [
  ['sgd', p => optim.sgd(p, { momentum: 0.9, dampening: 0.5 })],
  ['adagrad', p => optim.adagrad(p)],
  ['rmsprop', p => optim.rmsprop(p, { centered: true, momentum: 0.5 })],
  ['adam', p => optim.adam(p, { learningRate: optim.linear({ initial: 0.1, steps: 9 }) })],
  ['adamw', p => optim.adamw(p)],
]

const draw = (seed: number): Tensor[] => [normal([3, 5], { seed }), normal([5], { seed: seed + 1 })]
const numbersOf = (list: readonly Tensor[]): Promise<unknown[]> => Promise.all(list.map(x => x.array()))

test.each(optimizers)('%s goes on from a state that is put back', async (name, make) => {
  for (const asNumbers of [false, true]) {
    const first = draw(1).map(x => parameter(x))
    const one = make(first)
    expect([one.name, one.parameters]).toEqual([name, first])
    for (let t = 0; t < 3; t++) one.step(draw(10 + 2 * t))
    const second = first.map(x => parameter(x))
    const two = make(second)
    const step = compile((gradients: readonly Tensor[]) => {
      two.step(gradients)
    })
    step(draw(50))
    second.forEach((p, i) => {
      p.assign(first[i] as Parameter)
    })
    const { steps, tensors } = one.state()
    const entries = Object.entries(tensors)
    two.load({
      steps,
      tensors: asNumbers
        ? Object.fromEntries(await Promise.all(entries.map(async ([key, x]) => [key, await x.data()])))
        : tensors,
    })
    one.step(draw(90))
    step(draw(90))
    expect(await numbersOf(second)).toEqual(await numbersOf(first))
    expect(two.state().steps).toBe(4)
    step.dispose()
  }
})

test('a learning rate is put back, but for a schedule', () => {
  const p = [parameter(tensor([1]))]
  const optimizer = optim.sgd(p)
  optimizer.load({ steps: 3, tensors: {}, learningRate: 0.5 })
  expect(optimizer.learningRate).toBe(0.5)
  optimizer.learningRate = optim.linear({ initial: 1, steps: 4 })
  optimizer.load({ steps: 3, tensors: {}, learningRate: 0.5 })
  expect(optimizer.learningRate).toBe(0.25)
})

test('what load refuses, and then nothing is put back', async () => {
  const optimizer = optim.adam(draw(1).map(x => parameter(x)))
  optimizer.step(draw(3))
  const { tensors } = optimizer.state()
  const { mean, square } = tensors as { mean: Parameter; square: Parameter }
  const before = await numbersOf([mean, square])
  const full = await mean.data()
  const refused: readonly [code: string, state: unknown][] = [
    ['value', null],
    ['value', { steps: 1 }],
    ['value', { steps: -1, tensors }],
    ['value', { steps: 0.5, tensors }],
    ['value', { steps: 1, tensors: { mean } }],
    ['value', { steps: 1, tensors: { mean, squares: square } }],
    ['value', { steps: 1, tensors: { mean, square, more: mean } }],
    ['shape', { steps: 1, tensors: { mean: full, square: [1, 2] } }],
    ['shape', { steps: 1, tensors: { mean: full, square: tensor([1]) } }],
    ['shape', { steps: 1, tensors: { mean: full, square: 1 } }],
    ['dtype', { steps: 1, tensors: { mean: full, square: tensor([...full], { dtype: 'float16' }) } }],
    ['option', { steps: 1, tensors, learningRate: Number.NaN }],
  ]
  for (const [code, state] of refused) expect(codeOf(() => optimizer.load(state as never))).toBe(code)
  expect(await numbersOf([mean, square])).toEqual(before)
  expect(optimizer.state().steps).toBe(1)
})

test.each(optimizers)('%s skips a step that is not finite, and says so', async (_name, make) => {
  for (const isCompiled of [false, true]) {
    const p = draw(1).map(x => parameter(x))
    const optimizer = make(p)
    const plain = (gradients: readonly Tensor[]): Tensor =>
      optimizer.step(gradients, { skipNonFinite: true }) as Tensor
    const step = isCompiled ? compile(plain) : plain
    const bad = [tensor(new Array(15).fill(Number.NaN), { shape: [3, 5] }), normal([5], { seed: 1 })]
    expect(await step(draw(3)).item()).toBe(1)
    const everything = [...p, ...Object.values(optimizer.state().tensors)]
    const before = await numbersOf(everything)
    expect(await step(bad).item()).toBe(0)
    expect(await numbersOf(everything)).toEqual(before)
    expect(await step(draw(5)).item()).toBe(1)
    expect(await numbersOf(everything)).not.toEqual(before)
    expect(optimizer.state().steps).toBe(3)
    expect(optimizer.step(draw(7))).toBeNull()
  }
})

test('disposing frees what the optimizer made, and no more', () => {
  const p = draw(1).map(x => parameter(x))
  optim.sgd(p).dispose() // gathers them
  const before = engine.memory().tensors
  const optimizer = optim.rmsprop(p, {
    centered: true,
    momentum: 0.5,
    weightDecay: 0.1,
    clip: { norm: 1 },
  })
  expect(engine.memory().tensors).toBe(before + 3 + 2)
  optimizer.dispose()
  optimizer.dispose()
  expect(engine.memory().tensors).toBe(before)
  expect(codeOf(() => optimizer.step(draw(3)))).toBe('disposed')
  expect(p.every(item => !item.isDisposed)).toBe(true)
})
