// Bad input: a clear error of the right code at the call, and an engine that is usable afterwards.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type * as retrograd from '../../src/index.ts'
import {
  add,
  argMax,
  broadcastTo,
  cast,
  clip,
  concat,
  type Engine,
  expandDims,
  gather,
  grad,
  init,
  leakyRelu,
  matmul,
  mean,
  mul,
  nn,
  oneHot,
  optim,
  pad,
  parameter,
  RetrogradError,
  relu,
  reshape,
  slice,
  softmaxCrossEntropy,
  squeeze,
  stack,
  sum,
  tensor,
  transpose,
  where,
  zeros,
} from '../../src/index.ts'

let engine: Engine
let other: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
  other = await init({ backend: 'cpu' })
})

afterAll(() => {
  engine.dispose()
  other.dispose()
})

const t = (values: retrograd.TensorLike, options: object = {}) => tensor(values, { engine, ...options })
const anything = (value: unknown) => value as never

const bad: [what: string, code: string, message: RegExp, body: () => unknown][] = [
  [
    'shapes that do not broadcast',
    'shape',
    /^\[add\] .*\[2, 3\].*\[4, 5\]/,
    () => add(zeros([2, 3], { engine }), zeros([4, 5], { engine })),
  ],
  [
    'a product that does not match',
    'shape',
    /^\[matmul\] .*\[2, 3\].*\[4, 5\]/,
    () => matmul(zeros([2, 3], { engine }), zeros([4, 5], { engine })),
  ],
  ['two dtypes', 'dtype', /^\[add\] .*float32, int32/, () => add(t([1]), t([1], { dtype: 'int32' }))],
  ['bools in arithmetic', 'dtype', /^\[mul\]/, () => mul(t([true]), t([false]))],
  ['a condition that is no bool', 'dtype', /^\[where\]/, () => where(t([1]), t([1]), t([2]))],
  ['an unknown dtype', 'dtype', /float64/, () => cast(t([1]), anything('float64'))],
  ['a fraction for an int32 tensor', 'dtype', /0\.5/, () => add(t([1], { dtype: 'int32' }), 0.5)],
  ['a fraction in an int32 tensor', 'dtype', /1\.5/, () => t([1, 1.5], { dtype: 'int32' })],
  ['an axis too high', 'axis', /axis 2 is out of range/, () => sum(zeros([2, 3], { engine }), { axis: 2 })],
  ['an axis too low', 'axis', /axis -3 is out of range/, () => sum(zeros([2, 3], { engine }), { axis: -3 })],
  ['a fractional axis', 'axis', /axis 0\.5/, () => mean(zeros([2, 3], { engine }), { axis: 0.5 })],
  ['an axis of a scalar', 'axis', /a scalar has no axes/, () => argMax(t(1), { axis: 0 })],
  ['an axis named twice', 'axis', /twice/, () => sum(zeros([2, 3], { engine }), { axis: [1, -1] })],
  [
    'a permutation that is none',
    'axis',
    /permutation/,
    () => transpose(zeros([2, 3], { engine }), { permutation: [0, 0] }),
  ],
  ['ragged rows', 'shape', /ragged.*\[1\]/, () => t([[1, 2], [3]])],
  ['ragged depth', 'shape', /ragged/, () => t([[1, 2], 3])],
  [
    'a shape that does not fit the values',
    'shape',
    /3 numbers do not fit shape \[2, 2\]/,
    () => t([1, 2, 3], { shape: [2, 2] }),
  ],
  ['a negative size', 'shape', /-1 in shape/, () => zeros([2, -1], { engine })],
  ['a NaN size', 'shape', /NaN in shape/, () => zeros([Number.NaN], { engine })],
  ['a fractional size', 'shape', /1\.5 in shape/, () => zeros([1.5], { engine })],
  ['too many axes', 'shape', /9 axes/, () => zeros([1, 1, 1, 1, 1, 1, 1, 1, 1], { engine })],
  ['a value that is no number', 'value', /is not a number/, () => t(anything(['a']))],
  ['an operand that is no tensor', 'value', /^\[add\] b must be/, () => add(t([1]), anything('2'))],
  ['no tensor at all', 'value', /^\[relu\]/, () => relu(anything(3))],
  ['a reshape that does not fit', 'shape', /^\[reshape\]/, () => reshape(zeros([2, 3], { engine }), [4, -1])],
  [
    'a broadcast that does not fit',
    'shape',
    /^\[broadcastTo\]/,
    () => broadcastTo(zeros([2], { engine }), [3]),
  ],
  ['a squeeze of a long axis', 'shape', /^\[squeeze\]/, () => squeeze(zeros([2], { engine }), { axis: 0 })],
  [
    'an expanded axis out of range',
    'axis',
    /^\[expandDims\]/,
    () => expandDims(zeros([2], { engine }), { axis: 3 }),
  ],
  ['a slice outside', 'value', /^\[slice\]/, () => slice(zeros([2], { engine }), { end: [3] })],
  ['a slice backwards', 'value', /^\[slice\]/, () => slice(zeros([2], { engine }), { start: [2], end: [1] })],
  ['a negative padding', 'value', /^\[pad\]/, () => pad(zeros([2], { engine }), { before: [-1] })],
  [
    'a concat of shapes that differ',
    'shape',
    /^\[concat\]/,
    () => concat([zeros([2, 3], { engine }), zeros([2, 4], { engine })]),
  ],
  [
    'a stack of shapes that differ',
    'shape',
    /^\[stack\]/,
    () => stack([zeros([2], { engine }), zeros([3], { engine })]),
  ],
  ['a concat of nothing', 'value', /^\[concat\]/, () => concat([])],
  [
    'class ids too high, with the row',
    'index',
    /index 3 at row 1 .*\[0, 3\)/,
    () => softmaxCrossEntropy(zeros([2, 3], { engine }), t([0, 3], { dtype: 'int32' })),
  ],
  [
    'negative class ids, with the row',
    'index',
    /index -1 at row 0/,
    () => softmaxCrossEntropy(zeros([2, 3], { engine }), t([-1, 0], { dtype: 'int32' })),
  ],
  [
    'indices out of range',
    'index',
    /^\[gather\] index 5 at row 2/,
    () => gather(zeros([4, 2], { engine }), t([0, 1, 5], { dtype: 'int32' })),
  ],
  [
    'a one-hot label out of range',
    'index',
    /^\[oneHot\]/,
    () => oneHot(t([4], { dtype: 'int32' }), { classes: 3 }),
  ],
  [
    'labels of another length',
    'shape',
    /softmaxCrossEntropy/,
    () => softmaxCrossEntropy(zeros([2, 3], { engine }), t([0, 1, 2], { dtype: 'int32' })),
  ],
  [
    'two engines mixed',
    'engine',
    /^\[add\] .*another engine/,
    () => add(t([1]), tensor([1], { engine: other })),
  ],
  [
    'a misspelt option',
    'option',
    /keepDim'.*Did you mean 'keepDims'/,
    () => sum(zeros([2], { engine }), anything({ keepDim: true })),
  ],
  [
    'an unknown option',
    'option',
    /unknown option 'colour'/,
    () => leakyRelu(t([1]), anything({ colour: 1 })),
  ],
  ['an option of a wrong type', 'option', /slope/, () => leakyRelu(t([1]), anything({ slope: 'steep' }))],
  [
    'an option where none is taken',
    'option',
    /^\[relu\]/,
    () => (relu as (...args: unknown[]) => unknown)(t([1]), {}),
  ],
  ['a clip of nothing', 'value', /^\[clip\]/, () => clip(t([1]), { min: 2, max: 1 })],
  ['an unknown creator option', 'option', /dtpye/, () => tensor([1], anything({ dtpye: 'int32' }))],
  [
    'grad of what is no scalar',
    'gradient',
    /\[2\].*no scalar/,
    () => {
      const x = t([1, 2])
      return grad(relu(x), [x])
    },
  ],
  [
    'grad by what it does not depend on',
    'gradient',
    /does not depend on input 0/,
    () => grad(sum(t([1])), [t([2])]),
  ],
  ['assigning to what is no parameter', 'value', /./, () => optim.sgd([t([1])] as never)],
  ['assigning another shape', 'shape', /^\[assign\]/, () => parameter(t([1])).assign(t([1, 2]))],
  [
    'a learning rate that is none',
    'option',
    /learningRate/,
    () => optim.adam([parameter(t([1]))], { learningRate: Number.NaN }),
  ],
  [
    'a misspelt optimizer option',
    'option',
    /learningrate/,
    () => optim.adam([parameter(t([1]))], anything({ learningrate: 1 })),
  ],
  [
    'gradients that do not fit the parameters',
    'value',
    /expected 1 gradients?/,
    () => optim.sgd([parameter(t([1]))]).step([]),
  ],
  ['a layer of no units', 'value', /linear/, () => nn.linear(3, -1)],
]

