// Penalties, groups and clipping: what they do to whom, by hand and against optimizers that each have one thing to do.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  compile,
  type Engine,
  grad,
  init,
  matmul,
  meanSquaredError,
  normal,
  optim,
  type Parameter,
  parameter,
  type RetrogradError,
  type Tensor,
  tensor,
} from '../../src/index.ts'
import { flatLayout } from '../../src/ops/join.ts'
import { gatherArena } from '../../src/ops/parameter.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
})

afterAll(() => engine.dispose())

const values = async (parameters: readonly Tensor[]): Promise<number[][]> =>
  Promise.all(parameters.map(async x => [...(await x.data())]))

const codeOf = (body: () => unknown): string => {
  try {
    body()
  } catch (error) {
    return (error as RetrogradError).code
  }
  return 'none'
}

/** A weight and a bias of ones. */
const pair = (): [Parameter, Parameter] => [parameter(tensor([[1, 1]])), parameter(tensor([1, 1]))]
const zerosOfPair = (): Tensor[] => [tensor([[0, 0]]), tensor([0, 0])]

describe('penalties', () => {
  test.each([
    ['by default weights only', {}, [0.75, 1]],
    ['all', { penalized: 'all' }, [0.75, 0.75]],
    ['those chosen', { penalized: (_p: Parameter, i: number) => i === 1 }, [1, 0.75]],
    ['a group says so itself', { weightDecay: 0, group: { weightDecay: 0.5 } }, [1, 0.75]],
    ['a group is spared', { penalized: 'all', group: { weightDecay: 0 } }, [0.75, 1]],
    ['a group’s rate', { penalized: 'all', group: { learningRateFactor: 0.5 } }, [0.75, 0.875]],
    ['L1 of a group', { weightDecay: 0, group: { l1: 0.5 } }, [1, 0.75]],
  ] as const)(
    '%s',
    async (_what, { group, ...options }: optim.OptimizerOptions & { group?: object }, expected) => {
      // One step of length 0.5 with no gradient: 1 − 0.5·0.5·1.
      const [weight, bias] = pair()
      const optimizer = optim.sgd([weight, bias], {
        learningRate: 0.5,
        weightDecay: 0.5,
        ...options,
        ...(group ? { groups: [{ parameters: [bias], ...group }] } : {}),
      })
      optimizer.step(zerosOfPair())
      expect((await values([weight, bias])).map(list => list[0])).toEqual(expected)
    },
  )

  test('a parameter at 0 stays exactly 0 while a step is within the threshold, and is within it afterwards', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 1, maxLength: 20 }),
        async gradients => {
          const [p, q] = [parameter(tensor(gradients.map(() => 0))), parameter(tensor(gradients))]
          optim.sgd([p], { learningRate: 0.5, l1: 1, penalized: 'all' }).step([tensor(gradients)])
          optim.sgd([q], { learningRate: 1, l1: 1, penalized: 'all' }).step([tensor(gradients.map(() => 0))])
          const [fromZero, toZero] = [await p.data(), await q.data()]
          gradients.map(Math.fround).forEach((g, i) => {
            if (Math.abs(g) <= 1) expect([fromZero[i], toZero[i]]).toEqual([0, 0])
            else {
              expect(fromZero[i]).toBeCloseTo(-0.5 * (g - Math.sign(g)), 6)
              expect(toZero[i]).toBeCloseTo(g - Math.sign(g), 6)
            }
          })
        },
      ),
    )
  })

  test.each<[string, (p: readonly Parameter[]) => optim.Optimizer]>([
    ['sgd', p => optim.sgd(p, { learningRate: 0.1, l1: 0.1 })],
    ['nesterov', p => optim.sgd(p, { learningRate: 0.02, momentum: 0.9, nesterov: true, l1: 0.1 })],
    ['averaged', p => optim.sgd(p, { learningRate: 0.1, momentum: 0.9, averaged: true, l1: 0.1 })],
    ['rmsprop', p => optim.rmsprop(p, { learningRate: 0.01, momentum: 0.5, l1: 0.1 })],
    ['adagrad', p => optim.adagrad(p, { learningRate: 0.1, l1: 0.1 })],
    ['adam', p => optim.adam(p, { learningRate: 0.01, l1: 0.1 })],
  ])(
    '%s with L1 finds the least loss + λ‖w‖₁: weights nothing depends on are exactly 0',
    async (_name, make) => {
      const x = normal([64, 10], { seed: 1 })
      const truth = tensor([[2], [-1], [0], [0], [0], [0], [0], [0], [0], [0]])
      const y = matmul(x, truth)
      const w = parameter(normal([10, 1], { seed: 2 }))
      const optimizer = make([w])
      const step = compile(() => {
        optimizer.step(grad(meanSquaredError(matmul(x, w), y), [w]))
      })
      for (let i = 0; i < 3000; i++) step()
      const found = [...(await w.data())]
      expect(found.slice(2)).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
      // There the slope of the loss is −λ·sign(w) where w is not 0, and within ±λ where it is.
      const [slope] = grad(meanSquaredError(matmul(x, w), y), [w]) as [Tensor]
      const slopes = [...(await slope.data())]
      expect(slopes[0]).toBeCloseTo(-0.1, 3)
      expect(slopes[1]).toBeCloseTo(0.1, 3)
      expect(Math.max(...slopes.map(Math.abs))).toBeLessThan(0.101)
      step.dispose()
    },
  )

  test('NaN is not drawn to 0', async () => {
    const p = parameter(tensor([1, 1]))
    optim.sgd([p], { learningRate: 1, l1: 1, penalized: 'all' }).step([tensor([Number.NaN, 0])])
    expect(await p.array()).toEqual([Number.NaN, 0])
  })
})

