// The playground with data that a visitor brings: pasted, chosen, dropped; with gaps, slips, classes, numbers, in other encodings.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'puppeteer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { choose, drop, figure, pause, press, ready, says, stepBy, until } from './playground.ts'
import { openSite, type Site } from './site.ts'

let site: Site
let folder: string

beforeAll(async () => {
  site = await openSite()
  folder = mkdtempSync(join(tmpdir(), 'retrograd-playground-'))
})

afterAll(async () => {
  await site?.close()
  rmSync(folder, { recursive: true, force: true })
})

const KINDS = ['alpha', 'beta', 'gamma', 'delta', 'epsilon']

/** Five kinds, told apart by two of three columns of numbers; one cell is a slip, some are gaps. */
const TABLE = `height,width,depth,serial,kind\n${Array.from({ length: 150 }, (_, i) => {
  const kind = i % 5
  const depth = i % 7 === 6 ? 'NA' : 3 * Math.sin(3 * i)
  const serial = i === 16 ? 'oops' : 2 * i
  return `${kind + Math.sin(i) / 3},${(kind * kind) / 4 + Math.cos(1.7 * i) / 3},${depth},${serial},${KINDS[kind]}`
}).join('\n')}\n`

/** The playground, waiting for a table. */
async function open(look: Parameters<Site['open']>[1] = {}) {
  const opened = await site.open('playground/', { hash: '#data=own', ...look })
  await says(opened.page, '.banners', 'Your own data')
  return opened
}

const textOf = (page: Page, selector: string) => page.$eval(selector, element => element.textContent ?? '')

test('five kinds are learnt from a file, and seen over any two of its columns', async () => {
  const { page, problems, faults, screenshot, close } = await open()
  expect(await page.$eval('main', main => (main as HTMLElement).innerText)).toContain('Waiting for your CSV')
  const path = join(folder, 'kinds.csv')
  writeFileSync(path, TABLE)
  await (await page.$('input[aria-label="CSV file"]'))?.uploadFile(path)
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
  expect(await figure(page, 'Epoch')).toBe(epoch)
  await page.evaluate(() => scrollTo(0, 0))
  await screenshot('playground-kinds')
  expect(await faults()).toEqual([])

  // A number: its legend is in the file's units.
  await choose(page, 'Predict', 'width')
  await until(page, 'Epoch', value => value === 0)
  expect(await figure(page, 'Test accuracy')).toBeNaN()
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
  expect(problems).toEqual([])
  await close()
}, 90_000)

test('a table is pasted, on a phone in the dark', async () => {
  const { page, problems, faults, screenshot, close } = await open({ width: 390, theme: 'dark' })
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
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  expect(await faults()).toEqual([])
  expect(problems).toEqual([])
  await close()
}, 60_000)

test('files of other encodings and of 100 MB are dropped', async () => {
  const { page, problems, close } = await open()
  const bring = async (content: Uint8Array | string) => {
    writeFileSync(join(folder, 'dropped.csv'), content)
    await drop(page, join(folder, 'dropped.csv'))
  }
  const table = `größe,art\n${Array.from({ length: 8 }, (_, i) => `${i},${i % 2 ? 'Äpfel' : 'Birnen'}`).join('\n')}\n`
  await bring(Uint8Array.from(table, letter => letter.charCodeAt(0)))
  await says(page, '.own', 'read as Windows-1252')
  await says(page, '.legend', 'Äpfel')
  await bring(Uint8Array.from(`\uFEFF${table}`, letter => letter.charCodeAt(0)).subarray(0, 0))
  await says(page, '.problems', 'no rows')
  const wide = new Uint8Array(Uint16Array.from(`\uFEFF${table}`, letter => letter.charCodeAt(0)).buffer)
  await bring(wide)
  await says(page, '.own', 'read as UTF-16')
  await says(page, '.legend', 'Äpfel')
  await stepBy(page, 1)
  expect(await page.$eval('.program', area => (area as HTMLTextAreaElement).value)).toContain(
    "TextDecoder('utf-16le')",
  )
  // Sparse on disk: the page is to refuse it before it reads it.
  truncateSync(join(folder, 'dropped.csv'), 101e6)
  await drop(page, join(folder, 'dropped.csv'))
  await says(page, '.problems', 'dropped.csv has 101 MB; this page takes up to 100 MB')
  await stepBy(page, 1)
  expect(problems).toEqual([])
  await close()
}, 60_000)

test('a table of 300 columns makes the page no longer, and each of its weights is reached', async () => {
  const { page, problems, faults, close } = await open()
  const names = Array.from({ length: 300 }, (_, i) => `c${i}`)
  const rows = Array.from({ length: 20 }, (_, i) =>
    [...names.map((_, j) => Math.sin(i + i * j)), 'ab'[i % 2]].join(),
  )
  writeFileSync(join(folder, 'wide.csv'), `${names.join()},kind\n${rows.join('\n')}\n`)
  await drop(page, join(folder, 'wide.csv'))
  await ready(page)
  await stepBy(page, 1)
  // Ten times as long with a row for each.
  expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBeLessThan(3000)
  await page.click('[aria-label="Layer 1, neuron 1"]')
  await says(page, '.pager', '1 to 24 of 300')
  for (let i = 0; i < 12; i++) await press(page, 'Later weights')
  await says(page, '.pager', '289 to 300 of 300')
  await page.waitForSelector('::-p-aria([name="From c299"][role="textbox"])')
  expect(await faults()).toEqual([])
  expect(problems).toEqual([])
  await close()
}, 60_000)
