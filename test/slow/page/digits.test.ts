// The page Digits as people use it: trained, paused, resumed, drawn into with the mouse, saved, loaded, crashed and reopened.
import { cpSync, mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'puppeteer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pictureOf, SIDE } from '../../../demo/digits/handwriting.ts'
import { parseSizes } from '../../../demo/digits/settings.ts'
import { type OpenedPage, openSite, type Site } from './site.ts'

let site: Site

beforeAll(async () => {
  site = await openSite()
})

afterAll(async () => {
  await site?.close()
})

const PATIENCE = 120_000 // ms: what a GPU in software may take on a busy machine

/** Presses a button by its name, when it can be pressed. */
async function press(page: Page, name: string): Promise<void> {
  await page.locator(`::-p-aria([name="${name}"][role="button"])`).setTimeout(PATIENCE).click()
}

/** Types into a control, found by its label, and leaves it. */
async function type(page: Page, label: string, text: string): Promise<void> {
  const control = page.locator(`::-p-aria([name="${label}"][role="textbox"])`)
  await control.click({ count: 3 })
  await page.keyboard.type(text)
  await page.keyboard.press('Tab')
}

/** A figure of the card Training. */
const figure = (page: Page, name: string): Promise<string> =>
  page.evaluate(wanted => {
    const terms = [...document.querySelectorAll('.figures dt')]
    return terms.find(term => term.textContent === wanted)?.nextElementSibling?.textContent ?? ''
  }, name)

const stepOf = async (page: Page): Promise<number> => Number((await figure(page, 'Step')).replaceAll(',', ''))

const untilStep = (page: Page, step: number) =>
  page.waitForFunction(
    wanted => {
      const terms = [...document.querySelectorAll('.figures dt')]
      const shown = terms.find(term => term.textContent === 'Step')?.nextElementSibling?.textContent
      return Number(shown?.replaceAll(',', '')) >= wanted
    },
    { timeout: PATIENCE },
    step,
  )

const untilText = (page: Page, selector: string, text: string) =>
  page.waitForFunction(
    (where, wanted) => document.querySelector(where)?.textContent?.includes(wanted),
    { timeout: PATIENCE },
    selector,
    text,
  )

const untilButton = (page: Page, name: string) =>
  page.waitForSelector(`::-p-aria([name="${name}"][role="button"])`, { timeout: PATIENCE })

type Place = readonly [x: number, y: number]

/** Draws lines with the mouse, or with a finger; points are shares of the field. */
async function draw(page: Page, points: readonly Place[], by: 'mouse' | 'finger' = 'mouse'): Promise<void> {
  const field = await page.waitForSelector('.pad')
  await field?.scrollIntoView()
  const box = await field?.boundingBox()
  if (!box) throw new Error('there is no field to draw in')
  const at = ([x, y]: Place) => [box.x + x * box.width, box.y + y * box.height] as const
  const [first, ...others] = points
  if (!first) return
  if (by === 'finger') {
    const finger = await page.touchscreen.touchStart(...at(first))
    for (const point of others) await finger.move(...at(point))
    return finger.end()
  }
  await page.mouse.move(...at(first))
  await page.mouse.down()
  for (const point of others) await page.mouse.move(...at(point), { steps: 12 })
  await page.mouse.up()
}

const SEVEN = [
  [0.27, 0.25],
  [0.72, 0.24],
  [0.6, 0.5],
  [0.46, 0.84],
] as const

interface Task {
  /** ms of the clock, and those in which the thread had a processor. */
  readonly lasted: number
  readonly worked: number
}

interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly dur?: number // μs
  readonly tdur?: number // μs
  readonly args: { readonly name?: string }
}

/** Watches the page's main thread until the function given back is called, which gives its tasks, longest work first. */
async function watchMainThread(page: Page): Promise<() => Promise<{ long: number[]; tasks: Task[] }>> {
  await page.evaluate(() => {
    const tasks: number[] = []
    Object.assign(globalThis, { tasks })
    new PerformanceObserver(list => {
      for (const { duration } of list.getEntries()) tasks.push(duration)
    }).observe({ type: 'longtask' })
  })
  await page.tracing.start({ categories: ['toplevel', 'devtools.timeline'] })
  return async () => {
    const bytes = await page.tracing.stop()
    const { traceEvents } = JSON.parse(new TextDecoder().decode(bytes)) as { traceEvents: TraceEvent[] }
    const isMain = ({ name, args }: TraceEvent) => name === 'thread_name' && args.name === 'CrRendererMain'
    // Chrome keeps other renderers ready; the page's is the one that has most to do.
    const [tasks = []] = traceEvents
      .filter(isMain)
      .map(({ pid, tid }) =>
        traceEvents
          .filter(event => event.name.endsWith('RunTask') && event.pid === pid && event.tid === tid)
          .map(({ dur = 0, tdur = 0 }) => ({ lasted: dur / 1000, worked: tdur / 1000 }))
          .sort((a, b) => b.worked - a.worked),
      )
      .sort((a, b) => b.length - a.length)
    const long = await page.evaluate(() => (globalThis as unknown as { tasks: number[] }).tasks)
    return { long, tasks }
  }
}

