// Mechanism: what compile records, captures and asks for anew, and what it refuses.
import {
  add,
  compile,
  gather,
  grad,
  hostScalar,
  mul,
  normal,
  optim,
  parameter,
  relu,
  scope,
  square,
  sum,
  type Tensor,
  tensor,
  uniform,
} from '../../src/index.ts'
import { ensure, near, refuses, same } from './assert.ts'
import type { Case } from './values.ts'

export const recording: Readonly<Record<string, Case>> = {
  'a compiled function gives what the function gives': async engine => {
    const fn = (a: Tensor, b: Tensor) => ({ total: sum(mul(a, b)), list: [relu(a), add(a, 1)] })
    const compiled = compile(fn)
    const [a, b] = [
      tensor(
        [
          [1, -2],
          [3, 4],
        ],
        { engine },
      ),
      tensor([10, 20], { engine }),
    ]
    for (let i = 0; i < 3; i++) {
      const [wanted, got] = [fn(a, b), compiled(a, b)]
      same(await got.total.item(), await wanted.total.item(), 'total')
      same(await (got.list[0] as Tensor).array(), await (wanted.list[0] as Tensor).array(), 'relu')
      same(await (got.list[1] as Tensor).array(), await (wanted.list[1] as Tensor).array(), 'add')
    }
    compiled.dispose()
  },

  'constants may be made and disposed anywhere in the function: the plan keeps them': async engine => {
    const before = engine.memory().tensors
    const x = tensor([1, 2, 3], { engine })
    const compiled = compile((x: Tensor) => {
      const picked = scope(() => gather(x, tensor(new Int32Array([2, 0]), { engine })))
      using ten = tensor([10, 20], { engine })
      return add(picked, ten)
    })
    for (let i = 0; i < 2; i++) {
      using sum = compiled(x)
      same(await sum.array(), [13, 21], 'sum')
    }
    same(engine.memory().tensors, before + 1, 'tensors')
    compiled.dispose()
    x.dispose()
  },

  'captured tensors are read at each call, a disposed one is an error': async engine => {
    const w = parameter(tensor([1, 2], { engine }))
    const constant = tensor([10, 10], { engine })
    const compiled = compile((x: Tensor) => add(mul(x, w), constant))
    const x = tensor([1, 1], { engine })
    same(await compiled(x).array(), [11, 12], 'at first')
    w.assign(tensor([5, 6], { engine }))
    same(await compiled(x).array(), [15, 16], 'after the parameter changed')
    constant.dispose()
    await refuses('disposed', () => compiled(x))
    same(await add(x, 1).array(), [2, 2], 'the engine afterwards')
    compiled.dispose()
  },

  'host scalars are asked at each call': async engine => {
    let rate = 1
    let asked = 0
    const ask = () => {
      asked++
      return rate
    }
    const compiled = compile((x: Tensor) => mul(x, hostScalar(ask, { engine })))
    const x = tensor([1, 2], { engine })
    same(await compiled(x).array(), [1, 2], 'at rate 1')
    rate = 10
    same(await compiled(x).array(), [10, 20], 'at rate 10')
    same(asked, 2, 'times asked')
    compiled.dispose()
  },

  'a compiled function is inlined in another; its results are leaves outside': async engine => {
    const half = compile((x: Tensor) => mul(square(x), 0.5))
    const outer = compile((x: Tensor) => grad(sum(half(x)), [x])[0] as Tensor)
    const x = tensor([1, 2, 3], { engine })
    same(await outer(x).array(), [1, 2, 3], 'the gradient through the inlined function')
    await refuses('gradient', () => grad(sum(half(x)), [x]))
    half.dispose()
    outer.dispose()
  },

  'a recording cannot read, make parameters or return a promise': async engine => {
    const x = tensor([1, 2], { engine })
    const reading = compile((y: Tensor) => {
      void y.data().then(
        () => undefined,
        failure => failures.push(failure),
      )
      return mul(y, 2)
    })
    const failures: unknown[] = []
    same(await reading(x).array(), [2, 4], 'a read that is not waited for fails by itself')
    await Promise.resolve()
    await refuses('recording', () => Promise.reject(failures[0]))
    await refuses('recording', () => compile((y: Tensor) => mul(y, parameter(x)))(x))
    await refuses('recording', () => compile(async (y: Tensor) => mul(y, 2))(x))
    let leaked: Tensor | undefined
    const leaking = compile((y: Tensor) => {
      leaked = mul(y, 2)
      return mul(y, 3)
    })
    same(await leaking(x).array(), [3, 6], 'the result')
    await refuses('disposed', () => add(leaked as Tensor, 1))
    same(await add(x, 1).array(), [2, 3], 'the engine afterwards')
  },

  'compile specialises by shape and dtype, and drops the least recently used plan': async engine => {
    let recordings = 0
    const compiled = compile(
      (x: Tensor) => {
        recordings++
        return mul(x, 2)
      },
      { maxPlans: 2 },
    )
    const [a, b, c] = [[1], [1, 2], [1, 2, 3]].map(values => tensor(values, { engine })) as [
      Tensor,
      Tensor,
      Tensor,
    ]
    for (const x of [a, b, a, a, b]) compiled(x).dispose()
    same(recordings, 2, 'recordings for two shapes')
    compiled(c).dispose() // a is the least recently used
    compiled(b).dispose()
    same(recordings, 3, 'recordings after a third shape')
    compiled(a).dispose()
    same(recordings, 4, 'recordings after the dropped shape')
    same(await compiled(tensor([3, 4], { dtype: 'int32', engine })).array(), [6, 8], 'another dtype')
    same(recordings, 5, 'recordings after another dtype')
    compiled.dispose()
  },

  'numbers and branches are constants of the recording, arguments that differ are not': async engine => {
    const compiled = compile((x: Tensor, factor: number, options: { up: boolean }) =>
      options.up ? mul(x, factor) : x,
    )
    const x = tensor([1], { engine })
    same(await compiled(x, 2, { up: true }).array(), [2], 'factor 2')
    same(await compiled(x, 3, { up: true }).array(), [3], 'factor 3')
    same(await compiled(x, 3, { up: false }).array(), [1], 'not up')
    await refuses('recording', () => compile((_: () => void) => x)(() => undefined))
    compiled.dispose()
  },

  'a learning rate changes without a new recording': async engine => {
    const w = parameter(tensor([1], { engine }))
    const optimizer = optim.sgd([w], { learningRate: 0.5 })
    let recordings = 0
    const step = compile((g: Tensor) => {
      recordings++
      optimizer.step([g])
      return sum(w)
    })
    const g = tensor([1], { engine })
    near([await step(g).item()], [0.5], 1e-6, 'after rate 0.5')
    optimizer.learningRate = 0.25
    near([await step(g).item()], [0.25], 1e-6, 'after rate 0.25')
    same(recordings, 1, 'recordings')
  },

  'random numbers: eager and compiled use advance alike, a seed repeats': async engine => {
    const fixed = [uniform([5], { seed: 3, engine }), uniform([5], { seed: 3, engine })]
    same(await (fixed[0] as Tensor).array(), await (fixed[1] as Tensor).array(), 'the same seed')
    const [a, b] = [uniform([5], { engine }), uniform([5], { engine })]
    ensure(JSON.stringify(await a.array()) !== JSON.stringify(await b.array()), 'two draws differ')
    const draw = compile((x: Tensor) => add(normal([5], { engine }), x))
    const zero = tensor([0, 0, 0, 0, 0], { engine })
    const [c, d] = [draw(zero), draw(zero)]
    ensure(JSON.stringify(await c.array()) !== JSON.stringify(await d.array()), 'two replays differ')
    draw.dispose()
  },
}
