// One-hot codings and encoders of tables: worked by hand, inverted, and refused by row and column.
import { describe, expect, test } from 'vitest'
import { Encoder, encoder, oneHot, type Table, tableFrom, transformFromJSON } from '../../src/data/index.ts'
import { refusal } from './refusal.ts'

describe('oneHot', () => {
  test('a unit for each value, and back', () => {
    const coding = oneHot(['dog', 'cat', 'dog', 'eel'])
    expect(coding.categories).toEqual(['cat', 'dog', 'eel'])
    expect([coding.inputs, coding.outputs]).toEqual([1, 3])
    expect(coding.apply(['eel', 'cat'])).toEqual([
      [0, 0, 1],
      [1, 0, 0],
    ])
    expect(
      coding.invert([
        [0.1, 0.2, 0.7],
        [5, 1, 1],
      ]),
    ).toEqual(['eel', 'cat'])
    expect(oneHot([10, '10', 9]).categories).toEqual([9, 10, '10'])
    expect(transformFromJSON(JSON.stringify(coding))).toEqual(coding)
  })

  test('refused', () => {
    const coding = oneHot(['a', 'b'])
    expect(refusal(() => coding.apply(['a', 'c']))).toMatch(/^value .*'c' at row 1.*Known: 'a', 'b'\./)
    expect(refusal(() => coding.invert([[1, 2, 3]]))).toMatch(/^shape /)
    expect(refusal(() => oneHot([]))).toMatch(/^value /)
    expect(refusal(() => oneHot(['a', null as never]))).toMatch(/null at row 1/)
  })
})

const table: Table = {
  columns: ['island', 'mass', 'sex', 'year', 'species'],
  rows: [
    ['Dream', 3000, 'male', 2007, 'Gentoo'],
    ['Biscoe', 5000, 'female', 2008, 'Adelie'],
    ['Torgersen', 4000, 'male', 2009, 'Adelie'],
  ],
}

describe('encoder', () => {
  const fitted = () =>
    encoder(table, { mass: 'minMax', island: 'oneHot', sex: 'binary', year: 'keep' }, { low: -1 })

  test('column by column, in the order named', () => {
    const coding = fitted()
    expect(coding.names).toEqual(['mass', 'island=Biscoe', 'island=Dream', 'island=Torgersen', 'sex', 'year'])
    expect([coding.inputs, coding.outputs, coding.columns]).toEqual([4, 6, ['mass', 'island', 'sex', 'year']])
    const expected = [
      [-1, 0, 1, 0, 1, 2007],
      [1, 1, 0, 0, 0, 2008],
      [0, 0, 0, 1, 1, 2009],
    ]
    expect(coding.apply(table)).toEqual(expected)
    const turned: Table = {
      columns: table.columns.toReversed(),
      rows: table.rows.map(row => row.toReversed()),
    }
    expect(coding.apply(turned)).toEqual(expected)
    expect(coding.invert(expected)).toEqual({
      columns: ['mass', 'island', 'sex', 'year'],
      rows: table.rows.map(([island, mass, sex, year]) => [mass, island, sex, year]),
    })
    const read = transformFromJSON(JSON.parse(JSON.stringify(coding)))
    expect(read).toBeInstanceOf(Encoder)
    expect((read as Encoder).apply(table)).toEqual(expected)
    expect(encoder(table, { mass: 'standardize' }).apply(table)[1]?.[0]).toBeCloseTo(Math.sqrt(3 / 2), 12)
  })

  test('a number and its text are two categories, of two names', () => {
    const mixed = tableFrom([{ a: 1 }, { a: '1' }, { a: 'one' }])
    expect(encoder(mixed, { a: 'oneHot' }).names).toEqual(['a=1', 'a="1"', 'a="one"'])
  })

  test('two columns of one name are refused, when fitted and when read', () => {
    const clashing: Table = {
      columns: ['a', 'a=b'],
      rows: [
        ['b', 1],
        ['c', 2],
      ],
    }
    const told = /two columns would be called 'a=b'/
    expect(refusal(() => encoder(clashing, { a: 'oneHot', 'a=b': 'keep' }))).toMatch(told)
    expect(encoder(clashing, { a: 'binary', 'a=b': 'keep' }).names).toEqual(['a', 'a=b'])
    const columns = [
      { name: 'a', kind: 'oneHot', categories: ['b=c'] },
      { name: 'a=b', kind: 'oneHot', categories: ['c'] },
    ]
    expect(refusal(() => transformFromJSON({ kind: 'encoder', columns }))).toMatch(
      /^value \[transformFromJSON\] two columns would be called 'a=b=c'/,
    )
  })

  test('refused, by row and column', () => {
    const coding = fitted()
    const changed = (place: number, value: string | number | null): Table => ({
      ...table,
      rows: table.rows.map((row, i) => (i === 1 ? row.with(place, value) : row)),
    })
    expect(refusal(() => coding.apply(changed(0, 'Skye')))).toMatch(
      /^value .*'Skye' at row 1.*column 'island'/,
    )
    expect(refusal(() => coding.apply(changed(2, 'x')))).toMatch(/'x' at row 1.*column 'sex'/)
    expect(refusal(() => coding.apply(changed(1, 'heavy')))).toMatch(
      /'heavy' at row 1, column 'mass'.*no number/,
    )
    expect(refusal(() => coding.apply(changed(3, Number.NaN)))).toMatch(/NaN at row 1, column 'year'/)
    expect(refusal(() => coding.apply(changed(1, null)))).toMatch(
      /^value .*gap at row 1.*column 'mass'.*dropGaps/,
    )
    expect(refusal(() => encoder(changed(1, null), { mass: 'minMax' }))).toMatch(/gap at row 1.*'mass'/)
    expect(refusal(() => encoder(changed(1, 'heavy'), { mass: 'minMax' }))).toMatch(/'heavy' at row 1/)
    expect(refusal(() => coding.apply({ columns: ['mass'], rows: [[1]] }))).toMatch(/no column 'island'/)
    expect(refusal(() => coding.apply([] as never))).toMatch(/expected a table/)
    expect(refusal(() => coding.invert([[1]]))).toMatch(/^shape /)
    expect(refusal(() => encoder(table, { island: 'binary' }))).toMatch(/'island' has 3 values, not two/)
    expect(refusal(() => encoder(table, { mass: 'onehot' as never }))).toMatch(/^option .*'onehot'/)
    expect(refusal(() => encoder(table, {}))).toMatch(/^option /)
    expect(refusal(() => encoder({ columns: ['a'], rows: [] }, { a: 'keep' }))).toMatch(/no rows/)
    expect(refusal(() => encoder({ columns: ['a', 'b'], rows: [[1]] }, { a: 'keep' }))).toMatch(
      /^shape .*row 0/,
    )
    expect(refusal(() => encoder({ columns: ['a', 'a'], rows: [[1, 2]] }, { a: 'keep' }))).toMatch(/own/)
  })
})