async function clean({ faults, problems }: OpenedPage): Promise<void> {
  expect(await faults()).toEqual([])
  expect(problems).toEqual([])
}

/** Small enough that a GPU in software ends within seconds. */
async function trainSmallNet(page: Page): Promise<void> {
  await untilText(page, 'main', 'to be quick')
  await type(page, 'Hidden layers', '32')
  await type(page, 'Epochs', '4')
  await press(page, 'Start')
  await untilButton(page, 'Done')
}

test('trains, pauses, resumes and reads a drawn 7 as 7, while the main thread stays free', {
  timeout: 4 * PATIENCE,
}, async () => {
  const opened = await site.open('digits/')
  const { page, screenshot } = opened
  await untilText(page, 'main', 'to be quick') // the settings of this machine are there
  await screenshot('digits-start')
  const mainThread = await watchMainThread(page)
  await type(page, 'Epochs', '8')
  await press(page, 'Start')
  await untilStep(page, 30)
  await screenshot('digits-training')
  await press(page, 'Pause')
  await untilButton(page, 'Resume')
  const paused = await stepOf(page)
  await new Promise(resolve => setTimeout(resolve, 1500))
  expect(await stepOf(page)).toBe(paused)
  await type(page, 'Learning rate', '0.003')
  await press(page, 'Resume')
  await untilStep(page, paused + 30)
  await draw(page, SEVEN) // while it trains
  await untilButton(page, 'Done')
  await untilText(page, '.verdict', 'Read as 7')
  expect(await figure(page, 'Epoch')).toBe('8 of 8')
  const accuracy = Number.parseFloat(await figure(page, 'Test accuracy'))
  console.log(`test accuracy ${accuracy} %, ${await figure(page, 'Digits/s')} digits/s`)
  expect(accuracy).toBeGreaterThan(88)
  const counts = await page.$$eval('.confusion tbody td', cells =>
    cells.map(cell => Number(cell.textContent || 0)),
  )
  expect(counts).toHaveLength(100)
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1000)
  expect(await page.$$eval('.wrong li', items => items.length)).toBe(16)
  const { long, tasks } = await mainThread()
  const [longest] = tasks
  console.log(
    `main thread: ${tasks.length} tasks, the longest ${longest?.worked.toFixed(1)} ms of work; ` +
      `Long Tasks API: ${long.length} over 50 ms (${long.map(Math.round).join(', ')})`,
  )
  // The clock runs on while a GPU in software takes the processors, so that it is the thread's own work that is bounded.
  expect(tasks.length).toBeGreaterThan(100)
  expect(longest?.worked).toBeLessThan(50)
  await screenshot('digits-light-1280-trained')
  await page.click('::-p-aria([name="Dark"])')
  await screenshot('digits-dark-1280-trained')
  await page.click('::-p-aria([name="Auto"])') // it is remembered
  await clean(opened)
  await opened.close()
})

test('fits a phone when all is shown, and reads what a finger draws', { timeout: 2 * PATIENCE }, async () => {
  for (const theme of ['light', 'dark'] as const) {
    const opened = await site.open('digits/', { width: 390, theme })
    const { page, screenshot } = opened
    await trainSmallNet(page)
    await draw(page, SEVEN, 'finger')
    await untilText(page, '.verdict', 'Read as 7')
    await screenshot(`digits-${theme}-390-trained`)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    await clean(opened)
    await opened.close()
  }
})

test('says what is wrong with layer sizes, and keeps those in force', async () => {
  const opened = await site.open('digits/')
  const { page, screenshot } = opened
  await untilText(page, 'main', 'to be quick')
  for (const [text, words] of [
    [
      '64, many',
      '“many” is not a whole number from 1 to 4096. Write sizes as in 256, 128. Still in force: 64.',
    ],
    ['0', '“0” is not a whole number'],
    ['5000', '“5000” is not a whole number'],
    ['1 1 1 1 1 1 1 1 1', 'These are 9 layers; 8 are the most.'],
    ['4096, 4096, 4096', 'weights; 20,000,000 are the most.'],
  ] as const) {
    await type(page, 'Hidden layers', text)
    await untilText(page, '.field-error', words)
  }
  await screenshot('digits-bad-sizes')
  await type(page, 'Hidden layers', '48,24')
  await untilText(page, 'main', '784 pixels → 48 → 24 → 10 digits: 39,106 weights.')
  await clean(opened)
  await opened.close()
})

