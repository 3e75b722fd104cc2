// Plans: what is left out, what shares memory and what is written in place, as `.plan()` tells it.
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  add,
  compile,
  type Engine,
  grad,
  init,
  matmul,
  mul,
  optim,
  parameter,
  relu,
  reshape,
  square,
  sum,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts'
import { pack } from '../../src/ops/join.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
})

afterAll(() => engine.dispose())

/** Elements of the large tensors below, and their bytes. */
const SIZE = 100_000
const BYTES = 4 * SIZE

const opsOf = (report: { kernels: readonly { op: string }[] }): string[] => report.kernels.map(({ op }) => op)

test('what nobody wants is not computed', () => {
  const plan = compile((x: Tensor) => {
    square(add(x, 1))
    return relu(x)
  }).plan(zeros([3], { engine }))
  expect(opsOf(plan)).toEqual(['relu'])
})

test('a reshape is no dispatch, and its numbers are right', async () => {
  const flat = compile((x: Tensor) => mul(reshape(relu(x), [4]), 2))
  const x = tensor(
    [
      [1, -2],
      [3, 4],
    ],
    { engine },
  )
  expect(opsOf(flat.plan(x))).toEqual(['relu', 'mul'])
  expect(await flat(x).array()).toEqual([2, 0, 6, 8])
})

test('reshapes of inputs and of results keep their numbers', async () => {
  const both = compile((x: Tensor) => [reshape(x, [4]), relu(x), reshape(relu(x), [4])])
  const x = tensor(
    [
      [1, -2],
      [3, 4],
    ],
    { engine },
  )
  const results = both(x)
  both(
    tensor(
      [
        [9, 9],
        [9, 9],
      ],
      { engine },
    ),
  )
  expect(await Promise.all(results.map(y => y.array()))).toEqual([
    [1, -2, 3, 4],
    [
      [1, 0],
      [3, 4],
    ],
    [1, 0, 3, 4],
  ])
})

test('a long chain lives in a few buffers', () => {
  const chain = (length: number) =>
    compile((x: Tensor) => {
      let y = x
      for (let i = 0; i < length; i++) y = add(y, x)
      return sum(y)
    })
  const x = zeros([SIZE], { engine })
  const [short, long] = [chain(5).plan(x), chain(50).plan(x)]
  expect(long.dispatches).toBe(51)
  expect(long.bytes).toBeLessThan(short.bytes + BYTES / 2)
  expect(long.bytes).toBeLessThan(4.5 * BYTES)
})

test('what the gradient needs stays, and nothing else', () => {
  const both = compile((x: Tensor) => {
    const hidden = relu(mul(x, 2))
    return grad(sum(square(hidden)), [x])[0] as Tensor
  })
  const { bytes } = both.plan(zeros([SIZE], { engine }))
  expect(bytes).toBeLessThan(7.5 * BYTES)
})

test('producers write straight into a flat layout', async () => {
  const packed = compile((x: Tensor) => pack([mul(x, 2), add(x, 1)]))
  const x = tensor([1, 2, 3], { engine })
  expect(
    packed
      .plan(x)
      .kernels.map(({ op }) => op)
      .filter(op => op !== 'pack'),
  ).toEqual(['mul', 'add'])
  const numbers = await packed(x).data()
  expect(Array.from(numbers.slice(0, 4))).toEqual([2, 4, 6, 0])
  expect(Array.from(numbers.slice(128, 132))).toEqual([2, 3, 4, 0])
})

test('a value that is packed twice, or wanted besides, is copied', async () => {
  const packed = compile((x: Tensor) => {
    const y = mul(x, 2)
    return { y, twice: pack([y, y]) }
  })
  const x = tensor([1, 2, 3], { engine })
  const { y, twice } = packed(x)
  expect(await y.array()).toEqual([2, 4, 6])
  const numbers = await twice.data()
  expect(Array.from(numbers.slice(0, 3))).toEqual([2, 4, 6])
  expect(Array.from(numbers.slice(128, 131))).toEqual([2, 4, 6])
})

test('one update serves all parameters of an optimizer', async () => {
  const parameters = [[1, 2], [3], [4, 5, 6]].map(values => parameter(tensor(values, { engine })))
  const optimizer = optim.sgd(parameters, { learningRate: 0.5 })
  const step = compile((x: Tensor) => {
    const loss = parameters.reduce((total, w) => add(total, sum(mul(w, x))), sum(x))
    optimizer.step(grad(loss, parameters))
    return loss
  })
  const x = tensor([2], { engine })
  expect(opsOf(step.plan(x)).filter(op => op === 'sgdUpdate')).toHaveLength(1)
  step(x)
  expect(await Promise.all(parameters.map(w => w.array()))).toEqual([[0, 1], [2], [3, 4, 5]])
})

test('planning runs nothing and changes nothing', async () => {
  const w = parameter(tensor([1], { engine }))
  const step = compile((x: Tensor) => {
    w.assign(add(w, x))
    return sum(w)
  })
  const x = tensor([1], { engine })
  step.plan(x)
  step.plan(x)
  expect(await w.array()).toEqual([1])
  expect(await step(x).item()).toBe(2)
  expect(await w.array()).toEqual([2])
})

test('a plan as text is a table: a line a step, then the sum', () => {
  const step = compile((x: Tensor) => sum(relu(matmul(x, x))))
  const lines = String(step.plan(zeros([8, 8], { engine }))).split('\n')
  expect(lines).toHaveLength(5)
  expect(lines[0]).toMatch(/^step +op +kernel +shapes +groups +read +written +FLOP +block\+offset +lifetime$/)
  expect(lines[1]).toMatch(/matmul +reference reference +\[8, 8\] \[8, 8\] \[8, 8\] +1 +256 B +256 B +1.02 k/)
  expect(lines[3]).toContain('kept')
  expect(lines[4]).toMatch(/^3 dispatches, 1.15 k operations, /)
})
