// Splits and folds: every row in its place, shares kept exactly, the seed decides.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Dataset, dataset, kFold, split } from '../../src/data/index.ts'
import { type Engine, init } from '../../src/index.ts'
import { refusal } from './refusal.ts'

fc.configureGlobal({ seed: 4 })

let engine: Engine
beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
})
afterAll(() => engine.dispose())

/** A set with these class ids, its row i holding the number i. */
const labelled = (ids: readonly number[], classes = 3): Dataset =>
  dataset(
    ids.map((_, i) => i),
    Int32Array.from(ids),
    { classes },
  )

const count = (ids: ArrayLike<number>, id: number): number =>
  Array.from(ids).filter(other => other === id).length
const sorted = (sets: readonly Dataset[]): number[] =>
  sets.flatMap(set => [...set.rows]).sort((a, b) => a - b)
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

const labels = fc.array(fc.nat(2), { minLength: 12, maxLength: 120 })

describe('split', () => {
  test('each row is in one part, each class keeps its shares to within a row', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 })
    fc.assert(
      fc.property(labels, weights, fc.nat(), (ids, given, seed) => {
        using set = labelled(ids)
        const total = given.reduce((sum, weight) => sum + weight, 0)
        const shares = Object.fromEntries(given.map((weight, i) => [`part${i}`, weight / total]))
        fc.pre(ids.length * Math.min(...Object.values(shares)) >= 3) // each part is sure of a row
        const parts = split(set, shares, { seed })
        expect(sorted(Object.values(parts))).toEqual(upTo(ids.length))
        for (const [name, part] of Object.entries(parts)) {
          const share = shares[name] as number
          for (const id of [0, 1, 2])
            expect(Math.abs(count(part.labelIds(), id) - share * count(ids, id))).toBeLessThan(1)
          expect([...part.rows]).toEqual(sorted([part]))
        }
      }),
    )
  })

  test('whole shares are met, with and without classes', () => {
    using set = labelled(
      upTo(20).map(i => i % 2),
      2,
    )
    const sizes = (parts: Record<string, Dataset>) => Object.values(parts).map(part => part.size)
    const shares = { train: 0.7, validation: 0.15, test: 0.15 }
    expect(sizes(split(set, shares, { stratify: false }))).toEqual([14, 3, 3])
    const { train, validation, test } = split(set, shares)
    expect([train, validation, test].map(part => count(part.labelIds(), 0))).toEqual([
      7,
      expect.any(Number),
      expect.any(Number),
    ])
    expect([train.size, validation.size + test.size]).toEqual([14, 6])
    using targets = dataset(upTo(10), upTo(10))
    expect(sizes(split(targets, { a: 0.5, b: 0.5 }))).toEqual([5, 5])
  })

  test('splits of a subset stay in it', () => {
    using set = labelled(upTo(30).map(i => i % 3))
    const odd = set.subset(upTo(15).map(i => 2 * i + 1))
    const { a, b } = split(odd, { a: 0.4, b: 0.6 })
    expect(sorted([a, b])).toEqual(upTo(15).map(i => 2 * i + 1))
  })

  test('a seed repeats, another differs', () => {
    using set = labelled(upTo(60).map(i => i % 3))
    const rows = (seed: number) => [...split(set, { a: 0.5, b: 0.5 }, { seed }).a.rows]
    expect(rows(1)).toEqual(rows(1))
    expect(rows(1)).not.toEqual(rows(2))
  })

  test('refused: shares that are none, parts without rows', () => {
    using set = labelled([0, 1, 2, 0])
    for (const shares of [
      { a: 0.5, b: 0.6 },
      { a: 1, b: 0 },
      { a: 1.5, b: -0.5 },
      { a: Number.NaN, b: 1 },
      {},
    ])
      expect(refusal(() => split(set, shares as Record<string, number>))).toMatch(/^value .*shares are/)
    expect(refusal(() => split(set, { a: 0.9, tiny: 0.1 }, { stratify: false }))).toMatch(
      /^value .*tiny would have no rows: 0.1 of 4/,
    )
    using targets = dataset([1, 2], [1, 2])
    expect(refusal(() => split(targets, { a: 0.5, b: 0.5 }, { stratify: true }))).toMatch(/^value .*targets/)
  })
})

describe('kFold', () => {
  test('each row is validated once, trained on otherwise; folds and classes are even', () => {
    fc.assert(
      fc.property(
        labels,
        fc.integer({ min: 2, max: 12 }),
        fc.boolean(),
        fc.boolean(),
        fc.nat(),
        (ids, folds, stratify, shuffle, seed) => {
          fc.pre(!stratify || [0, 1, 2].every(id => count(ids, id) === 0 || count(ids, id) >= folds))
          using set = labelled(ids)
          const made = kFold(set, { folds, stratify, shuffle, seed })
          expect(made.length).toBe(folds)
          expect(sorted(made.map(fold => fold.validation))).toEqual(upTo(ids.length))
          for (const { train, validation } of made) {
            expect(sorted([train, validation])).toEqual(upTo(ids.length))
            expect(Math.abs(validation.size - ids.length / folds)).toBeLessThan(1)
            if (!stratify) continue
            for (const id of [0, 1, 2])
              expect(Math.abs(count(validation.labelIds(), id) - count(ids, id) / folds)).toBeLessThan(1)
          }
        },
      ),
    )
  })

  test('ten by default, a seed repeats, another differs, unshuffled they are dealt in turn', () => {
    using set = labelled(upTo(60).map(i => i % 3))
    const rows = (seed: number) => kFold(set, { seed }).map(fold => [...fold.validation.rows])
    expect(rows(1).length).toBe(10)
    expect(rows(1)).toEqual(rows(1))
    expect(rows(1)).not.toEqual(rows(2))
    const [first] = kFold(set, { folds: 20, shuffle: false, stratify: false })
    expect([...(first?.validation.rows ?? [])]).toEqual([0, 20, 40])
  })

  test('refused: more folds than rows, or than rows of a class', () => {
    using set = dataset(upTo(9), ['a', 'a', 'a', 'b', 'b', 'a', 'a', 'a', 'a'])
    expect(refusal(() => kFold(set))).toMatch(/^value .*10 folds of 9 rows/)
    expect(refusal(() => kFold(set, { folds: 3 }))).toMatch(
      /^value .*class 'b' has 2 rows, fewer than 3 folds/,
    )
    expect(kFold(set, { folds: 3, stratify: false }).length).toBe(3)
    expect(refusal(() => kFold(set, { folds: 1 }))).toMatch(/^option /)
    // A class without rows in a subset is no obstacle.
    expect(kFold(set.subset([0, 1, 2]), { folds: 3 }).length).toBe(3)
  })
})
