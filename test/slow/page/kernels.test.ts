// The kernels page: it verifies kernels on the GPU at hand, tells one that is wrong, and hands out a card of it.
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'puppeteer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ops } from '../../../src/ops/table.ts'
import { inWords, watchMainThread } from './main_thread.ts'
import { openSite, type Site, watchDownload } from './site.ts'

let site: Site

beforeAll(async () => {
  site = await openSite()
})

afterAll(async () => {
  await site?.close()
})

const COUNT = Object.keys(ops).length
const OF_TESTS = Object.values(ops).filter(op => op.definition.family === 'test').length

const rows = (page: Page): Promise<string[][]> =>
  page.$$eval('tr[data-op]', found =>
    found.map(row => [...row.querySelectorAll('th, td')].map(cell => cell.textContent ?? '')),
  )
const press = (page: Page, name: string) => page.locator(`::-p-aria([name="${name}"][role="button"])`).click()
/** `timeout`, in ms, is what a GPU in software may take on a busy machine. */
const says = (page: Page, text: string, timeout = 120_000) =>
  page.waitForFunction(
    wanted => document.querySelector('main')?.textContent?.includes(wanted),
    { timeout },
    text,
  )

/** Of the card as JSON. */
interface Card {
  readonly ops: readonly {
    readonly name: string
    readonly proof: { readonly cases: number; readonly wrong: number } | null
  }[]
}

/** Lets so much time pass that the next click is no second one of a double click. */
const notDouble = () => new Promise(resolve => setTimeout(resolve, 1500))

test('lists every op, verifies a family, and copies the card', async () => {
  const { page, problems, faults, screenshot, close } = await site.open('kernels/')
  await says(page, `Verify ${COUNT}`)
  const listed = await rows(page)
  expect(listed.map(([name]) => name).sort()).toEqual(Object.keys(ops).sort())
  expect(new Set(listed.map(([, result]) => result))).toEqual(new Set(['not run']))

  await page.select('select', 'test')
  await says(page, `${OF_TESTS} of ${COUNT} ops are shown`)
  // A double click is one: it must not stop what it started.
  const button = await page.waitForSelector(`::-p-aria([name="Verify ${OF_TESTS}"][role="button"])`)
  await button?.click({ count: 2 })
  await page.waitForSelector('.progress progress')
  await says(page, `Of the ${OF_TESTS} ops verified, none is wrong.`)
  for (const [name, result, cases] of await rows(page))
    expect([name, result, Number(cases) > 0]).toEqual([name, 'right', true])
  await screenshot('kernels-verified')
  expect(await faults()).toEqual([])

  await page
    .browserContext()
    .overridePermissions(site.origin, ['clipboard-read', 'clipboard-sanitized-write'])
  await press(page, 'Copy as Markdown')
  await says(page, 'Copied as Markdown.')
  const markdown = await page.evaluate(() => navigator.clipboard.readText())
  const adapter = await page.$eval('.facts dd', element => element.textContent ?? '')
  expect(adapter).not.toBe('')
  expect(markdown).toContain(`### Kernels on ${adapter}`)
  expect(markdown).toContain(`${OF_TESTS} of ${COUNT} ops, none wrong`)
  for (const name of Object.keys(ops)) expect(markdown).toContain(`\n| ${name} | `)

  await press(page, 'Copy as JSON')
  await says(page, 'Copied as JSON.')
  const card = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()))
  expect(card.ops).toHaveLength(COUNT)
  expect(card.adapter.features).toBeInstanceOf(Array)
  expect(card.adapter.limits.maxBufferSize).toBeGreaterThan(0)

  // Where the browser refuses, the text lies there to be copied by hand.
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error('refused'))
  })
  await press(page, 'Copy as Markdown')
  await page.waitForSelector('textarea')
  await says(page, 'does not let this page write to the clipboard')
  expect(await page.evaluate(() => getSelection()?.toString())).toContain(`### Kernels on ${adapter}`)
  expect(problems).toEqual([])
  await close()
})