/** Shapes whose members leave padding, and some that need several blocks. */
const shapes = fc.array(fc.array(fc.integer({ min: 1, max: 14 }), { minLength: 0, maxLength: 3 }), {
  minLength: 1,
  maxLength: 5,
})

test('groups do what an optimizer for each of them does, to the bit, and padding stays 0', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, fc.nat(2), async (list, kind) => {
      const make = [optim.adam, optim.adamw, optim.rmsprop][kind] as typeof optim.adam
      const draw = (seed: number): Tensor[] => list.map((shape, i) => normal(shape, { seed: seed + i }))
      const [together, apart] = [draw(1).map(x => parameter(x)), draw(1).map(x => parameter(x))]
      const settings = [
        { learningRateFactor: 0.5, weightDecay: 0.1, l1: 0.01 },
        { learningRateFactor: 2, weightDecay: 0 },
        {},
      ]
      const groups = settings.map((group, k) => ({
        parameters: together.filter((_, i) => i % 3 === k),
        ...group,
      }))
      const one = make(together, { learningRate: 0.25, weightDecay: 0.3, groups })
      const each = apart.map((p, i) => {
        const { learningRateFactor = 1, ...penalties } = settings[i % 3] as optim.ParameterGroup
        const penalized = i % 3 < 2 ? { penalized: 'all' as const } : {}
        return make([p], {
          learningRate: 0.25 * learningRateFactor,
          weightDecay: 0.3,
          ...penalties,
          ...penalized,
        })
      })
      for (let t = 0; t < 3; t++) {
        const gradients = draw(100 * (t + 1))
        one.step(gradients)
        each.forEach((optimizer, i) => {
          optimizer.step([gradients[i] as Tensor])
        })
      }
      expect(await values(together)).toEqual(await values(apart))
      const { offsets, length } = flatLayout(list)
      for (const flat of [gatherArena('test', together), ...Object.values(one.state().tensors)]) {
        const numbers = await flat.data()
        list.forEach((_, i) => {
          const from = (offsets[i] as number) + (together[i] as Parameter).size
          expect(numbers.slice(from, offsets[i + 1] ?? length).every(number => number === 0)).toBe(true)
        })
      }
    }),
    { numRuns: 30 },
  )
})

