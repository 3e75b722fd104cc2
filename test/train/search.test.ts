// Searches: which combinations are tried, which is the best, and what is refused.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import { data, type Engine, init, nn, optim, train } from '../../src/index.ts'
import { rejection } from '../data/refusal.ts'

describe('gridSearch', () => {
  test('tries every combination, the last option changing first', async () => {
    const { trials, best } = await train.gridSearch({
      space: { a: [1, 2], b: ['x', 'y', 'z'] },
      score: ({ a, b }) => a * 10 - 'zxy'.indexOf(b),
    })
    expect(trials.map(({ options: { a, b } }) => `${a}${b}`)).toEqual(['1x', '1y', '1z', '2x', '2y', '2z'])
    expect(best).toEqual({ options: { a: 2, b: 'z' }, score: 20 })
    expect(trials).toContain(best)
    expectTypeOf(best.options).toEqualTypeOf<{ readonly a: 1 | 2; readonly b: 'x' | 'y' | 'z' }>()
  })

  test('finds the best of any scores, more or less, the first of equals, NaN never', async () => {
    const score = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(Number.NaN))
    await fc.assert(
      fc.asyncProperty(
        fc.array(score, { minLength: 1, maxLength: 8 }),
        fc.constantFrom('more' as const, 'less' as const),
        async (scores, better) => {
          const known = scores.filter(value => !Number.isNaN(value))
          const space = { i: scores.map((_, i) => i) }
          const run = train.gridSearch({ space, better, score: ({ i }) => scores[i] as number })
          if (known.length === 0) {
            expect(await rejection(run)).toBe(`value [gridSearch] all ${scores.length} scores are NaN.`)
            return
          }
          const { best, trials } = await run
          const most = better === 'more' ? Math.max(...known) : Math.min(...known)
          expect(best.options.i).toBe(scores.indexOf(most))
          expect(trials.map(trial => trial.score)).toEqual(scores)
        },
      ),
      { seed: 1, numRuns: 50 },
    )
  })

  test('gives every trial the same seed, and tells of each', async () => {
    const seeds: number[] = []
    const told: number[] = []
    await train.gridSearch({
      space: { a: [1, 2, 3] },
      seed: 9,
      score: async ({ a }, { seed }) => {
        seeds.push(seed)
        return a
      },
      onTrial: ({ score }) => told.push(score),
    })
    expect(seeds).toEqual([9, 9, 9])
    expect(told).toEqual([1, 2, 3])
  })

  test('ends with the reason of an aborted signal, which the score hears of', async () => {
    const controller = new AbortController()
    const tried: number[] = []
    const run = train.gridSearch({
      space: { a: [1, 2, 3] },
      signal: controller.signal,
      score: ({ a }, { signal }) => {
        tried.push(a)
        if (a === 2) controller.abort(new Error('enough'))
        expect(signal?.aborted).toBe(a === 2)
        return a
      },
    })
    await expect(run).rejects.toThrow('enough')
    expect(tried).toEqual([1, 2])
  })

  test('refuses what makes no sense', async () => {
    const refused = (options: object) =>
      rejection(train.gridSearch({ space: { a: [1] }, score: () => 1, ...options }))
    expect(await refused({ space: {} })).toContain('option [gridSearch] the space has no options.')
    expect(await refused({ space: undefined })).toContain('the space has no options')
    expect(await refused({ space: { a: [] } })).toContain('space.a is []; it must be a list of one or more.')
    expect(await refused({ space: { a: 3 } })).toContain('space.a is 3')
    expect(await refused({ score: 3 })).toContain('score is 3, not a function')
    expect(await refused({ score: () => undefined })).toBe(
      'value [gridSearch] score gave undefined, not a number. Return one, or a promise of it.',
    )
    expect(await refused({ better: 'most' })).toContain("better is 'most'")
    expect(await refused({ trials: 3 })).toContain("unknown option 'trials'")
    await expect(
      train.gridSearch({ space: { a: [1] }, score: () => Promise.reject(new Error('as planned')) }),
    ).rejects.toThrow('as planned')
  })
})

describe('randomSearch', () => {
  const space = {
    hidden: [4, 8, 16],
    learningRate: (random: () => number) => 10 ** (-4 + 3 * random()),
  } as const

  test('draws from lists and functions, the same with one seed, other things with another', async () => {
    const run = async (seed: number) => {
      const { trials, best } = await train.randomSearch({
        space,
        trials: 40,
        seed,
        better: 'less',
        score: ({ learningRate }) => learningRate,
      })
      expectTypeOf(best.options).toEqualTypeOf<{
        readonly hidden: 4 | 8 | 16
        readonly learningRate: number
      }>()
      return trials.map(({ options }) => options)
    }
    const points = await run(1)
    expect(points).toHaveLength(40)
    expect(new Set(points.map(({ hidden }) => hidden))).toEqual(new Set([4, 8, 16]))
    for (const { learningRate } of points) {
      expect(learningRate).toBeGreaterThanOrEqual(1e-4)
      expect(learningRate).toBeLessThan(0.1)
    }
    expect(new Set(points.map(({ learningRate }) => learningRate)).size).toBe(40)
    expect(await run(1)).toEqual(points)
    expect(await run(2)).not.toEqual(points)
  })

  test('tries 20 unless told otherwise, and refuses none', async () => {
    const { trials } = await train.randomSearch({ space, score: () => 1 })
    expect(trials).toHaveLength(20)
    expect(await rejection(train.randomSearch({ space, trials: 0, score: () => 1 }))).toContain('trials is 0')
    expect(await rejection(train.randomSearch({ space: { a: [] }, score: () => 1 }))).toContain(
      'space.a is []',
    )
  })
})

describe('over a cross-validation', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await init({ backend: 'cpu' })
  })
  afterAll(() => engine.dispose())

  test('it finds what learns, leaves nothing behind, and repeats with the seed', async () => {
    const set = data.gauss(60, { seed: 1 })
    const before = engine.memory()
    const run = () =>
      train.gridSearch({
        space: { hidden: [1, 4], learningRate: [0, 0.05] },
        seed: 2,
        better: 'less',
        score: async ({ hidden, learningRate }, { seed }) => {
          const { best } = await train.crossValidate({
            data: set,
            folds: 3,
            seed,
            metric: 'loss',
            model: () => nn.mlp([2, hidden, 2]),
            fit: { epochs: 4, optimizer: p => optim.sgd(p, { learningRate: () => learningRate }) },
          })
          return best.mean
        },
      })
    const first = await run()
    expect(first.best.options.learningRate).toBe(0.05)
    expect(await run()).toEqual(first)
    const { tensors, liveBytes } = engine.memory()
    expect({ tensors, liveBytes }).toEqual({ tensors: before.tensors, liveBytes: before.liveBytes })
    set.dispose()
  })
})