test('verifies the whole table while the main thread stays free, and hands out the card as a file', {
  timeout: 20 * 60_000,
}, async () => {
  const { page, problems, screenshot, close } = await site.open('kernels/')
  await says(page, `Verify ${COUNT}`)
  const mainThread = await watchMainThread(page)
  await press(page, `Verify ${COUNT}`)
  await says(page, `Of the ${COUNT} ops verified, none is wrong.`, 18 * 60_000)
  const { long, tasks } = await mainThread()
  console.log(inWords(long, tasks))
  expect(tasks.length).toBeGreaterThan(100)
  expect(tasks[0]?.worked).toBeLessThan(50)
  await screenshot('kernels-whole')

  const folder = mkdtempSync(join(tmpdir(), 'retrograd-card-'))
  const downloaded = await watchDownload(page, folder)
  await press(page, 'Download JSON')
  await downloaded()
  const [name = ''] = readdirSync(folder)
  expect(name).toMatch(/^kernels-\d{4}-\d\d-\d\d\.json$/)
  const card = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Card
  expect(card.ops.map(op => op.name).sort()).toEqual(Object.keys(ops).sort())
  expect(card.ops.filter(({ proof }) => !proof || proof.cases === 0 || proof.wrong > 0)).toEqual([])
  expect(problems).toEqual([])
  await close()
})

test('shows a kernel that was broken on purpose in red, with its shape and index', async () => {
  const look = { width: 390, theme: 'dark', hash: '#find=relu&break=relu' } as const
  const { page, problems, faults, screenshot, close } = await site.open('kernels/', look)
  await says(page, 'Verify 2')
  await press(page, 'Verify 2')
  await says(page, 'Of the 2 ops verified, 1 is wrong.')
  const words = await page.$eval('.failures', element => element.textContent)
  expect(words).toMatch(
    /relu \(broken on purpose\).*shape \[[\d, ]+\], index \[[\d, ]+\]: expected [-\d.]+, got NaN/,
  )
  const colors = await page.$eval('.failures', element => [
    getComputedStyle(element).color,
    getComputedStyle(document.documentElement).getPropertyValue('--bad').trim(),
  ])
  expect(colors).toEqual(['rgb(255, 143, 135)', '#ff8f87'])
  const results = Object.fromEntries((await rows(page)).map(([name, result]) => [name, result]))
  expect(results.relu).toMatch(/\d+ wrong, broken on purpose/)
  expect(results.leakyRelu).toBe('right')
  await screenshot('kernels-broken')
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
  expect(await faults()).toEqual([])

  // Mended, it is right again.
  const [, choice] = await page.$$('select')
  await choice?.select('')
  await press(page, 'Go on: 1 left')
  await says(page, 'Of the 2 ops verified, none is wrong.')
  expect(new URL(page.url()).hash).toBe('#find=relu')
  expect(problems).toEqual([])
  await close()
})

test('shows a kernel that does not compile in red, and goes on with the others', async () => {
  const assets = join(site.folder, 'assets')
  const [name = ''] = readdirSync(assets).filter(file => file.startsWith('prover-'))
  const right = readFileSync(join(assets, name), 'utf8')
  const wrong = right.replace('return ceil(x);', 'return seal(x);')
  expect(wrong).not.toBe(right)
  writeFileSync(join(assets, name), wrong)
  const { page, problems, faults, screenshot, close } = await site.open('kernels/', {
    hash: '#find=ceil floor isnan',
  })
  await says(page, 'Verify 3')
  await press(page, 'Verify 3')
  await says(page, 'Of the 3 ops verified, 1 is wrong.')
  expect((await rows(page)).map(([op, result]) => [op, result])).toEqual([
    ['ceil', '1 wrong'],
    ['floor', 'right'],
    ['isNaN', 'right'],
  ])
  const words = await page.$eval('.failures', element => element.textContent)
  expect(words).toMatch(/ceil.*does not compile: shaders\/unary\/ceil.wgsl:4: unresolved/)
  await screenshot('kernels-uncompiled')
  expect(await faults()).toEqual([])
  expect(problems.filter(problem => !problem.includes('seal'))).toEqual([])
  writeFileSync(join(assets, name), right)
  await close()
})

