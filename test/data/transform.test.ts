// Transforms read back: what was saved, and nothing else.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { minMax, OneHot, Scaling, standardize, transformFromJSON } from '../../src/data/index.ts'
import { refusal } from './refusal.ts'

fc.configureGlobal({ seed: 4 })

const rows = [
  [1, 7],
  [2, 7],
  [3, 7],
]

test('reads what was saved', () => {
  for (const transform of [standardize(rows), minMax(rows, { low: -1 })]) {
    const read = transformFromJSON(JSON.stringify(transform))
    expect(read).toBeInstanceOf(Scaling)
    expect(read.toJSON()).toEqual(transform.toJSON())
  }
  expect(transformFromJSON({ kind: 'oneHot', categories: [1, 'a'] })).toBeInstanceOf(OneHot)
})

test('refuses everything else', () => {
  const standard = { kind: 'standardize', mean: [1], deviation: [1] }
  const range = { kind: 'minMax', minimum: [0], maximum: [1], low: 0, high: 1 }
  const wrong: [unknown, RegExp][] = [
    [null, /no object/],
    [3, /no object/],
    ['{', /no JSON/],
    ['null', /no object/],
    [[], /kind is undefined/],
    [{ kind: 'constructor' }, /kind is 'constructor'/],
    [{ ...standard, mean: [Number.NaN] }, /mean is not a list of numbers/],
    [{ ...standard, mean: ['1'] }, /mean is not/],
    [{ ...standard, mean: [] }, /mean is not/],
    [{ ...standard, mean: { length: 1 } }, /mean is not/],
    [{ ...standard, mean: [1, 2] }, /2 and 1/],
    [{ ...standard, deviation: [0] }, /deviation/],
    [{ ...standard, deviation: [-1] }, /deviation/],
    [{ ...range, maximum: [-1] }, /minimum is above/],
    [{ ...range, low: 1 }, /low is not below high/],
    [{ ...range, low: undefined }, /low is not below high/],
    [{ kind: 'oneHot', categories: [] }, /categories/],
    [{ kind: 'oneHot', categories: ['a', 'a'] }, /categories/],
    [{ kind: 'oneHot', categories: [null] }, /categories/],
    [{ kind: 'oneHot' }, /categories/],
    [{ kind: 'encoder', columns: [] }, /columns/],
    [{ kind: 'encoder', columns: [null] }, /column 0 is null/],
    [{ kind: 'encoder', columns: [{ kind: 'keep' }] }, /name of column 0/],
    [{ kind: 'encoder', columns: [{ ...standard, name: 'a', mean: [1, 2], deviation: [1, 2] }] }, /column 0/],
    [{ kind: 'encoder', columns: [{ name: 'a', kind: 'binary', categories: ['x'] }] }, /binary/],
    [{ kind: 'encoder', columns: [{ name: 'a', kind: 'encoder' }] }, /kind is 'encoder'/],
    [{ kind: 'encoder', columns: [1, 2].map(() => ({ name: 'a', kind: 'keep' })) }, /one name/],
  ]
  for (const [json, message] of wrong) {
    const told = refusal(() => transformFromJSON(json))
    expect(told).toMatch(/^value \[transformFromJSON\]/)
    expect(told).toMatch(message)
  }
  fc.assert(
    fc.property(fc.json(), json => {
      expect(refusal(() => transformFromJSON(json))).toMatch(/^value /)
    }),
  )
})
