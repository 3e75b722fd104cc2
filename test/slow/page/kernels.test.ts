// The kernels page: it verifies kernels on the GPU at hand, tells one that is wrong, and hands out a card of it.
import type { Page } from 'puppeteer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ops } from '../../../src/ops/table.ts'
import { openSite, type Site } from './site.ts'

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
const says = (page: Page, text: string) =>
  page.waitForFunction(
    wanted => document.querySelector('main')?.textContent?.includes(wanted),
    { timeout: 120_000 }, // what a GPU in software may take on a busy machine
    text,
  )

/** Lets so much time pass that the next click is no second one of a double click. */
const notDouble = () => new Promise(resolve => setTimeout(resolve, 1500))

/** Notes how long each task of the page's own thread takes that takes over 50 ms, until the function it gives is called. */
async function watchLongTasks(page: Page): Promise<() => Promise<number[]>> {
  const watch = await page.evaluateHandle(() => {
    const found: number[] = []
    const note = (list: PerformanceEntryList) => found.push(...list.map(({ duration }) => duration))
    const observer = new PerformanceObserver(list => note(list.getEntries()))
    observer.observe({ type: 'longtask' })
    return {
      end() {
        note(observer.takeRecords())
        observer.disconnect()
        return found
      },
    }
  })
  return () => watch.evaluate(({ end }) => end())
}

test('lists every op, verifies a family without holding up the page, and copies the card', async () => {
  const { page, problems, faults, screenshot, close } = await site.open('kernels/')
  await says(page, `Verify ${COUNT}`)
  const listed = await rows(page)
  expect(listed.map(([name]) => name).sort()).toEqual(Object.keys(ops).sort())
  expect(new Set(listed.map(([, result]) => result))).toEqual(new Set(['not run']))

  await page.select('select', 'test')
  await says(page, `${OF_TESTS} of ${COUNT} ops are shown`)
  // Whatever else the machine does stretches tasks and never shortens them: one run of three without a long one tells.
  let longTasks: number[] = []
  for (const name of [`Verify ${OF_TESTS}`, `Verify ${OF_TESTS} again`, `Verify ${OF_TESTS} again`]) {
    const stopWatching = await watchLongTasks(page)
    // A double click is one: it must not stop what it started.
    const button = await page.waitForSelector(`::-p-aria([name="${name}"][role="button"])`)
    await button?.click({ count: 2 })
    await page.waitForSelector('.progress progress')
    await says(page, `Of the ${OF_TESTS} ops verified, none is wrong.`)
    longTasks = await stopWatching()
    if (longTasks.length === 0) break
  }
  expect(longTasks).toEqual([])
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

test('keeps what it found when the GPU goes away, and goes on', async () => {
  const { page, problems, screenshot, close } = await site.open('kernels/', { hash: '#find=isnan' })
  await says(page, 'Verify 1')
  await press(page, 'Verify 1')
  await says(page, 'The op verified is right.')
  await site.crashGpu()
  await says(page, 'The GPU went away')
  await screenshot('kernels-lost')
  await press(page, 'Go on')
  await page.waitForFunction(() => !document.querySelector('.banners')?.textContent?.includes('went away'))
  expect((await rows(page)).map(([, result]) => result)).toEqual(['right'])
  await press(page, 'Verify 1 again')
  await says(page, 'The op verified is right.')
  expect(problems).toEqual([])
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
