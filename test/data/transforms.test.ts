// Transforms: worked numbers, the same on host and engine, inverted, saved, and refused where they do not fit.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  column,
  dataset,
  dropGaps,
  Encoder,
  encoder,
  minMax,
  OneHot,
  oneHot,
  Scaling,
  standardize,
  type Table,
  tableFrom,
  transformFromJSON,
} from '../../src/data/index.ts'
import {
  compile,
  type Engine,
  hostScalar,
  hostVector,
  init,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts'
import { refusal, rejection } from './refusal.ts'

fc.configureGlobal({ seed: 4 })

let engine: Engine
beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
})
afterAll(() => engine.dispose())

// Column 0 has mean 2 and mean square (1 + 0 + 1)/3 about it; column 1 is constant.
const rows = [
  [1, 7],
  [2, 7],
  [3, 7],
]
const deviation = Math.sqrt(2 / 3)

describe('standardize and minMax', () => {
  test('worked by hand; a constant column becomes 0 or low', () => {
    const scale = standardize(rows)
    expect(scale.toJSON()).toEqual({ kind: 'standardize', mean: [2, 7], deviation: [deviation, 1] })
    expect([scale.kind, scale.inputs, scale.outputs]).toEqual(['standardize', 2, 2])
    expect(scale.apply(rows).flat()).toEqual([-1 / deviation, 0, 0, 0, 1 / deviation, 0])
    expect(minMax(rows).apply([[2.5, 8]])).toEqual([[0.75, 1]])
    expect(minMax(rows, { low: -1 }).apply(rows)).toEqual([
      [-1, -1],
      [0, -1],
      [1, -1],
    ])
    expect(standardize([0.1, 0.1, 0.1]).apply([0.1])).toEqual([[0]])
  })

  test('fitted columns have mean 0 and deviation 1, or their range; inverting gives the numbers back', () => {
    const numbers = fc.float({ min: -1000, max: 1000, noNaN: true, noDefaultInfinity: true })
    const matrix = fc
      .integer({ min: 1, max: 4 })
      .chain(width => fc.array(fc.array(numbers, { minLength: width, maxLength: width }), { minLength: 2 }))
    fc.assert(
      fc.property(matrix, given => {
        const x = given.map(row => row.map(value => Math.round(value * 8) / 8))
        for (const scale of [standardize(x), minMax(x, { low: -1, high: 3 })]) {
          const y = scale.apply(x)
          x[0]?.forEach((_, i) => {
            const [before, after] = [x, y].map(rows => rows.map(row => row[i] as number)) as [
              number[],
              number[],
            ]
            const constant = new Set(before).size === 1
            const mean = after.reduce((sum, value) => sum + value, 0) / after.length
            const square = after.reduce((sum, value) => sum + (value - mean) ** 2, 0) / after.length
            // Sums of float64 numbers up to some hundreds: far better than 1e-9.
            if (scale.kind === 'standardize') {
              expect(Math.abs(mean)).toBeLessThan(1e-9)
              expect(Math.abs(Math.sqrt(square) - (constant ? 0 : 1))).toBeLessThan(1e-9)
            } else {
              expect(Math.min(...after)).toBeCloseTo(-1, 9)
              expect(Math.max(...after)).toBeCloseTo(constant ? -1 : 3, 9)
            }
          })
          const back = scale.invert(y).flat()
          x.flat().forEach((value, i) => {
            expect(Math.abs((back[i] as number) - value)).toBeLessThan(1e-9)
          })
          expect(transformFromJSON(JSON.stringify(scale)).apply(x as never)).toEqual(y)
        }
      }),
    )
  })

  test('tensors and sets are fitted by what they hold, and scaled on their engine', async () => {
    const x = tensor(rows)
    const scale = await standardize(x)
    expect(scale.toJSON()).toEqual(standardize(rows).toJSON())
    const scaled = scale.apply(x)
    const host = scale.apply(rows).flat()
    ;[...(await scaled.data())].forEach((value, i) => {
      expect(value).toBeCloseTo(host[i] as number, 6)
    })
    expect(await scale.invert(scaled).array()).toEqual(rows)
    const range = await minMax(x, { low: -1, high: 1 })
    expect(await range.apply(x).array()).toEqual(minMax(rows, { low: -1 }).apply(rows))
    expect(await range.invert(range.apply(x)).array()).toEqual(rows)

    using set = dataset([...rows, [100, 100]], new Uint8Array([0, 1, 0, 1]))
    const train = set.subset([2, 0, 1])
    const fitted = await standardize(train)
    expect(fitted.toJSON()).toEqual(scale.toJSON())
    using applied = fitted.apply(train)
    expect([...applied.labelIds()]).toEqual([0, 0, 1])
    expect(((await applied.features.array()) as number[][])[2]).toEqual([0, 0])
    using back = fitted.invert(applied)
    expect(await back.features.array()).toEqual([
      [3, 7],
      [1, 7],
      [2, 7],
    ])
  })

  test('an engine of doubles scales in doubles, now and in a compiled function', async () => {
    const exact = await init({ backend: 'cpu', precision: 'float64' })
    const scale = standardize(rows)
    const x = tensor(rows, { engine: exact })
    const step = compile((x: Tensor) => scale.apply(x))
    for (const scaled of [scale.apply(x), step(x)])
      for (const [i, value] of (await scaled.data()).entries())
        expect(value).toBeCloseTo(scale.apply(rows).flat()[i] as number, 14)
    expect(await hostScalar(() => 0.1, { engine: exact }).item()).toBe(0.1)
    expect(await hostScalar(() => 0.1).item()).toBe(Math.fround(0.1))
    // The nearest half to 0.1: 1638/2¹⁴.
    const half = hostVector(() => [0.1], { length: 1, dtype: 'float16' })
    for (const x of [half, half.reshape([]).reshape([1])]) expect(await x.array()).toEqual([1638 / 2 ** 14])
    exact.dispose()
  })

  test('what is wrong with a set is told of the transform, once', () => {
    const other = dataset([[1, 2, 3]], [1])
    expect(refusal(() => standardize(rows).apply(other))).toMatch(/^shape \[standardize\.apply\] /)
    expect(refusal(() => standardize(rows).invert(other))).toMatch(/^shape \[standardize\.invert\] /)
    other.dispose()
  })

  test('a compiled function scales what it is given', async () => {
    const scale = standardize(rows)
    const predict = compile((x: ReturnType<typeof zeros>) => scale.apply(x).sum())
    for (const values of [rows, [[4, 8]]]) {
      const expected = scale
        .apply(values)
        .flat()
        .reduce((sum, value) => sum + value, 0)
      expect(await predict(tensor(values)).item()).toBeCloseTo(expected, 5)
    }
    predict.dispose()
  })

  test('leaves no memory behind', async () => {
    const alone = await init({ backend: 'cpu' })
    const set = dataset(rows, [1, 2, 3], { engine: alone })
    const applied = (await standardize(set)).apply(set)
    await applied.features.data()
    expect(alone.memory().tensors).toBe(4)
    for (const done of [applied, set]) done.dispose()
    expect(alone.memory()).toMatchObject({ tensors: 0, liveBytes: 0 })
    alone.dispose()
  })

  test('refused: another width, what is no number, a range that is none', async () => {
    const scale = standardize(rows)
    expect(refusal(() => scale.apply([[1, 2, 3]]))).toMatch(
      /^shape \[standardize.apply\].*\[1, 3\].*fitted on 2/,
    )
    expect(refusal(() => scale.invert(zeros([4, 1])))).toMatch(/^shape \[standardize.invert\]/)
    expect(refusal(() => scale.apply(zeros([2])))).toMatch(/^shape /)
    expect(refusal(() => scale.apply(zeros([2, 2], { dtype: 'int32' })))).toMatch(/^dtype /)
    expect(refusal(() => scale.apply(dataset([1, 2, 3])))).toMatch(/^shape /)
    expect(refusal(() => scale.apply([[1, Number.NaN]]))).toMatch(/^value .*row 0, column 1/)
    expect(refusal(() => standardize([]))).toMatch(/^shape /)
    expect(refusal(() => standardize([[1, '2' as never]]))).toMatch(/'2' at row 0, column 1/)
    expect(refusal(() => standardize({ values: [1, 2, 3, 4], shape: [1, 2, 2] }))).toMatch(/^shape /)
    expect(refusal(() => minMax(rows, { low: 1 }))).toMatch(/^option .*low is 1, high is 1/)
    const bad = tensor([[1], [Number.NaN]])
    expect(await rejection(standardize(bad))).toMatch(/^value .*NaN at row 1, column 0/)
  })
})

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
    expect(encoder(table, { mass: 'standardize' }).apply(table)[1]?.[0]).toBeCloseTo(1 / deviation, 12)
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

describe('tables', () => {
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
    using set = dataset([1, 2], column(table, 'sex').slice(0, 2))
    expect(set.classNames).toEqual(['female', 'male'])
  })
})

describe('transformFromJSON', () => {
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
      [
        { kind: 'encoder', columns: [{ ...standard, name: 'a', mean: [1, 2], deviation: [1, 2] }] },
        /column 0/,
      ],
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
})
