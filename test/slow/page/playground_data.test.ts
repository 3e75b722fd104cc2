// The playground with data that a visitor brings: pasted, chosen, dropped; with gaps, slips, classes, numbers, in other encodings.
import { truncateSync } from 'node:fs'
import { expect, test } from 'vitest'
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
  expect(await textOf(page, '.columns')).toContain('Row 17 has “oops” where most rows have numbers')
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
  await says(page, '.pager', '1 to 24 of 300')
  for (let i = 0; i < 12; i++) await press(page, 'Later weights')
  await says(page, '.pager', '289 to 300 of 300')
  await untilField(page, 'From c299')
  expect(await faults()).toEqual([])
})
