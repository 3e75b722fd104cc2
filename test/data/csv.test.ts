// CSV: what people's files hold, and how errors name the row.
import { describe, expect, test } from 'vitest'
import { readCsv } from '../../src/csv.ts'
import { refusal } from './refusal.ts'

describe('readCsv', () => {
  test('numbers, text, gaps, quotes and spaces', () => {
    const text =
      'name, mass ,note\r\n"Smith, J.",3.5e1,"said ""hi"""\r\nLee,-.5,NA\r\n\r\nKim,,"two\nlines"\r\n'
    expect(readCsv(text)).toEqual({
      columns: ['name', 'mass', 'note'],
      rows: [
        ['Smith, J.', 35, 'said "hi"'],
        ['Lee', -0.5, null],
        ['Kim', null, 'two\nlines'],
      ],
    })
  })

  test('semicolons, tabs, one column, a byte order mark, bytes', () => {
    const table = {
      columns: ['a', 'b'],
      rows: [
        [1, 'x'],
        [2, 'y'],
      ],
    }
    expect(readCsv('a;b\n1;x\n2;y')).toEqual(table)
    expect(readCsv('a\tb\n1\tx\n2\ty\n')).toEqual(table)
    expect(readCsv('\uFEFFa,b\n1,x\n2,y')).toEqual(table)
    const bytes = new TextEncoder().encode('\uFEFFa,b\n1,x\n2,y')
    expect(readCsv(bytes)).toEqual(table)
    expect(readCsv(bytes.buffer)).toEqual(table)
    expect(readCsv('\n\na;b\n\n1;x\n\n2;y\n\n')).toEqual(table)
    expect(readCsv('"a,b,c";d\n1;2\n').columns).toEqual(['a,b,c', 'd'])
    expect(readCsv('a#b\n1#x\n2#y', { delimiter: '#' })).toEqual(table)
    expect(readCsv('n\n1\n2\n')).toEqual({ columns: ['n'], rows: [[1], [2]] })
  })

  test('a header is found where no field of the first row is a number or a gap', () => {
    expect(readCsv('1,x\n2,y').columns).toEqual(['column0', 'column1'])
    expect(readCsv('p,q\nr,s').rows).toEqual([['r', 's']])
    expect(readCsv('p,q\nr,s', { header: false }).rows).toEqual([
      ['p', 'q'],
      ['r', 's'],
    ])
    expect(readCsv('1990,1991\n3,4', { header: true })).toEqual({ columns: ['1990', '1991'], rows: [[3, 4]] })
    expect(readCsv(',a\n0,5', { header: true }).columns).toEqual(['column0', 'a'])
  })

  test('what is no number stays text; gaps are as told', () => {
    expect(readCsv('a,b,c,d\n1e3,0x10,1.5.2,+7').rows).toEqual([[1000, '0x10', '1.5.2', 7]])
    expect(readCsv('a,b\n?,-\n3,NA', { gaps: ['?', '-'] }).rows).toEqual([
      [null, null],
      [3, 'NA'],
    ])
  })

  test('the delimiter that Excel writes into a first line of its own', () => {
    const table = { columns: ['a,b', 'c'], rows: [[1, 'x,y']] }
    expect(readCsv('sep=;\r\na,b;c\r\n1;x,y\r\n')).toEqual(table)
    expect(readCsv('\uFEFF"SEP=;"\na,b;c\n1;x,y')).toEqual(table)
    expect(readCsv('sep=\t\na\tb\n1\tx').columns).toEqual(['a', 'b'])
    expect(refusal(() => readCsv('sep=;'))).toMatch(/no rows/)
  })

  test('decimal commas, in columns of nothing else', () => {
    const read = (text: string) => readCsv(text, { decimalComma: true }).rows
    expect(read('a;b;c\n0,5;x;1\n-1,25e3;y,2;2,5\n7;z;NA')).toEqual([
      [0.5, 'x', 1],
      [-1250, 'y,2', 2.5],
      [7, 'z', null],
    ])
    // A point may be one of thousands: no guess.
    expect(read('a;b\n0,5;1\n1.000;2')).toEqual([
      ['0,5', 1],
      [1, 2],
    ])
    expect(read('a,b\n"0,5",1')).toEqual([['0,5', 1]])
    expect(readCsv('a;b\n0,5;1').rows).toEqual([['0,5', 1]])
    expect(readCsv('0,5;x\n1,5;y', { decimalComma: true }).columns).toEqual(['column0', 'column1'])
    expect(refusal(() => readCsv('a', { decimalComma: 1 } as never))).toMatch(/decimalComma must be true/)
  })

  test('refused, by row', () => {
    for (const text of ['a,b\n# by hand\n1,2', '# by hand\na,b\n1,2'])
      expect(refusal(() => readCsv(text))).toMatch(/Lines that begin with # are read as rows: remove them/)
    expect(refusal(() => readCsv('a,b\n1,2\n\n3\n'))).toMatch(/^value .*row 1 has 1 field, the first line 2/)
    expect(refusal(() => readCsv('a,b\n1,2\n3,4,5\n'))).toMatch(/row 1 has 3 fields/)
    expect(refusal(() => readCsv('a,b\n1,2\n3,"4\n'))).toMatch(/the quotes of row 1 do not match/)
    expect(refusal(() => readCsv('a,a\n1,2'))).toMatch(/two columns are named 'a'/)
    for (const nothing of ['', '\n\n', '\uFEFF']) expect(refusal(() => readCsv(nothing))).toMatch(/no rows/)
    expect(refusal(() => readCsv('a,b\n'))).toMatch(/a header and no rows/)
    expect(refusal(() => readCsv(Uint8Array.of(0x61, 0xff)))).toMatch(/no UTF-8/)
    expect(refusal(() => readCsv(3 as never))).toMatch(/the text is number/)
    expect(refusal(() => readCsv('a', { heder: true } as never))).toMatch(/unknown option 'heder'/)
  })
})
