// Freeing models: parameters, buffers, and the arenas that optimizers gathered them in.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Engine, init, nn, optim } from '../../src/index.ts'

let engine: Engine
let before: number[]

const inUse = async (): Promise<number[]> => {
  await engine.idle()
  const { tensors, liveBytes } = engine.memory()
  return [tensors, liveBytes]
}

beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
})
afterAll(() => engine.dispose())
beforeEach(async () => {
  before = await inUse()
})

test('a model is freed with its parts, parameters and buffers, twice if need be', async () => {
  const shared = nn.linear(4, 4)
  const model = nn.sequential(shared, nn.batchNorm(4), nn.sequential(shared, nn.linear(4, 2)))
  model.dispose()
  model.dispose()
  expect([...model.parameters(), ...model.buffers()].every(({ isDisposed }) => isDisposed)).toBe(true)
  expect(await inUse()).toEqual(before)
})

test('an arena goes with the last of its members, whether the optimizer goes before or after', async () => {
  for (const first of ['model', 'optimizer'] as const) {
    const model = nn.mlp([2, 8, 2])
    const optimizer = optim.adam(model.parameters())
    for (const item of first === 'model' ? [model, optimizer] : [optimizer, model]) item.dispose()
    expect(await inUse(), first).toEqual(before)
  }
})

test('a part that is freed leaves the numbers of the rest', async () => {
  const [a, b] = [nn.linear(2, 3), nn.linear(3, 1)]
  const optimizer = optim.sgd([...a.parameters(), ...b.parameters()])
  const numbers = await b.parameters()[0]?.data()
  a.dispose()
  optimizer.dispose()
  expect(await b.parameters()[0]?.data()).toEqual(numbers)
  b.dispose()
  expect(await inUse()).toEqual(before)
})

test('an arena that all members left for others is freed', async () => {
  const model = nn.mlp([2, 8, 2])
  const parameters = model.parameters()
  const half = parameters.length / 2
  const optimizers = [
    optim.sgd(parameters),
    optim.sgd(parameters.slice(0, half)),
    optim.sgd(parameters.slice(half)),
    optim.sgd([...parameters].reverse()),
  ]
  for (const item of [...optimizers, model]) item.dispose()
  expect(await inUse()).toEqual(before)
})
