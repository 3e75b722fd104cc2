// The kernels page: it verifies kernels on the GPU at hand, tells one that is wrong, and hands out a card of it.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Page } from 'puppeteer'
import { expect, test } from 'vitest'
import { ops } from '../../../src/ops/table.ts'
import { inWords, watchMainThread } from './main_thread.ts'
import { site } from './site.ts'
import { choose, press, save, says, textOf, until, untilButton, widthOf } from './visitor.ts'

const COUNT = Object.keys(ops).length
const OF_TESTS = Object.values(ops).filter(op => op.definition.family === 'test').length

const rows = (page: Page): Promise<string[][]> =>
  page.$$eval('tr[data-op]', found =>
    found.map(row => [...row.querySelectorAll('th, td')].map(cell => cell.textContent ?? '')),
  )

const verified = (page: Page, least: number) => until(page, 'Verified', count => count >= least)

/** Of the card as JSON. */
interface Card {
  readonly ops: readonly {
    readonly name: string
    readonly proof: { readonly cases: number; readonly wrong: number } | null
  }[]
}

test('lists every op, verifies a family, and copies the card', async () => {
  const { page, faults, screenshot } = await site.open('kernels/')
  await says(page, 'main', `Verify ${COUNT}`)
  const listed = await rows(page)
  expect(listed.map(([name]) => name).sort()).toEqual(Object.keys(ops).sort())
  expect(new Set(listed.map(([, result]) => result))).toEqual(new Set(['not run']))

  await choose(page, 'Family', 'test')
  await says(page, 'main', `${OF_TESTS} of ${COUNT} ops are shown`)
  // A double click is one: it must not stop what it started.
  await press(page, `Verify ${OF_TESTS}`, 2)
  await page.waitForSelector('.progress progress')
  await says(page, 'main', `Of the ${OF_TESTS} ops verified, none is wrong.`)
  for (const [name, result, cases] of await rows(page))
    expect([name, result, Number(cases) > 0]).toEqual([name, 'right', true])
  await screenshot('kernels-verified')
  expect(await faults()).toEqual([])

  await page
    .browserContext()
    .overridePermissions(site.origin, ['clipboard-read', 'clipboard-sanitized-write'])
  await press(page, 'Copy as Markdown')
  await says(page, 'main', 'Copied as Markdown.')
  const markdown = await page.evaluate(() => navigator.clipboard.readText())
  const adapter = await textOf(page, '.facts dd')
  expect(adapter).not.toBe('')
  expect(markdown).toContain(`### Kernels on ${adapter}`)
  expect(markdown).toContain(`${OF_TESTS} of ${COUNT} ops, none wrong`)
  for (const name of Object.keys(ops)) expect(markdown).toContain(`\n| ${name} | `)

  await press(page, 'Copy as JSON')
  await says(page, 'main', 'Copied as JSON.')
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
  await says(page, 'main', 'does not let this page write to the clipboard')
  expect(await page.evaluate(() => getSelection()?.toString())).toContain(`### Kernels on ${adapter}`)
})

test('verifies the whole table while the main thread stays free, and hands out the card as a file', {
  timeout: 20 * 60_000,
}, async () => {
  const { page, screenshot } = await site.open('kernels/')
  await says(page, 'main', `Verify ${COUNT}`)
  const mainThread = await watchMainThread(page)
  await press(page, `Verify ${COUNT}`)
  await says(page, 'main', `Of the ${COUNT} ops verified, none is wrong.`, 18 * 60_000)
  const seen = await mainThread()
  console.log(inWords(seen))
  expect(seen.tasks.length).toBeGreaterThan(100)
  expect(seen.tasks[0]?.worked).toBeLessThan(50)
  await screenshot('kernels-whole')

  const path = await save(page, 'Download JSON')
  expect(basename(path)).toMatch(/^kernels-\d{4}-\d\d-\d\d\.json$/)
  const card = JSON.parse(readFileSync(path, 'utf8')) as Card
  expect(card.ops.map(op => op.name).sort()).toEqual(Object.keys(ops).sort())
  expect(card.ops.filter(({ proof }) => !proof || proof.cases === 0 || proof.wrong > 0)).toEqual([])
})

test('shows a kernel that was broken on purpose in red, with its shape and index', async () => {
  const look = { width: 390, theme: 'dark', hash: '#find=relu&break=relu' } as const
  const { page, faults, screenshot } = await site.open('kernels/', look)
  await says(page, 'main', 'Verify 2')
  await press(page, 'Verify 2')
  await says(page, 'main', 'Of the 2 ops verified, 1 is wrong.')
  const words = await textOf(page, '.failures')
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
  expect(await widthOf(page)).toBe(390)
  expect(await faults()).toEqual([])

  // Mended, it is right again.
  await choose(page, 'Kernel to break', '')
  await press(page, 'Go on: 1 left')
  await says(page, 'main', 'Of the 2 ops verified, none is wrong.')
  expect(new URL(page.url()).hash).toBe('#find=relu')
})

