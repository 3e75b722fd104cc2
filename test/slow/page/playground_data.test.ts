// The playground with data that a visitor brings: pasted, chosen, dropped; with gaps, slips, classes, numbers, in other encodings.
import { truncateSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { inWords, watchMainThread } from './main_thread.ts'
import { pause, ready, stepBy } from './playground.ts'
import { type Look, site } from './site.ts'
import {
  bring,
  choose,
  drop,
  file,
  numberOf,
  press,
  says,
  textOf,
  until,
  untilField,
  widthOf,
} from './visitor.ts'

const KINDS = ['alpha', 'beta', 'gamma', 'delta', 'epsilon']

/** Five kinds, told apart by two of three columns of numbers; one cell is a slip, some are gaps. */
const TABLE = `height,width,depth,serial,kind\n${Array.from({ length: 150 }, (_, i) => {
  const kind = i % 5
  const depth = i % 7 === 6 ? 'NA' : 3 * Math.sin(3 * i)
  const serial = i === 16 ? 'oops' : 2 * i
  return `${kind + Math.sin(i) / 3},${(kind * kind) / 4 + Math.cos(1.7 * i) / 3},${depth},${serial},${KINDS[kind]}`
}).join('\n')}\n`

/** The playground, waiting for a table. */
async function open(look: Look = {}) {
  const opened = await site.open('playground/', { hash: '#data=own', ...look })
  await says(opened.page, '.banners', 'Your own data')
  return opened
}

test('five kinds are learnt from a file, and seen over any two of its columns', async () => {
  const { page, faults, screenshot } = await open()
  expect(await page.$eval('main', main => (main as HTMLElement).innerText)).toContain('Waiting for your CSV')
  await bring(page, 'Choose a file', file('kinds.csv', TABLE))
  await ready(page)
  expect(await textOf(page, '.columns')).toContain(
    'Row 17 (not counting the header) has “oops” where most rows have numbers',
  )
  expect(await textOf(page, '.columns')).toContain('21 gaps: those rows are left out')
  expect(await textOf(page, '.story')).toContain('Trained on 65 rows, tested on 64.')
  expect(await textOf(page, '.story')).toMatch(/height → \(value − \S+\) \/ \S+: mean 0, deviation 1/)
  expect(await textOf(page, '.legend')).toBe([...KINDS].sort().join(''))
  await press(page, 'Play')
  await until(page, 'Test accuracy', value => value > 90)
  const pixels = () => page.$eval('.map canvas', canvas => (canvas as HTMLCanvasElement).toDataURL())
  const [epoch, before] = [await pause(page), await pixels()]
  await choose(page, 'Up', 'depth')
  await says(page, '.axis-y', 'depth')
  await page.waitForFunction(
    before => document.querySelector<HTMLCanvasElement>('.map canvas')?.toDataURL() !== before,
    {},
    before,
  )
  expect(await numberOf(page, 'Epoch')).toBe(epoch)
  await page.evaluate(() => scrollTo(0, 0))
  await screenshot('playground-kinds')
  expect(await faults()).toEqual([])

  // A number: its legend is in the file's units.
  await choose(page, 'Predict', 'width')
  await until(page, 'Epoch', value => value === 0)
  expect(await numberOf(page, 'Test accuracy')).toBeNaN()
  const legend = await page.$$eval('.legend li', items => items.map(item => Number(item.textContent)))
  expect(legend).toEqual([...legend].sort((a, b) => a - b))
  expect(legend[1]).toBeCloseTo(1.5, 0) // the mean of k²/4, k = 0 … 4
  await stepBy(page, 2)

  // Nothing to predict from is told; the page waits for something, and goes on.
  for (const name of ['height', 'depth', 'kind']) await choose(page, name, 'out')
  await says(page, '.problems', 'No column to predict from')
  expect(await page.$eval('.bar button', button => (button as HTMLButtonElement).disabled)).toBe(true)
  await screenshot('playground-no-column')
  expect(await faults()).toEqual([])
  await press(page, 'Undo')
  await ready(page)
  expect(await textOf(page, '.problems')).toBe('')
  await stepBy(page, 1)
})

test('a table is pasted, on a phone in the dark', async () => {
  const { page, faults, screenshot } = await open({ width: 390, theme: 'dark' })
  await press(page, 'Paste')
  const field = await page.waitForSelector('.own textarea')
  await field?.type(
    'size;mood;answer\n1;good;4\n2;bad;3\n3;good;8\n4;bad;5\n5;good;12\n6;bad;7\n7;good;16\n8;bad;9\n',
  )
  await press(page, 'Use this table')
  await ready(page)
  await choose(page, 'Predict', 'answer')
  await choose(page, 'size', 'minMax')
  await says(page, '.story', 'becomes 0 to 1')
  expect(await textOf(page, '.story')).toContain('mood → 0 for bad, 1 for good')
  await stepBy(page, 2)
  await screenshot('playground-pasted-phone')
  expect(await widthOf(page)).toBeLessThanOrEqual(390)
  expect(await faults()).toEqual([])
})

test('files of other encodings and of 100 MB are dropped', async () => {
  const { page } = await open()
  const dropped = (content: Uint8Array | string) => drop(page, '.drop', file('dropped.csv', content))
  const table = `größe,art\n${Array.from({ length: 8 }, (_, i) => `${i},${i % 2 ? 'Äpfel' : 'Birnen'}`).join('\n')}\n`
  await dropped(Uint8Array.from(table, letter => letter.charCodeAt(0)))
  await says(page, '.own', 'read as Windows-1252')
  await says(page, '.legend', 'Äpfel')
  await dropped(Uint8Array.from(`\uFEFF${table}`, letter => letter.charCodeAt(0)).subarray(0, 0))
  await says(page, '.problems', 'no rows')
  const wide = new Uint8Array(Uint16Array.from(`\uFEFF${table}`, letter => letter.charCodeAt(0)).buffer)
  await dropped(wide)
  await says(page, '.own', 'read as UTF-16')
  await says(page, '.legend', 'Äpfel')
  await stepBy(page, 1)
  expect(await page.$eval('.program', area => (area as HTMLTextAreaElement).value)).toContain(
    "TextDecoder('utf-16le')",
  )
  // Sparse on disk: the page is to refuse it before it reads it.
  const large = file('large.csv', '')
  truncateSync(large, 101e6)
  await drop(page, '.drop', large)
  await says(page, '.problems', 'large.csv has 101 MB; this page takes up to 100 MB')
  await stepBy(page, 1)
})

test('while a large table is read and a network built of it, the page says so', async () => {
  const { page } = await open()
  await page.evaluate(() => {
    const seen: string[] = []
    Object.assign(globalThis, { seen })
    new MutationObserver(() => {
      const text = document.querySelector('.empty')?.textContent ?? ''
      if (text !== seen.at(-1)) seen.push(text)
    }).observe(document.body, { subtree: true, childList: true, characterData: true })
  })
  const rows = Array.from({ length: 60_000 }, (_, i) => `${Math.sin(i)},${i % 9},${'ab'[i % 2]}`)
  await drop(page, '.drop', file('many.csv', `a,b,kind\n${rows.join('\n')}`))
  await ready(page)
  const seen = await page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen)
  expect(seen).toContain('Reading many.csv …')
  expect(seen).toContain('The network is being built: all 60,000 rows are made numbers first …')
  expect(seen.join(' ')).not.toContain('engine')
})