test('a double click on Start starts once; closing and reopening in the middle works', {
  timeout: 2 * PATIENCE,
}, async () => {
  const first = await site.open('digits/')
  await untilText(first.page, 'main', 'to be quick')
  const button = await first.page.waitForSelector('::-p-aria([name="Start"][role="button"])')
  await button?.click({ count: 2 })
  await untilStep(first.page, 10)
  expect(first.problems).toEqual([])
  await first.close() // in the middle
  const opened = await site.open('digits/')
  const { page } = opened
  await untilText(page, 'main', 'to be quick')
  await press(page, 'Start')
  await untilStep(page, 10)
  await page.reload() // in the middle as well
  await untilText(page, 'main', 'to be quick')
  await press(page, 'Start')
  await untilStep(page, 10)
  await press(page, 'Reset')
  await untilButton(page, 'Start')
  expect(await figure(page, 'Step')).toBe('0')
  await press(page, 'Start')
  await untilStep(page, 10)
  expect(opened.problems).toEqual([])
  await opened.close()
})

test('settings at their ends work: a rate out of range is told, a batch of all, no hidden layer', {
  timeout: 2 * PATIENCE,
}, async () => {
  const opened = await site.open('digits/')
  const { page } = opened
  await untilText(page, 'main', 'to be quick')
  await type(page, 'Hidden layers', '64, 64, 64')
  await type(page, 'Learning rate', '1e9')
  await untilText(page, 'main', '“1e9” is not a number from 0.000001 to 10.')
  await type(page, 'Learning rate', '10')
  await type(page, 'Batch size', '10000') // more than there are digits: the whole set
  await press(page, 'Start')
  await untilButton(page, 'Done')
  expect(Number(await figure(page, 'Step'))).toBe(10)
  await press(page, 'Reset')
  await type(page, 'Hidden layers', ' ')
  await type(page, 'Learning rate', '0.01')
  await type(page, 'Batch size', '50')
  await type(page, 'Epochs', '2')
  await press(page, 'Start')
  await untilButton(page, 'Done')
  expect(Number.parseFloat(await figure(page, 'Test accuracy'))).toBeGreaterThan(75) // a single layer
  await clean(opened)
  await opened.close()
})

test('a network is downloaded and loaded again, and reads as before', { timeout: 2 * PATIENCE }, async () => {
  const opened = await site.open('digits/')
  const { page, screenshot } = opened
  const folder = mkdtempSync(join(tmpdir(), 'retrograd-weights-'))
  const session = await page.createCDPSession()
  await session.send('Browser.setDownloadBehavior', {
    behavior: 'allow',
    downloadPath: folder,
    eventsEnabled: true,
  })
  await trainSmallNet(page)
  const before = await figure(page, 'Test accuracy')
  const downloaded = new Promise<void>(resolve => {
    session.on('Browser.downloadProgress', ({ state }) => {
      if (state === 'completed') resolve()
    })
  })
  await press(page, 'Download weights')
  await downloaded
  expect(readdirSync(folder)).toEqual(['digits-32.safetensors'])
  await page.reload()
  await untilText(page, 'main', 'to be quick')
  const [chooser] = await Promise.all([page.waitForFileChooser(), press(page, 'Load weights')])
  await chooser.accept([join(folder, 'digits-32.safetensors')])
  await untilButton(page, 'Resume')
  expect(await figure(page, 'Test accuracy')).toBe(before)
  await untilText(page, 'main', '784 pixels → 32 → 10 digits')
  const [other] = await Promise.all([page.waitForFileChooser(), press(page, 'Load weights')])
  await other.accept([import.meta.filename])
  await untilText(page, '.problems', '“digits.test.ts” cannot be loaded.')
  await screenshot('digits-bad-file')
  expect(await figure(page, 'Test accuracy')).toBe(before) // the network is still there
  await clean(opened)
  await opened.close()
})