test.each(bad)('%s', async (_, code, message, body) => {
  let thrown: unknown
  try {
    await engine.use(body)
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(RetrogradError)
  expect((thrown as RetrogradError).code).toBe(code)
  expect((thrown as RetrogradError).message).toMatch(message)
  expect((thrown as RetrogradError).message).toMatch(/^\[\w+\] .*[.?]$/s)
  expect(await add(t([1, 2]), 1).array()).toEqual([2, 3])
})

test('a disposed tensor and a disposed engine are refused', async () => {
  const x = t([1])
  x.dispose()
  expect(() => add(x, 1)).toThrow(/after dispose/)
  const short = await init({ backend: 'cpu' })
  const y = tensor([1], { engine: short })
  short.dispose()
  short.dispose()
  expect(() => add(y, 1)).toThrow(/engine was disposed/)
  expect(await add(t([1]), 1).array()).toEqual([2])
})

test('item of what is no scalar', async () => {
  await expect(t([1, 2]).item()).rejects.toThrow(/shape \[2\] has 2 numbers/)
})

test('no WebGPU, and an unknown option or backend', async () => {
  await expect(init({ backend: 'webgpu' })).rejects.toMatchObject({ code: 'unsupported' })
  await expect(init({ backend: 'cuda' as never })).rejects.toMatchObject({ code: 'option' })
  await expect(init({ bakend: 'cpu' } as never)).rejects.toThrow(/Did you mean 'backend'/)
  const auto = await init()
  expect(auto.backend).toBe('cpu')
  expect(auto.reason).toMatch(/WebGPU/)
  auto.dispose()
})

test('an insecure page is told so', async () => {
  Object.assign(globalThis, { isSecureContext: false })
  try {
    await expect(init({ backend: 'webgpu' })).rejects.toThrow(/not secure/)
  } finally {
    Reflect.deleteProperty(globalThis, 'isSecureContext')
  }
})

test('what stands for an option is understood: initials, beginnings, slips', () => {
  const optimizer = (options: object) => () => optim.adam([], options)
  expect(optimizer({ lr: 0.1 })).toThrow("Did you mean 'learningRate'?")
  expect(optimizer({ wd: 0.1 })).toThrow("Did you mean 'weightDecay'?")
  expect(optimizer({ learning_rate: 0.1 })).toThrow("Did you mean 'learningRate'?")
  expect(optimizer({ eps: 0.1 })).toThrow("Did you mean 'epsilon'?")
  expect(optimizer({ l2r: 0.1 })).toThrow('Known: ')
  expect(optimizer({ epislon: 0.1 })).toThrow("Did you mean 'epsilon'?")
  expect(() => nn.linear(2, 2, { biaz: false } as never)).toThrow("Did you mean 'bias'?")
  expect(() => nn.linear(2, 2, { bais: false } as never)).toThrow("Did you mean 'bias'?")
})

test('messages stay short, however much is passed, and name only bounds that bind', () => {
  const rows = Array.from({ length: 2000 }, () => new Array(100).fill(0.123))
  expect(() => relu(rows as never)).toThrow(RetrogradError)
  try {
    relu(rows as never)
  } catch (error) {
    const { message } = error as Error
    expect(message.length).toBeLessThan(1000)
    expect(message).toContain('… 2000 in all')
  }
  expect(() => optim.reduceOnPlateau({ initial: 1, patience: 0 })).toThrow(
    'patience is 0; it must be 1 or more.',
  )
  const endless = { initial: 1, steps: 2, final: Number.POSITIVE_INFINITY }
  expect(() => optim.cosine(endless)).toThrow('final is Infinity; it must be finite, 0 or more.')
})
