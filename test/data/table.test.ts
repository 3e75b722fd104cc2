// Tables: made of records, read by column, and left without their gaps.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { column, dataset, dropGaps, tableFrom } from '../../src/data/index.ts'
import { type Engine, init } from '../../src/index.ts'
import { refusal } from './refusal.ts'

let engine: Engine
beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
})
afterAll(() => engine.dispose())

test('a record has its own keys, not those that all objects inherit', () => {
  const { columns, rows } = tableFrom([{ a: 1, constructor: 'Ford' }, { a: 2 }])
  expect([columns, rows]).toEqual([
    ['a', 'constructor'],
    [
      [1, 'Ford'],
      [2, null],
    ],
  ])
})

test('from records; columns; rows with gaps left out', () => {
  const made = tableFrom([
    { a: 1, b: 'x' },
    { a: null, b: 'y' },
    { b: undefined, a: 3 },
  ])
  expect(made).toEqual({
    columns: ['a', 'b'],
    rows: [
      [1, 'x'],
      [null, 'y'],
      [3, null],
    ],
  })
  expect(dropGaps(made).rows).toEqual([[1, 'x']])
  expect(column(dropGaps(made, ['a']), 'a')).toEqual([1, 3])
  expect(refusal(() => column(made, 'b'))).toMatch(/gap at row 2 .*column 'b'/)
  expect(refusal(() => column(made, 'c'))).toMatch(/no column 'c'/)
  expect(refusal(() => tableFrom([]))).toMatch(/no records/)
  expect(refusal(() => tableFrom([{ a: 1 }, { b: 2 }]))).toMatch(/record 1 has 'b'/)
  expect(refusal(() => tableFrom([{ a: true }]))).toMatch(/true at row 0, column 'a'/)
  using set = dataset([1, 2], column(tableFrom([{ sex: 'male' }, { sex: 'female' }]), 'sex'))
  expect(set.classNames).toEqual(['female', 'male'])
})
