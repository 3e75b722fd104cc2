// Mechanism: values and their versions, gradients, scopes, memory, errors that leave the engine usable.
import {
  add,
  compile,
  type Engine,
  grad,
  hostScalar,
  init,
  mul,
  parameter,
  relu,
  scope,
  square,
  sum,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts'
import { ensure, near, refuses, same } from './assert.ts'

export type Case = (engine: Engine) => Promise<void>

export const values: Readonly<Record<string, Case>> = {
  'an update runs after all readers of the old version': async engine => {
    const w = parameter(tensor([1, 2, 3], { engine }))
    const before = mul(w, 10)
    w.assign(tensor([7, 8, 9], { engine }))
    const after = mul(w, 10)
    same(await before.array(), [10, 20, 30], 'what was computed before')
    same(await after.array(), [70, 80, 90], 'what is computed after')
    same(await w.array(), [7, 8, 9], 'the parameter')
  },

  'a gradient through an outdated version throws': async engine => {
    const w = parameter(tensor([1, 2], { engine }))
    const loss = sum(square(w))
    w.assign(tensor([3, 4], { engine }))
    const error = await refuses('gradient', () => grad(loss, [w]))
    ensure(error.message.includes('updated'), error.message)
    same(await (grad(sum(square(w)), [w])[0] as Tensor).array(), [6, 8], 'the gradient of the new version')
  },

  'a handle on an overwritten value keeps its number when it was computed before': async engine => {
    const w = parameter(tensor([2], { engine }))
    const y = square(w)
    same(await y.array(), [4], 'y')
    w.assign(tensor([5], { engine }))
    same(await y.array(), [4], 'y after the update')
  },

  'an intermediate that was freed and is needed again is recomputed': async engine => {
    const x = tensor([1, -2, 3], { engine })
    const hidden = relu(x)
    const loss = sum(square(hidden))
    same(await loss.item(), 10, 'the loss')
    hidden.dispose()
    same(await (grad(loss, [x])[0] as Tensor).array(), [2, 0, 6], 'the gradient')
  },

  'a gradient of a gradient': async engine => {
    const x = tensor([1, 2, -3], { engine })
    const [first] = grad(sum(mul(square(x), x)), [x]) as [Tensor]
    const [second] = grad(sum(first), [x]) as [Tensor]
    const [third] = grad(sum(second), [x]) as [Tensor]
    same(await first.array(), [3, 12, 27], '3x²')
    same(await second.array(), [6, 12, -18], '6x')
    same(await third.array(), [6, 6, 6], '6')
  },

  'gradients add up where a value forks': async engine => {
    const x = tensor(3, { engine })
    const y = add(mul(x, x), add(mul(x, 4), x))
    same(await (grad(y, [x])[0] as Tensor).item(), 11, 'dy/dx')
  },

  'grad refuses what has no gradient': async engine => {
    const x = tensor([1, 2], { engine })
    const other = tensor([1, 2], { engine })
    const y = square(x)
    await refuses('gradient', () => grad(y, [x]))
    await refuses('gradient', () => grad(sum(y), [other]))
    await refuses('shape', () => grad(y, [x], { outputGradient: tensor([1, 2, 3], { engine }) }))
    await refuses('gradient', () => grad(tensor([1], { dtype: 'int32', engine }), [x]))
    await refuses('option', () => grad(sum(y), [x], { allowUnusd: true } as object))
    const [dx, unused] = grad(sum(y), [x, other], { allowUnused: true }) as [Tensor, Tensor]
    same(await dx.array(), [2, 4], 'dx')
    same(await unused.array(), [0, 0], 'the gradient of what is unused')
  },

  'scopes keep what they return, and parameters': async engine => {
    const kept: Tensor[] = []
    const result = scope(() => {
      const x = tensor([1, 2], { engine })
      const y = mul(x, 2)
      kept.push(x, parameter(x))
      return { y, list: [mul(y, 2)] }
    })
    const [x, w] = kept as [Tensor, Tensor]
    ensure(x.isDisposed, 'what is not returned is disposed')
    ensure(!w.isDisposed, 'a parameter survives')
    same(await result.y.array(), [2, 4], 'what is returned')
    same(await (result.list[0] as Tensor).array(), [4, 8], 'what is returned in a list')
    same(await w.array(), [1, 2], 'the parameter')
    await refuses('disposed', () => x.data())
  },

  'a nested scope hands over to the outer one': async engine => {
    let inner: Tensor | undefined
    scope(() => {
      inner = scope(() => mul(tensor([1], { engine }), 3))
      ensure(!inner.isDisposed, 'alive in the outer scope')
    })
    ensure(inner?.isDisposed === true, 'disposed with the outer scope')
  },

  'a scope that returns a promise throws': async engine => {
    await refuses('recording', () => scope(async () => tensor([1], { engine })))
  },

  'a scope that throws disposes what it made': async engine => {
    const before = engine.memory().tensors
    let threw = false
    try {
      scope(() => {
        mul(tensor([1], { engine }), 2)
        throw new Error('mine')
      })
    } catch (error) {
      threw = error instanceof Error && error.message === 'mine'
    }
    ensure(threw, "the scope's own error comes out")
    await engine.idle() // what was pending is dropped
    ensure(engine.memory().tensors <= before, 'tensors')
  },

  'a thousand eager steps in scopes leave memory where it was': async engine => {
    const w = parameter(tensor([0.5, -0.5, 1], { engine }))
    const x = tensor(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      { engine },
    )
    const train = () => {
      scope(() => {
        const [g] = grad(sum(square(mul(x, w))), [w]) as [Tensor]
        w.assign(add(w, mul(g, -1e-4)))
      })
    }
    for (let i = 0; i < 20; i++) train()
    await w.data()
    const before = engine.memory()
    for (let i = 0; i < 1000; i++) train()
    await w.data()
    const after = engine.memory()
    // What earlier cases left behind may be collected meanwhile: less is fine.
    ensure(after.tensors <= before.tensors, `tensors grew from ${before.tensors} to ${after.tensors}`)
    ensure(
      after.liveBytes <= before.liveBytes,
      `live bytes grew from ${before.liveBytes} to ${after.liveBytes}`,
    )
    ensure(
      after.peakBytes <= before.peakBytes + 4096,
      `the peak grew from ${before.peakBytes} to ${after.peakBytes}`,
    )
  },

  'a chain of ten thousand pending ops is computed, and its history pruned': async engine => {
    let x = tensor([0], { engine })
    for (let i = 0; i < 10_000; i++) {
      const next = add(x, 1)
      x.dispose()
      x = next
    }
    same(await x.item(), 10_000, 'the sum')
  },

  'using and dispose free memory, twice is allowed, use afterwards throws': async engine => {
    const before = engine.memory()
    const x = zeros([1000], { engine })
    await x.data()
    x.dispose()
    x.dispose()
    ensure(engine.memory().liveBytes <= before.liveBytes, 'live bytes')
    await refuses('disposed', () => add(x, 1))
    await refuses('disposed', () => x.data())
  },

  'two engines do not mix, and live side by side': async engine => {
    const other = await init({ backend: 'cpu' })
    const here = tensor([1, 2], { engine })
    const there = tensor([1, 2], { engine: other })
    await refuses('engine', () => add(here, there))
    same(await mul(there, 3).array(), [3, 6], 'on the other engine')
    same(await mul(here, 2).array(), [2, 4], 'on this engine')
    same(
      other.use(() => zeros([1]).engine === other),
      true,
      'use() makes an engine the default',
    )
    other.dispose()
    await refuses('disposed', () => add(there, 1))
    same(await add(here, 1).array(), [2, 3], 'this engine afterwards')
  },

  'host scalars are asked in eager use': async engine => {
    let rate = 2
    const scalar = hostScalar(() => rate, { engine })
    same(await mul(tensor([1, 2], { engine }), scalar).array(), [2, 4], 'at first')
    rate = 3
    const next = hostScalar(() => rate, { engine })
    same(await mul(tensor([1, 2], { engine }), next).array(), [3, 6], 'a new one')
    await refuses('value', () => hostScalar(() => 'x' as unknown as number, { engine }))
  },

  'reads see the value as of their call': async engine => {
    const w = parameter(tensor([1], { engine }))
    const first = w.data()
    w.assign(tensor([2], { engine }))
    const second = w.data()
    near(await first, [1], 0, 'the first read')
    near(await second, [2], 0, 'the second read')
  },

  'compile cannot be fooled by a disposed result': async engine => {
    const double = compile((x: Tensor) => mul(x, 2))
    const y = double(tensor([4], { engine }))
    y.dispose()
    same(await double(tensor([5], { engine })).array(), [10], 'the next call')
    double.dispose()
    await refuses('disposed', () => double(tensor([5], { engine })))
  },
}
