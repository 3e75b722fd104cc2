// Tables that visitors bring: their bytes in any usual encoding, and what is said of what is odd in them.
import { expect, test } from 'vitest'
import { propose } from '../../demo/playground/proposal.ts'
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
  expect(b).toMatchObject({ isNumeric: false, gaps: 1, stray: { count: 2, row: 2, text: 'oops' } })
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
  expect(refusal('a,b\n1,2\n3\n4,5\n6,7\n')).toThrow('row 2 has 1 fields')
  expect(refusal('a,b\n1,2\n3,"4\n4,5\n6,7\n')).toThrow('quotes of row 2')
  expect(refusal('PK\u0000\u0001')).toThrow('This is no text')
  expect(refusal('')).toThrow('no rows')
})
