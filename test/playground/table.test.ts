// Tables that visitors bring: their bytes in any usual encoding, and what is said of what is odd in them.
import { expect, test } from 'vitest'
import { fits, propose, wantOf } from '../../demo/playground/proposal.ts'
import { readTable, summarize } from '../../demo/playground/table.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = 'name,größe\nÄpfel,1.5\nBirnen,2\nÄpfel,NA\nBirnen,4\n'

/** The same text in UTF-16, with its byte order mark. */
function wide(text: string, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * text.length + 2))
  for (const [i, unit] of ['\uFEFF', ...text].entries())
    view.setUint16(2 * i, unit.charCodeAt(0), littleEndian)
  return new Uint8Array(view.buffer)
}

test.each([
  ['utf-8', bytes(text)],
  ['utf-8', bytes(`\uFEFF${text}`)],
  ['utf-16le', wide(text, true)],
  ['utf-16be', wide(text, false)],
  // Its first 256 characters but 32 are those of Unicode.
  ['windows-1252', Uint8Array.from(text, letter => letter.charCodeAt(0))],
])('is read from %s, by a decoder that a program can name', (encoding, bytes) => {
  const read = readTable(bytes)
  expect(read.encoding).toBe(encoding)
  expect(read.table.columns).toEqual(['name', 'größe'])
  expect(read.table.rows[0]).toEqual(['Äpfel', 1.5])
  expect(read.note === '').toBe(encoding === 'utf-8')
  expect(new TextDecoder(encoding).decode(bytes)).toBe(text)
})

test('text among numbers is told with its row, counted from 1, and is not learnt from', () => {
  const read = readTable(bytes('a,b,c\n1,2,x\n2,oops,y\n3,4,x\n4,NA,y\n5,what,x\n6,7,y\n7,8,x\n'))
  const summary = summarize(read)
  const b = summary.columns[1]
  expect(b).toMatchObject({
    isNumeric: false,
    gaps: 1,
    stray: { count: 2, row: 'row 2 (not counting the header)', text: 'oops' },
  })
  expect(summary.columns.map(({ stray }) => stray === null)).toEqual([true, false, true])
  expect(propose(summary)).toEqual({ label: 'c', task: 'classes', features: { a: 'standardize' } })
})

test('a first line of names and years is a header', () => {
  const kinds = readTable(bytes('kind,2019,2020\na,1,2\nb,3,4\na,5,6\nb,7,8\n'))
  expect([kinds.table.columns, kinds.header]).toEqual([['kind', '2019', '2020'], true])
  const years = readTable(bytes('size,2019,kind\n1,2,a\n3,4,b\n5,6,a\n7,8,b\n'))
  expect([years.table.columns, years.header]).toEqual([['size', '2019', 'kind'], true])
  expect(readTable(bytes('1,2,a\n3,4,b\n5,6,a\n7,8,b\n')).table.columns).toEqual([
    'column0',
    'column1',
    'column2',
  ])
})

test('what is no table is refused in words, its rows counted from 1', () => {
  const refusal = (content: string) => () => readTable(bytes(content))
  expect(refusal('a,b\n1,2\n')).toThrow('has 1 row below its header')
  expect(refusal('only\n1\n2\n3\n4\n')).toThrow('one column, “only”')
  expect(refusal('a,b\n1,2\n3\n4,5\n6,7\n')).toThrow('row 2 (not counting the header) has 1 field,')
  expect(refusal('a,b\n1,2\n3,"4\n4,5\n6,7\n')).toThrow('quotes of row 2 (not')
  expect(refusal('a,b\n# made by hand\n1,2\n3,4\n')).toThrow('Lines that begin with #')
  // In no words of the library's.
  expect(refusal('a,a\n1,2\n')).toThrow(/two columns are named 'a'. Rename one\.$/)
  expect(refusal('a,b\n')).toThrow(/a header and no rows. Check the file\.$/)
  expect(refusal('PK\u0000\u0001')).toThrow('This is no text')
  expect(refusal('')).toThrow('no rows')
})

/** A table of 30 rows whose column `odd` holds these, in turn. */
const withColumn = (cell: (i: number) => string, delimiter = ';') =>
  bytes(
    `odd${delimiter}size${delimiter}kind\n${Array.from({ length: 30 }, (_, i) => [cell(i), i, 'ab'[i % 2]].join(delimiter)).join('\n')}\n`,
  )

