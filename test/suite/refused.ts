// What a review and an attack once broke: refused calls that must change nothing, and results that share their memory.
import {
  argMax,
  compile,
  concat,
  detach,
  type Engine,
  gather,
  hostScalar,
  hostVector,
  matmul,
  mul,
  optim,
  parameter,
  reshape,
  sum,
  type Tensor,
  tanh,
  tensor,
  tune,
  zeros,
} from '../../src/index.ts'
import { ensure, near, refuses, same } from './assert.ts'
import type { Case } from './values.ts'

class Boom extends Error {}

/** A host scalar that counts, and throws once it is told to. */
function counting(engine: Engine) {
  const state = { count: 0, throws: false }
  const scalar = () =>
    hostScalar(
      () => {
        if (state.throws) throw new Boom()
        return ++state.count
      },
      { engine },
    )
  return { state, scalar }
}

/** Throws unless `body` throws a Boom. */
function booms(body: () => unknown): void {
  try {
    body()
  } catch (error) {
    if (error instanceof Boom) return
    throw error
  }
  throw new Error('nothing was thrown')
}

export const refused: Readonly<Record<string, Case>> = {
  'a host function that throws in several runs changes nothing': async engine => {
    const x = tensor([1, 2, 3], { engine })
    for (const warm of [[2], [1], []]) {
      const { state, scalar } = counting(engine)
      const step = compile((x: Tensor) => mul(x, scalar()))
      for (const times of warm) step.run(times, x)
      state.throws = true
      booms(() => step.run(4, x))
      state.throws = false
      const next = state.count + 1
      same(await step(x).array(), [next, 2 * next, 3 * next], 'a call afterwards')
      const both = await step.run(2, x).array()
      same(
        both,
        [next + 1, next + 2].map(k => [k, 2 * k, 3 * k]),
        'two runs afterwards',
      )
      step.dispose()
    }
  },

  'steps and random numbers of runs that never happened are not counted': async engine => {
    const { state, scalar } = counting(engine)
    const w = parameter(tensor([1, 2], { engine }))
    const optimizer = optim.adam([w])
    const step = compile((g: Tensor) => {
      optimizer.step([g])
      return mul(sum(w), scalar())
    })
    const g = tensor([0.5, -0.5], { engine })
    step(g)
    state.throws = true
    booms(() => step(g))
    booms(() => step.run(3, g))
    same(optimizer.state().steps, 1, 'steps counted')
    const tensors = engine.memory().tensors
    const whole = tensor([1, 2], { dtype: 'int32', engine })
    await refuses('dtype', () => optimizer.step([whole]))
    await refuses('value', () => optimizer.step([g], { scale: optim.lossScale({ engine }) }))
    same(optimizer.state().steps, 1, 'steps counted after refused ones')
    same(engine.memory().tensors - tensors, 3, 'tensors: the gradient refused, and the scale with its streak')
    step.dispose()
  },

  'host numbers that are returned are those of each run': async engine => {
    let k = 0
    const step = compile(() => [
      hostScalar(() => ++k, { engine }),
      hostVector(() => [k, -k], { length: 2, dtype: 'int32', engine }),
    ])
    const [one, two] = step.run(4) as [Tensor, Tensor]
    same(await one.array(), [1, 2, 3, 4], 'scalars')
    same(
      await two.array(),
      [1, 2, 3, 4].map(i => [i, -i]),
      'vectors',
    )
    step.dispose()
  },

  'results that are one under two shapes are released once': async engine => {
    const before = engine.memory().liveBytes
    const x = tensor(
      Array.from({ length: 400 }, (_, i) => i),
      { engine },
    )
    const step = compile((x: Tensor) => {
      const y = mul(x, 2)
      return [y, reshape(y, [20, 20]), detach(y)]
    })
    const [flat, square, alias] = step(x) as [Tensor, Tensor, Tensor]
    step.dispose()
    flat.dispose()
    const others = Array.from({ length: 6 }, () => tensor(new Float32Array(400).fill(-1), { engine }))
    same((await square.data())[399], 798, 'a result after the function and another result were disposed')
    for (const item of [x, square, alias, ...others]) item.dispose()
    ensure(engine.memory().liveBytes <= before + 2 ** 19, 'memory is given back')
  },

  'a parameter is assigned another of the same arena, and itself': async engine => {
    const [p, q] = [parameter(tensor([1, 2], { engine })), parameter(tensor([3, 4], { engine }))]
    optim.sgd([p, q])
    p.assign(q)
    same(await p.array(), [3, 4], 'another')
    p.assign(p)
    const swap = compile(() => {
      const before = detach(p)
      p.assign(mul(q, 10))
      q.assign(before)
    })
    swap()
    same(
      [await p.array(), await q.array()],
      [
        [30, 40],
        [3, 4],
      ],
      'swapped in a recording',
    )
    const copy = compile(() => q.assign(p))
    copy()
    same(await q.array(), [30, 40], 'copied in a recording')
    swap.dispose()
    copy.dispose()
  },

  'tuning asks the program for nothing, and passes over aliases': async engine => {
    if (engine.backend === 'cpu') return
    let asked = 0
    const data = zeros([8, 4], { engine })
    const bias = parameter(zeros([8], { engine }))
    const step = compile((x: Tensor) => {
      const rows = hostVector(
        () => {
          asked++
          return [0, 1]
        },
        { length: 2, dtype: 'int32', engine },
      )
      const y = matmul(gather(x, rows), reshape(bias, [4, 2]))
      bias.assign(mul(bias, 0.5))
      return y
    })
    step(data)
    const before = asked
    const tuning = engine.tuning
    const bytes = engine.memory().liveBytes
    await tune(step, [data], { repetitions: 1 })
    same(asked, before, 'times asked')
    ensure(engine.memory().liveBytes <= bytes, 'no more memory is held')
    engine.tuning = tuning
    step.dispose()
  },

  'reductions compute as they read in vectors, of inputs read twice': async engine => {
    const x = tensor(
      Array.from({ length: 40 }, (_, i) => (i - 20) / 10),
      { shape: [5, 8], engine },
    )
    const step = compile((x: Tensor) => sum(mul(x, tanh(x)), { axis: 0 }))
    const wanted = Array.from({ length: 8 }, (_, column) =>
      [0, 1, 2, 3, 4].reduce((total, row) => {
        const value = (row * 8 + column - 20) / 10
        return total + value * Math.tanh(value)
      }, 0),
    )
    near(await step(x).data(), wanted, 1e-4, 'sums')
    same(await compile((x: Tensor) => argMax(x, { axis: 0 }))(x).array(), new Array(8).fill(4), 'places')
    step.dispose()
  },

  'what has no elements is left out of a plan, and what goes with it is not': async engine => {
    const x = zeros([5, 0], { engine })
    const g = tensor(new Float32Array(35).fill(1), { shape: [5, 7], engine })
    const step = compile((x: Tensor, g: Tensor) => [matmul(x, g, { transposeA: true }), sum(g, { axis: 0 })])
    same(await (step(x, g)[1] as Tensor).array(), new Array(7).fill(5), 'sums beside an empty product')
    const join = compile((y: Tensor) => concat([zeros([0, 7], { engine }), y]))
    const before = engine.counters().dispatches
    join(g)
    const { dispatches } = join.plan(g)
    same(engine.counters().dispatches - before, dispatches, 'dispatches told and made')
    step.dispose()
    join.dispose()
  },

  'host numbers are checked as those of tensors are': async engine => {
    const vector = (numbers: unknown, dtype: 'int32' | 'uint32' | 'float32' | 'bool') =>
      hostVector(() => numbers as number[], { length: 2, dtype, engine })
    for (const numbers of [['a', 'b'], [undefined, null], [[1], [2]], new BigInt64Array(2)])
      await refuses('value', () => vector(numbers, 'float32'))
    for (const numbers of [
      [0.5, 1],
      [Number.NaN, 0],
      [3e9, 0],
    ])
      await refuses('dtype', () => vector(numbers, 'int32'))
    await refuses('dtype', () => vector([-1, 0], 'uint32'))
    same(await vector([0.5, 0], 'bool').array(), [1, 0], 'bools')
    same(await compile(() => vector([0.5, 0], 'bool'))().array(), [1, 0], 'bools of a recording')
    await refuses('option', () => hostScalar(() => 1, { engine: {} as Engine }))
  },

  'arguments and results in which tensors are not looked for are refused': async engine => {
    class Batch {
      constructor(readonly x: Tensor) {}
    }
    const x = tensor([1], { engine })
    const circular: { self?: unknown; x: Tensor } = { x }
    circular.self = circular
    const step = compile((_: unknown) => mul(x, 2))
    for (const odd of [new Batch(x), new Map([[1, x]]), new Date(), circular])
      await refuses('recording', () => step(odd))
    await refuses('recording', () => compile(() => new Set([mul(x, 2)]))())
    const scaled = compile((x: Tensor, by: unknown) => mul(x, Number(by)))
    same(1 / (await scaled(x, 0).item()), Number.POSITIVE_INFINITY, 'times 0')
    same(String(1 / (await scaled(x, -0).item())), '-Infinity', 'times -0')
    const read = compile((options: Record<string, number>) => mul(x, options.a ?? 7))
    same([await read({ a: 1, b: 2 }).item(), await read({ 'a:1,b': 2 }).item()], [1, 7], 'keys')
    await refuses('limit', () => step.run(1e9, x))
  },
}