describe('clipping', () => {
  const gradients = (): Tensor[] => [tensor([[3, -0.5]]), tensor([4, 0])]
  const hundred = (): Tensor[] => [tensor([[0.3, -0.05]]), tensor([0.4, 0])]
  // Norms: √9.25, 4, and √25.25 of all.
  const [first, all] = [Math.sqrt(9.25), Math.sqrt(25.25)]
  const cases = [
    ['value', 1, [1, -0.5, 1, 0]],
    ['norm', 2, [(3 * 2) / first, (-0.5 * 2) / first, 2, 0]],
    ['globalNorm', 2, [(3 * 2) / all, (-0.5 * 2) / all, (4 * 2) / all, 0]],
  ] as const
  const lists = { value: optim.clipByValue, norm: optim.clipByNorm, globalNorm: optim.clipByGlobalNorm }

  test.each(cases)('by %s %d', async (kind, most, expected) => {
    for (const scaled of [false, true]) {
      const parameters = [parameter(tensor([[0, 0]])), parameter(tensor([0, 0]))]
      const optimizer = optim.sgd(parameters, { learningRate: 1, clip: { [kind]: most } })
      const scale = optim.lossScale({ initial: 8 })
      if (scaled) scale.apply(tensor(1))
      const given = gradients().map(g => (scaled ? g.mul(8) : g))
      const took = optimizer.step(given, scaled ? { scale } : {})
      expect(took === null ? null : await took.item()).toBe(scaled ? 1 : null)
      ;(await values(parameters)).flat().forEach((p, i) => {
        expect(p).toBeCloseTo(-(expected[i] as number), 6)
      })
    }
    ;(await values(lists[kind](gradients(), most))).flat().forEach((g, i) => {
      expect(g).toBeCloseTo(expected[i] as number, 6)
    })
    // Shorter ones are left to the bit.
    expect(await values(lists[kind](hundred(), most))).toEqual(await values(hundred()))
  })

  test('as options and as functions are one', async () => {
    await fc.assert(
      fc.asyncProperty(
        shapes,
        fc.constantFrom('value' as const, 'norm' as const, 'globalNorm' as const),
        fc.double({ min: 0.01, max: 20, noNaN: true }),
        async (list, kind, most) => {
          const draw = (): Tensor[] => list.map((shape, i) => normal(shape, { seed: 7 + i }))
          const [a, b] = [draw().map(x => parameter(x)), draw().map(x => parameter(x))]
          optim.sgd(a, { learningRate: 1, clip: { [kind]: most } }).step(draw())
          optim.sgd(b, { learningRate: 1 }).step(lists[kind](draw(), most))
          const [x, y] = [(await values(a)).flat(), (await values(b)).flat()]
          // Sums of squares are added in another order: a few roundings of numbers of at most 10.
          x.forEach((p, i) => {
            expect(Math.abs(p - (y[i] as number))).toBeLessThan(1e-5)
          })
        },
      ),
      { numRuns: 40 },
    )
  })

  test('the global norm, of float16 too', async () => {
    expect(await optim.globalNorm([tensor([3]), tensor([[4]])]).item()).toBe(5)
    // 300² is beyond float16.
    const half = [tensor([300, 400], { dtype: 'float16' })]
    expect(await optim.globalNorm(half).item()).toBe(500)
    const [clipped] = optim.clipByGlobalNorm(half, 5) as [Tensor]
    expect([clipped.dtype, await clipped.array()]).toEqual(['float16', [3, 4]])
    expect(await optim.globalNorm([tensor([0, 0])]).item()).toBe(0)
    expect(await values(optim.clipByGlobalNorm([tensor([0, 0])], 1))).toEqual([[0, 0]])
  })

  test('NaN stays NaN', async () => {
    const bad = [tensor([Number.NaN, 5])]
    expect(await values(optim.clipByValue(bad, 1))).toEqual([[Number.NaN, 1]])
    expect(await values(optim.clipByNorm(bad, 1))).toEqual([[Number.NaN, Number.NaN]])
    expect(await values(optim.clipByGlobalNorm([...bad, tensor([1])], 1))).toEqual([
      [Number.NaN, Number.NaN],
      [Number.NaN],
    ])
  })
})