test('stops between two samples, goes on where it was, and times what is asked for', async () => {
  const { page, problems, faults, screenshot, close } = await site.open('kernels/')
  const run = async () => (await rows(page)).flatMap(([name, result]) => (result === 'right' ? [name] : []))
  await says(page, `Verify ${COUNT}`)
  await press(page, `Verify ${COUNT}`)
  await page.waitForSelector('.progress code')
  await screenshot('kernels-running')
  await notDouble()
  await press(page, 'Stop')
  await says(page, 'left')
  const before = await run()
  expect(before.length).toBeLessThan(COUNT)
  await press(page, `Go on: ${COUNT - before.length} left`)
  await says(page, `Verified${before.length + 1} of ${COUNT}`)
  await notDouble()
  await press(page, 'Stop')
  await says(page, 'left')
  expect((await run()).slice(0, before.length)).toEqual(before)

  await page.locator('input[type=search]').fill('floor')
  await press(page, 'Time 1')
  await page.waitForSelector('.roofline .dot', { timeout: 60_000 })
  await page.waitForSelector('button::-p-text(Time 1)')
  await screenshot('kernels-timed')
  expect(await page.$$eval('.roofline .dot', dots => dots.length)).toBeGreaterThan(0)
  expect(await faults()).toEqual([])
  expect(problems).toEqual([])
  await close()
})

test('keeps what it found when the GPU goes away in the middle, goes on, and says when it is gone for good', {
  timeout: 8 * 60_000,
}, async () => {
  const { page, problems, faults, screenshot, close } = await site.open('kernels/', { hash: '#family=unary' })
  const results = async () => (await rows(page)).map(([, result]) => result ?? '')
  await page.waitForSelector('tr[data-op]')
  const count = (await results()).length
  await press(page, `Verify ${count}`)
  let found = 0
  for (const losses of [1, 2]) {
    await says(page, `Verified${found + 2} of ${COUNT}`)
    await site.crashGpu()
    await says(page, 'The GPU went away')
    found = (await results()).filter(result => result === 'right').length
    expect(found).toBeGreaterThan(losses)
    expect((await results()).filter(result => !['right', 'not run'].includes(result))).toEqual([])
    await screenshot(`kernels-lost-${losses}`)
    await press(page, 'Go on')
  }
  await says(page, 'The GPU went away more than once')
  await says(page, 'Nothing to verify here.')
  expect((await results()).filter(result => result === 'right')).toHaveLength(found)
  await screenshot('kernels-gone')
  expect(await faults()).toEqual([])
  expect(problems).toEqual([])

  // Loaded anew, the page has a GPU again.
  await page.reload()
  await page.waitForSelector('tr[data-op]')
  await page.select('select', 'test')
  await press(page, `Verify ${OF_TESTS}`)
  await says(page, `Of the ${OF_TESTS} ops verified, none is wrong.`)
  await close()
})

test('says that there is nothing to verify without WebGPU, and what an address asks for in vain', async () => {
  const { page, problems, faults, screenshot, close } = await site.open('kernels/', {
    withoutGpu: true,
    hash: '#family=cheese&break=%00&nonsense',
  })
  await says(page, 'Nothing to verify here.')
  await says(page, 'does not offer WebGPU')
  await says(page, 'the family “cheese”, which there is not')
  expect(await rows(page)).toHaveLength(COUNT)
  expect(await page.$$eval('main button:disabled', found => found.map(button => button.textContent))).toEqual(
    expect.arrayContaining([`Verify ${COUNT}`]),
  )
  await screenshot('kernels-nothing')
  expect(await faults()).toEqual([])
  expect(problems).toEqual([])
  await close()
})