test('a table of 300 columns makes the page no longer, and each of its weights is reached', async () => {
  const { page, faults } = await open()
  const names = Array.from({ length: 300 }, (_, i) => `c${i}`)
  const rows = Array.from({ length: 20 }, (_, i) =>
    [...names.map((_, j) => Math.sin(i + i * j)), 'ab'[i % 2]].join(),
  )
  await drop(page, '.drop', file('wide.csv', `${names.join()},kind\n${rows.join('\n')}\n`))
  await ready(page)
  await stepBy(page, 1)
  // Ten times as long with a row for each.
  expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBeLessThan(3000)
  await page.click('[aria-label="Layer 1, neuron 1"]')
  await says(page, '.weights .pager', '1 to 24 of 300')
  for (let i = 0; i < 12; i++) await press(page, 'Later weights')
  await says(page, '.weights .pager', '289 to 300 of 300')
  await untilField(page, 'From c299')
  expect(await faults()).toEqual([])
})

test('undo brings an earlier file back with its columns; a link to columns of none is told', async () => {
  const { page } = await open()
  /** The network of these columns was built, and learns. */
  const learns = async (part: string, words: string) => {
    await says(page, part, words)
    await page.waitForSelector('.graph:not(.stale)')
    await until(page, 'Epoch', epoch => epoch === 0)
    await stepBy(page, 1)
  }
  const table = (names: string) =>
    file(`${names[0]}.csv`, `${names}\n${'1,2,a\n2,5,b\n3,1,a\n4,9,b\n'.repeat(5)}`)
  await drop(page, '.drop', table('a,b,y'))
  await learns('.column-list', 'b')
  await drop(page, '.drop', table('p,q,r'))
  await learns('.column-list', 'q')
  await press(page, 'Undo')
  await says(page, '.drop', 'a.csv')
  await learns('.column-list', 'b')
  await press(page, 'Redo')
  await says(page, '.drop', 'p.csv')
  await learns('.column-list', 'q')
  expect(await textOf(page, '.problems')).toBe('')
  // The same names, and other things behind them: columns are proposed anew.
  const rows = Array.from({ length: 40 }, (_, i) => `${i},${'xyz'[i % 3]},${i / 7}`)
  await drop(page, '.drop', file('other.csv', `p,q,r\n${rows.join('\n')}`))
  await learns('.legend', 'xyz')
  await page.evaluate(() => {
    location.hash = '#data=own&columns=nheight.s0age'
  })
  await says(page, '.banners', 'other.csv has no column “height”, and lacks 1 more')
  expect(await textOf(page, '.problems')).toBe('')
})