test('shows a kernel that does not compile in red, and goes on with the others', async () => {
  site.alter(script => script.replace('return ceil(x);', 'return seal(x);'))
  const { page, faults, screenshot } = await site.open('kernels/', {
    hash: '#find=ceil floor isnan',
    excused: /seal/,
  })
  await says(page, 'main', 'Verify 3')
  await press(page, 'Verify 3')
  await says(page, 'main', 'Of the 3 ops verified, 1 is wrong.')
  expect((await rows(page)).map(([op, result]) => [op, result])).toEqual([
    ['ceil', '1 wrong'],
    ['floor', 'right'],
    ['isNaN', 'right'],
  ])
  const words = await textOf(page, '.failures')
  expect(words).toMatch(/ceil.*does not compile: shaders\/unary\/ceil.wgsl:4: unresolved/)
  await screenshot('kernels-uncompiled')
  expect(await faults()).toEqual([])
})

test('stops between two samples, goes on where it was, and times what is asked for', async () => {
  const { page, faults, screenshot } = await site.open('kernels/')
  const run = async () => (await rows(page)).flatMap(([name, result]) => (result === 'right' ? [name] : []))
  await says(page, 'main', `Verify ${COUNT}`)
  await press(page, `Verify ${COUNT}`)
  await verified(page, 1)
  await screenshot('kernels-running')
  await press(page, 'Stop')
  await says(page, 'main', 'left')
  const before = await run()
  expect(before.length).toBeLessThan(COUNT)
  await press(page, `Go on: ${COUNT - before.length} left`)
  await verified(page, before.length + 1)
  await press(page, 'Stop')
  await says(page, 'main', 'left')
  expect((await run()).slice(0, before.length)).toEqual(before)

  await page.locator('input[type=search]').fill('floor')
  await press(page, 'Time 1')
  await page.waitForSelector('.roofline .dot')
  await untilButton(page, 'Time 1')
  await screenshot('kernels-timed')
  expect(await page.$$eval('.roofline .dot', dots => dots.length)).toBeGreaterThan(0)
  await page.hover('.roofline .dot')
  await says(page, '.roofline .reading', 'floor')
  expect(await faults()).toEqual([])
})

test('keeps what it found when the GPU goes away in the middle, goes on, and says when it is gone for good', {
  timeout: 8 * 60_000,
}, async () => {
  const { page, faults, screenshot } = await site.open('kernels/', { hash: '#family=unary' })
  const results = async () => (await rows(page)).map(([, result]) => result ?? '')
  await page.waitForSelector('tr[data-op]')
  const count = (await results()).length
  await press(page, `Verify ${count}`)
  let found = 0
  for (const losses of [1, 2]) {
    await verified(page, found + 2)
    await site.crashGpu()
    await says(page, 'main', 'The GPU went away')
    found = (await results()).filter(result => result === 'right').length
    expect(found).toBeGreaterThan(losses)
    expect((await results()).filter(result => !['right', 'not run'].includes(result))).toEqual([])
    await screenshot(`kernels-lost-${losses}`)
    await press(page, 'Go on')
  }
  await says(page, 'main', 'The GPU went away more than once')
  await says(page, 'main', 'Nothing to verify here.')
  expect((await results()).filter(result => result === 'right')).toHaveLength(found)
  await screenshot('kernels-gone')
  expect(await faults()).toEqual([])

  // Loaded anew, the page has a GPU again.
  await page.reload()
  await page.waitForSelector('tr[data-op]')
  await choose(page, 'Family', 'test')
  await press(page, `Verify ${OF_TESTS}`)
  await says(page, 'main', `Of the ${OF_TESTS} ops verified, none is wrong.`)
})

test('says that there is nothing to verify without WebGPU, and what an address asks for in vain', async () => {
  const { page, faults, screenshot } = await site.open('kernels/', {
    withoutGpu: true,
    hash: '#family=cheese&break=%00&nonsense',
  })
  await says(page, 'main', 'Nothing to verify here.')
  await says(page, 'main', 'does not offer WebGPU')
  await says(page, 'main', 'the family “cheese”, which there is not')
  expect(await rows(page)).toHaveLength(COUNT)
  expect(await page.$$eval('main button:disabled', found => found.map(button => button.textContent))).toEqual(
    expect.arrayContaining([`Verify ${COUNT}`]),
  )
  await screenshot('kernels-nothing')
  expect(await faults()).toEqual([])
})