test('decimal commas are read where they part no columns, and a program is told of them', () => {
  const read = readTable(withColumn(i => (i === 3 ? '2' : i === 4 ? 'NA' : `0,${i}1`)))
  expect(read.table.rows.slice(1, 5)).toEqual([
    [0.11, 1, 'b'],
    [0.21, 2, 'a'],
    [2, 3, 'b'],
    [null, 4, 'a'],
  ])
  expect(read.decimalComma).toBe(true)
  expect(propose(summarize(read)).features).toEqual({ odd: 'standardize', size: 'standardize' })
  expect(readTable(bytes('0,14;1,5;a\n1,2;3,4;b\n5,6;7,8;a\n9,1;2,3;b\n')).table).toEqual({
    columns: ['column0', 'column1', 'column2'],
    rows: [
      [0.14, 1.5, 'a'],
      [1.2, 3.4, 'b'],
      [5.6, 7.8, 'a'],
      [9.1, 2.3, 'b'],
    ],
  })
  expect(readTable(withColumn(String)).decimalComma).toBe(false)
  expect(readTable(bytes('0,14;1;a\n1,2;3,4;b\n5;7,8;a\n9;2;b\n')).table.rows[1]).toEqual([1.2, 3.4, 'b'])
})

test.each<[string, (i: number) => string, RegExp]>([
  ['thousands', i => `"1,${100 + i}"`, /^numbers with commas, such as “1,100”/],
  ['percents', i => `${i} %`, /^numbers with signs or units, such as “0 %”/],
  ['euros', i => `€ ${i}.50`, /^numbers with signs or units, such as “€ 0.50”/],
  ['days', i => `2024-01-${1 + i}`, /^dates or times, such as “2024-01-1”/],
  ['days as in Germany', i => `${1 + i}.01.2024`, /^dates or times, such as “1.01.2024”/],
  ['names', i => `Äpfel ${'x'.repeat(i)}`, /^30 different texts, such as “Äpfel/],
  ['nothing', () => '', /^nothing: every row has a gap/],
  ['one value', () => 'same', /^“same” in every row/],
])('a column that is left out tells what it holds: %s', (_, cell, words) => {
  const [odd] = summarize(readTable(withColumn(cell, ','))).columns
  expect(odd && wantOf(odd)?.holds).toMatch(words)
})

test('a column that is the same in every row is not what is predicted', () => {
  const summary = summarize(
    readTable(bytes(`a,b,c\n${Array.from({ length: 30 }, (_, i) => `${i},${i * i},x`).join('\n')}`)),
  )
  expect(propose(summary)).toEqual({ label: 'b', task: 'number', features: { a: 'standardize' } })
})

test('columns chosen for one file are kept for another only as far as they are of the same kind', () => {
  const of = (text: string) => summarize(readTable(bytes(text)))
  const row = (cells: (i: number) => unknown[]) => Array.from({ length: 40 }, (_, i) => cells(i)).join('\n')
  const chosen = { label: 'a', task: 'classes', features: { b: 'standardize' } } as const
  expect(fits(chosen, of(`a,b\n${row(i => [i % 3, i / 7])}`))).toBe(true)
  expect(fits(chosen, of(`b,c,a\n${row(i => [i / 7, i, 'xyz'[i % 3]])}`))).toBe(true)
  expect(fits(chosen, of(`a,b\n${row(i => [i / 7, i])}`))).toBe(false) // 40 classes
  expect(fits(chosen, of(`a,b\n${row(i => [i % 3, `t${i % 3}`])}`))).toBe(false) // text to standardise
  expect(fits(chosen, of(`a,c\n${row(i => [i % 3, i])}`))).toBe(false)
  expect(fits({ ...chosen, task: 'number' }, of(`a,b\n${row(i => ['xyz'[i % 3], i])}`))).toBe(false)
})

test('any name is a column, whatever every object has of that name', () => {
  const { features } = propose(
    summarize(readTable(bytes('__proto__,constructor,y\n1,2,a\n2,5,b\n3,7,a\n4,8,b\n'))),
  )
  expect(Object.entries(features)).toEqual([
    ['__proto__', 'standardize'],
    ['constructor', 'standardize'],
  ])
})