test('missing files of digits are told, with where to put them', { timeout: PATIENCE }, async () => {
  // The same build below another path, where nobody has put digits.
  for (const name of readdirSync(site.folder))
    cpSync(join(site.folder, name), join(site.folder, 'bare', name), { recursive: true })
  const { page, faults, screenshot, close } = await site.open('')
  await page.goto(`${site.origin}/bare/digits/`)
  await untilText(page, '.banners', 'No digits to learn from')
  const words = await page.$eval('.banners', element => element.textContent)
  expect(words).toContain('train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte')
  expect(words).toContain(`${site.origin}/bare/mnist/`)
  await press(page, 'Start')
  await untilText(page, '.problems', 'There are no digits to learn from')
  await untilButton(page, 'Start') // and may be tried again
  await screenshot('digits-missing')
  expect(await faults()).toEqual([])
  await close()
})

test('a lost GPU is told, and training goes on from the weights kept', {
  timeout: 3 * PATIENCE,
}, async () => {
  const opened = await site.open('digits/')
  const { page, screenshot, faults } = opened
  await untilText(page, 'main', 'to be quick')
  await type(page, 'Epochs', '300')
  await press(page, 'Start')
  await untilStep(page, 50)
  await press(page, 'Pause') // the network is kept at each pause
  await untilButton(page, 'Resume')
  const kept = await stepOf(page)
  await draw(page, SEVEN)
  await press(page, 'Resume')
  await untilStep(page, kept + 10)
  await site.crashGpu()
  await untilText(page, '.banners', 'The GPU went away')
  const [, step] = /The network of step (\d+) is kept/.exec(
    (await page.$eval('.banners', element => element.textContent)) ?? '',
  ) ?? ['', '']
  expect(Number(step)).toBeGreaterThanOrEqual(kept)
  await new Promise(resolve => setTimeout(resolve, 2000))
  await screenshot('digits-lost')
  await press(page, 'Go on')
  await untilStep(page, Number(step) + 20)
  await press(page, 'Pause')
  await untilButton(page, 'Resume')
  expect(Number.parseFloat(await figure(page, 'Test accuracy'))).toBeGreaterThan(40) // not begun anew
  expect(await faults()).toEqual([])
  expect(opened.problems).toEqual([])
  await opened.close()
})

test('without WebGPU it trains on the CPU', { timeout: 2 * PATIENCE }, async () => {
  const opened = await site.open('digits/', { withoutGpu: true })
  const { page } = opened
  await trainSmallNet(page)
  await draw(page, SEVEN)
  await untilText(page, '.verdict', 'Read as 7')
  await clean(opened)
  await opened.close()
})

describe('a picture of what is drawn', () => {
  const SIZE = 100
  const drawn = (isInk: (x: number, y: number) => boolean): Float32Array =>
    Float32Array.from({ length: SIZE * SIZE }, (_, i) => Number(isInk(i % SIZE, Math.floor(i / SIZE))))

  test('is null for nothing', () => {
    expect(
      pictureOf(
        drawn(() => false),
        SIZE,
        SIZE,
      ),
    ).toBeNull()
  })

  test('fits a square anywhere into the 20 × 20 in the middle', () => {
    const picture = pictureOf(
      drawn((x, y) => x >= 7 && x < 57 && y >= 40 && y < 90),
      SIZE,
      SIZE,
    )
    const expected = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
      const [x, y] = [i % SIDE, Math.floor(i / SIDE)]
      return x >= 4 && x < 24 && y >= 4 && y < 24 ? 255 : 0
    })
    expect(picture).toEqual(expected)
  })

  test('keeps proportions, smooths edges, and has its centre of mass in the middle', () => {
    // An L of a bar 80 × 10 and a foot 40 × 10: a scale of 20 / 80, so that strokes are 2.5 pixels wide.
    const picture = pictureOf(
      drawn((x, y) => y >= 10 && y < 90 && x >= 20 && (x < 30 || (y >= 80 && x < 60))),
      SIZE,
      SIZE,
    )
    let mass = 0
    let across = 0
    let down = 0
    for (const [i, ink] of (picture ?? []).entries()) {
      mass += ink
      across += ink * ((i % SIDE) + 0.5)
      down += ink * (Math.floor(i / SIDE) + 0.5)
    }
    // 80 · 10 + 30 · 10 points, each (1 / 4)² of a pixel. A byte rounds each pixel by up to half of 1 / 255.
    expect(mass / 255).toBeCloseTo(1100 / 16, 0)
    expect(across / mass).toBeCloseTo(14, 1)
    // Centred on its mass it would hang out above: (80 · 40 + 30 · 75) / 110 points down, 12.39 pixels, leave 7.61 below.
    expect(down / mass).toBeCloseTo(14, 1)
  })
})

test('layer sizes are read from what people write', () => {
  expect(parseSizes('256,128')).toEqual([256, 128])
  expect(parseSizes(' 256 × 128; 32 ')).toEqual([256, 128, 32])
  expect(parseSizes('')).toEqual([])
})