test('what options refuse', () => {
  const [weight, bias] = pair()
  const p = [weight, bias]
  const other = parameter(tensor([1]))
  const refused: readonly [code: string, body: () => unknown][] = [
    ...[Number.NaN, 0, -1, Number.POSITIVE_INFINITY, '1'].flatMap(rate =>
      [optim.sgd, optim.adagrad, optim.rmsprop, optim.adam, optim.adamw].map(
        (make): [string, () => unknown] => ['option', () => make(p, { learningRate: rate as number })],
      ),
    ),
    ['option', () => Object.assign(optim.sgd(p), { learningRate: Number.NaN })],
    ['option', () => optim.sgd(p, { weightDecay: -1 })],
    ['option', () => optim.sgd(p, { l1: Number.POSITIVE_INFINITY })],
    ['option', () => optim.sgd(p, { penalized: 'biases' as never })],
    ['option', () => optim.sgd(p, { momentum: 1 })],
    ['option', () => optim.sgd(p, { momentum: 0.9, dampening: 1.5 })],
    ['option', () => optim.sgd(p, { nesterov: true })],
    ['option', () => optim.sgd(p, { momentum: 0.9, nesterov: true, dampening: 0.1 })],
    ['option', () => optim.sgd(p, { averaged: true })],
    ['option', () => optim.sgd(p, { momentum: 0.9, nesterov: true, averaged: true })],
    ['option', () => optim.rmsprop(p, { alpha: 1 })],
    ['option', () => optim.rmsprop(p, { epsilon: 0 })],
    ['option', () => optim.adam(p, { beta2: Number.NaN })],
    ['option', () => optim.adam(p, { momentum: 0.9 } as object)],
    ['option', () => optim.adam(p, { clip: {} })],
    ['option', () => optim.adam(p, { clip: { value: 0 } })],
    ['option', () => optim.adam(p, { clip: { norm: -1 } })],
    ['option', () => optim.adam(p, { clip: { globalNorm: Number.NaN } })],
    ['option', () => optim.adam(p, { clip: { value: 1, norm: 1 } })],
    ['option', () => optim.adam(p, { clip: 1 as never })],
    ['option', () => optim.adam(p, { groups: [{ parameters: [bias], momentum: 1 } as never] })],
    ['option', () => optim.adam(p, { groups: [{ parameters: [bias], learningRateFactor: -1 }] })],
    ['option', () => optim.adam(p, { groups: [{} as never] })],
    ['option', () => optim.adam(p, { groups: bias as never })],
    ['value', () => optim.adam(p, { groups: [{ parameters: [other] }] })],
    ['value', () => optim.adam(p, { groups: [{ parameters: [bias] }, { parameters: [bias] }] })],
    ['option', () => optim.clipByValue([tensor([1])], 0)],
    ['option', () => optim.clipByNorm([tensor([1])], Number.NaN)],
    ['option', () => optim.clipByGlobalNorm([tensor([1])], -1)],
    ['value', () => optim.clipByGlobalNorm([], 1)],
    ['value', () => optim.globalNorm([1] as never)],
    ['option', () => optim.adam(p).step(zerosOfPair(), { skipNonFinite: 1 } as never)],
  ]
  expect(refused.map(([, body]) => codeOf(body))).toEqual(refused.map(([code]) => code))
})
