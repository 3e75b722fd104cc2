// Mechanism: what replays of a recording return, what becomes of it later, and what they cost.
import {
  add,
  compile,
  gather,
  grad,
  hostScalar,
  hostVector,
  init,
  matmul,
  mean,
  mul,
  normal,
  optim,
  parameter,
  scope,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  tensor,
  uniform,
} from '../../src/index.ts'
import { ensure, near, refuses, same } from './assert.ts'
import type { Case } from './values.ts'

export const replay: Readonly<Record<string, Case>> = {
  'a returned handle never changes value: small results': async engine => {
    const w = parameter(tensor([0], { engine }))
    const step = compile((x: Tensor) => {
      const next = add(w, x)
      w.assign(next)
      return sum(next)
    })
    const one = tensor([1], { engine })
    const losses = Array.from({ length: 2000 }, () => step(one))
    const numbers = await Promise.all(
      [0, 1, 2, 999, 1000, 1023, 1024, 1025, 1999].map(i => (losses[i] as Tensor).item()),
    )
    same(numbers, [1, 2, 3, 1000, 1001, 1024, 1025, 1026, 2000], 'losses kept')
    for (const loss of losses) loss.dispose()
    step.dispose()
  },

  'a returned handle never changes value: large results are copied out': async engine => {
    const fill = compile((x: Tensor) => mul(x, [2, 2, 2, 2][0] as number))
    const inputs = [1, 2, 3].map(k => tensor(new Float32Array(1000).fill(k), { engine }))
    const [a, b, c] = inputs.map(x => fill(x)) as [Tensor, Tensor, Tensor]
    const again = fill(inputs[0] as Tensor)
    same(
      [(await a.data())[0], (await b.data())[999], (await c.data())[5], (await again.data())[7]],
      [2, 4, 6, 2],
      'results',
    )
    fill.dispose()
  },

  'a result outlives the compiled function': async engine => {
    const fill = compile((x: Tensor) => mul(x, 3))
    const y = fill(tensor(new Float32Array(1000).fill(2), { engine }))
    fill.dispose()
    const other = tensor(new Float32Array(1000).fill(9), { engine })
    same((await mul(other, 1).data())[0], 9, 'another tensor')
    same((await y.data())[999], 6, 'the result')
  },

  'a hundred compiled steps: as many submits, and nothing made': async engine => {
    const w = parameter(tensor([0.1, 0.2, 0.3], { engine }))
    const b = parameter(tensor([0], { engine }))
    const optimizer = optim.adam([w, b], { learningRate: 0.01 })
    const step = compile((x: Tensor, y: Tensor) => {
      const loss = mean(square(sub(add(sum(mul(x, w), { axis: 1 }), b), y)))
      optimizer.step(grad(loss, [w, b]))
      return loss
    })
    const x = tensor(
      [
        [1, 2, 3],
        [0, 1, 0],
        [2, 0, 1],
        [1, 1, 1],
      ],
      { engine },
    )
    const y = tensor([1, 0, 2, 1], { engine })
    const first = step(x, y)
    const { dispatches } = step.plan(x, y)
    await engine.idle()
    const before = engine.counters()
    const losses = Array.from({ length: 100 }, () => step(x, y))
    const after = engine.counters()
    const made = (name: keyof typeof before): number => after[name] - before[name]
    same(
      [made('submits'), made('pipelines'), made('bindGroups'), made('reads')],
      [100, 0, 0, 0],
      'submits, pipelines, bind groups, reads',
    )
    same(made('dispatches'), 100 * dispatches, 'dispatches')
    same(made('buffers'), 0, 'buffers')
    if (engine.backend === 'webgpu') same(made('uploads'), 100, 'writes: one of all host scalars a step')
    const [start, end] = [await first.item(), await (losses[99] as Tensor).item()]
    ensure(end < start, `the loss falls: ${start}, then ${end}`)
  },

  'several runs are one submit, and give what as many calls give': async engine => {
    const build = () => {
      const w = parameter(tensor([1, 2, 3], { engine }))
      let asked = 0
      const step = compile((x: Tensor) => {
        w.assign(
          add(
            w,
            mul(
              x,
              hostScalar(() => ++asked, { engine }),
            ),
          ),
        )
        return { total: sum(w), double: mul(w, 2) }
      })
      return { w, step }
    }
    const x = tensor([1, 1, 1], { engine })
    const [together, apart] = [build(), build()]
    same(await together.step.run(1, x).total.array(), [9], 'one run')
    const { total, double } = together.step.run(4, x)
    const singles = Array.from({ length: 5 }, () => apart.step(x))
    same(
      await total.array(),
      await Promise.all(singles.slice(1).map(({ total }) => total.item())),
      'small results, stacked',
    )
    same(
      await double.array(),
      await Promise.all(singles.slice(1).map(({ double }) => double.array())),
      'larger ones',
    )
    same(await together.w.array(), await apart.w.array(), 'the parameter')
    same(await together.step(x).total.item(), await apart.step(x).total.item(), 'a call afterwards')
    const before = engine.counters()
    together.step.run(4, x)
    const after = engine.counters()
    same(
      [after.submits - before.submits, after.bindGroups - before.bindGroups],
      [1, 0],
      'submits and bind groups',
    )
    if (engine.backend === 'webgpu') same(after.uploads - before.uploads, 1, 'writes')
    for (const times of [0, -1, 1.5, Number.NaN]) await refuses('value', () => together.step.run(times, x))
    together.step.dispose()
    apart.step.dispose()
  },

  'several runs draw the random numbers of as many calls': async engine => {
    const draw = async (times: number[]): Promise<unknown[]> => {
      const other = await init({ backend: engine.backend === 'cpu' ? 'cpu' : 'auto', seed: 5 })
      const fill = other.use(() => compile((x: Tensor) => add(uniform([3], { engine: other }), x)))
      const zero = tensor([0, 0, 0], { engine: other })
      const all: unknown[] = []
      for (const n of times) all.push(...((await fill.run(n, zero).array()) as unknown[]))
      other.dispose()
      return all
    }
    same(await draw([5]), await draw([1, 3, 1]), 'numbers')
  },

  'a warmed up function makes nothing at its first call': async engine => {
    const w = parameter(tensor([1, 2, 3], { engine }))
    const step = compile((x: Tensor) => {
      w.assign(sub(w, mul(x, 0.25)))
      return sum(square(w))
    })
    const x = tensor([1, 1, 1], { engine })
    await Promise.all([step.warmUp(x), step.warmUp(x)])
    const before = engine.counters()
    same(await w.array(), [1, 2, 3], 'the parameter: nothing has run')
    const loss = step(x)
    const after = engine.counters()
    same([after.pipelines - before.pipelines, after.bindGroups - before.bindGroups], [0, 0], 'made')
    near([await loss.item()], [0.75 ** 2 + 1.75 ** 2 + 2.75 ** 2], 1e-5, 'the loss')
    step.dispose()
  },

  'batches are picked on the GPU by rows the host tells, in its one write': async engine => {
    const data = tensor(
      Array.from({ length: 400 }, (_, i) => i),
      { shape: [100, 4], engine },
    )
    let next = 0
    const rows = () => Array.from({ length: 70 }, (_, i) => (next + i) % limit)
    let limit = 100
    const step = compile(() => {
      const batch = gather(data, hostVector(rows, { length: 70, dtype: 'int32', engine }))
      return [sum(batch), batch]
    })
    const [total, batch] = step() as [Tensor, Tensor]
    same(await total.item(), (280 * 279) / 2, 'the sum of the first 70 rows')
    next = 50
    const again = step()[1] as Tensor
    same(((await again.array()) as number[][])[69], [76, 77, 78, 79], 'the last row, after the end')
    same(((await batch.array()) as number[][])[0], [0, 1, 2, 3], 'the first batch still')
    const before = engine.counters()
    step()
    if (engine.backend === 'webgpu') same(engine.counters().uploads - before.uploads, 1, 'writes')
    limit = 101
    next = 90
    const error = await refuses('index', () => step())
    ensure(error.message.includes('100'), error.message)
    limit = 100
    same(((await (step()[1] as Tensor).array()) as number[][])[0], [360, 361, 362, 363], 'a call afterwards')
    await refuses('index', () =>
      gather(
        data,
        hostVector(() => [100], { length: 1, dtype: 'int32', engine }),
      ),
    )
    await refuses('value', () => hostVector(() => [1], { length: 2, engine }))
    step.dispose()
  },

  '2,000 compiled losses, kept and read afterwards, equal those of 2,000 eager steps': async engine => {
    const run = async (compiled: boolean): Promise<number[]> => {
      const w = parameter(tensor([0.1, -0.2, 0.3], { engine }))
      const optimizer = optim.sgd([w], { learningRate: 0.01, momentum: 0.9 })
      const x = tensor(
        [
          [1, 2, 3],
          [0, 1, 0],
          [2, 0, 1],
        ],
        { engine },
      )
      const y = tensor([1, 0, 2], { engine })
      const once = (x: Tensor, y: Tensor) => {
        const loss = mean(square(sub(sum(mul(x, w), { axis: 1 }), y)))
        optimizer.step(grad(loss, [w]))
        return loss
      }
      const step = compiled ? compile(once) : (x: Tensor, y: Tensor) => scope(() => once(x, y))
      const losses = Array.from({ length: 2000 }, () => step(x, y))
      const numbers: number[] = []
      // Kept until the end, and only then read, a hundred at a time.
      for (let i = 0; i < losses.length; i += 100) {
        const hundred = scope(() => stack(losses.slice(i, i + 100)))
        numbers.push(...(await hundred.data()))
        hundred.dispose()
      }
      for (const loss of losses) loss.dispose()
      return numbers
    }
    const [kept, eager] = [await run(true), await run(false)]
    ensure(kept.length === 2000 && (kept[0] as number) > (kept[1999] as number), 'the loss falls')
    near(kept, eager, 1e-5, 'losses')
  },

  'two optimizer steps in one recording are two steps, and leave the parameters theirs': async engine => {
    const [x, y] = [uniform([4, 6], { seed: 2, engine }), uniform([4, 6], { seed: 3, engine })]
    const train = async (perCall: number): Promise<number[]> => {
      const w = parameter(normal([6, 3], { seed: 4, engine }))
      const b = parameter(normal([3], { seed: 5, engine }))
      const optimizer = optim.adam([w, b], { learningRate: 0.1 })
      const one = (input: Tensor): void => {
        optimizer.step(grad(mean(square(add(matmul(input, w), b))), [w, b]))
      }
      const step = compile((...inputs: Tensor[]) => inputs.forEach(one))
      const inputs = [x, y, x, y]
      for (let i = 0; i < inputs.length; i += perCall) step(...inputs.slice(i, i + perCall))
      const numbers = [...(await w.data()), ...(await b.data())]
      // Memory that had been given away would be released twice.
      for (const item of [step, optimizer, w, b]) item.dispose()
      return numbers
    }
    const [single, double] = [await train(1), await train(2)]
    near(double, single, 1e-6, 'parameters')
  },
}