test('German numbers, dates and long names are read or told, within the width of their card', async () => {
  for (const look of [{}, { width: 390, theme: 'dark' } as const]) {
    const { page, faults, screenshot } = await open(look)
    const long = 'A very long column name, as surveys have them for each of their questions (1 to 7)'
    const head = [
      'weight',
      'day',
      'share',
      'price',
      long,
      'A_very_long_name_without_any_space_in_it_at_all',
      'kind',
    ]
    const rows = Array.from({ length: 40 }, (_, i) =>
      [
        `${i},5`,
        `${1 + (i % 28)}.${1 + (i % 12)}.2024`,
        `${i} %`,
        `${i}.100,5`,
        i % 7,
        i % 5,
        'ab'[i % 2],
      ].join(';'),
    )
    await bring(page, 'Choose a file', file('german.csv', `sep=;\n${head.join(';')}\n${rows.join('\n')}\n`))
    await ready(page)
    await stepBy(page, 1)
    const columns = await textOf(page, '.columns')
    expect(columns).toContain('It holds dates or times, such as “1.1.2024”.')
    expect(columns).toContain('It holds numbers with signs or units, such as “0 %”. Write the numbers alone.')
    expect(columns).toContain('It holds numbers with commas, such as “0.100,5”.')
    const clipped = await page.$$eval('.columns, .column-list, .own', parts =>
      parts.filter(part => part.scrollWidth > part.clientWidth).map(part => part.className),
    )
    expect(clipped).toEqual([])
    expect(await widthOf(page)).toBeLessThanOrEqual(look.width ?? 1280)
    expect(await page.$eval('.column label', label => label.closest('[title]')?.getAttribute('title'))).toBe(
      'weight',
    )
    await page.evaluate(() => scrollTo(0, 0))
    await screenshot(`playground-german-${look.width ?? 1280}`)
    expect(await faults()).toEqual([])
  }
})

test('of a thousand columns those that are asked for are listed, and the page stays small', async () => {
  const { page, faults, screenshot } = await open()
  const names = Array.from({ length: 1000 }, (_, i) => `c${i}`)
  const rows = Array.from({ length: 100 }, (_, i) =>
    [...names.map((_, j) => Math.sin(i + i * j).toFixed(4)), 'ab'[i % 2]].join(),
  )
  const path = file('wide.csv', `${names.join()},kind\n${rows.join('\n')}\n`)
  const stop = await watchMainThread(page)
  await drop(page, '.drop', path)
  await ready(page)
  await choose(page, 'c3', 'minMax')
  await says(page, '.story', 'c3 →')
  await stepBy(page, 2)
  await press(page, 'Play')
  await until(page, 'Epoch', epoch => epoch > 4)
  await pause(page)
  await (await page.waitForSelector('::-p-aria([name="Trained on"][role="slider"])'))?.focus()
  for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight')
  await until(page, 'Epoch', epoch => epoch === 0)
  const seen = await stop()
  console.log(inWords(seen))
  // What makes frames long is what the page has in it: three lists of all columns would make it 4,000 elements.
  expect(await page.$$eval('*', elements => elements.length)).toBeLessThan(1200)
  expect(page.url().length).toBeLessThan(6000)
  await page.type('.columns input[type="search"]', 'C99')
  await says(page, '.columns .pager', '1 to 11 of 11')
  await screenshot('playground-thousand-columns')
  // A long list is whole while it is in use, by key or by pointer.
  const list = page.locator('::-p-aria([name="Predict"][role="combobox"])')
  const options = () => list.map(element => (element as HTMLSelectElement).options.length).wait()
  expect(await options()).toBe(1)
  await list.hover()
  await vi.waitFor(async () => expect(await options()).toBe(1001))
  await page.mouse.move(0, 0)
  await vi.waitFor(async () => expect(await options()).toBe(1))
  await (await list.waitHandle()).focus()
  await vi.waitFor(async () => expect(await options()).toBe(1001))
  await page.keyboard.type('c7')
  await says(page, '.story', 'c7')
  expect(await faults()).toEqual([])
})
