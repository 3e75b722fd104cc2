// The page Digits as people use it: trained, paused, resumed, drawn into, set to extremes and reopened.
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  draw,
  expectClean,
  figure,
  PATIENCE,
  press,
  SEVEN,
  stepOf,
  trainSmallNet,
  type,
  untilButton,
  untilReady,
  untilStep,
  untilText,
} from './digits_page.ts'
import { inWords, watchMainThread } from './main_thread.ts'
import { openSite, type Site } from './site.ts'

let site: Site

beforeAll(async () => {
  site = await openSite()
})

afterAll(async () => {
  await site?.close()
})

test('trains, pauses, resumes and reads a drawn 7 as 7, while the main thread stays free', {
  timeout: 4 * PATIENCE,
}, async () => {
  const opened = await site.open('digits/')
  const { page, screenshot } = opened
  await untilReady(page)
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
  console.log(inWords(long, tasks))
  // The clock runs on while a GPU in software takes the processors, so that it is the thread's own work that is bounded.
  expect(tasks.length).toBeGreaterThan(100)
  expect(tasks[0]?.worked).toBeLessThan(50)
  await screenshot('digits-light-1280-trained')
  await page.click('::-p-aria([name="Dark"])')
  await screenshot('digits-dark-1280-trained')
  await page.click('::-p-aria([name="Auto"])') // it is remembered
  await expectClean(opened)
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
    await expectClean(opened)
    await opened.close()
  }
})

test('says what is wrong with layer sizes, and keeps those in force', async () => {
  const opened = await site.open('digits/')
  const { page, screenshot } = opened
  await untilReady(page)
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
  await expectClean(opened)
  await opened.close()
})

test('settings at their ends work: a rate out of range is told, a batch of all, no hidden layer', {
  timeout: 2 * PATIENCE,
}, async () => {
  const opened = await site.open('digits/')
  const { page } = opened
  await untilReady(page)
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
  await expectClean(opened)
  await opened.close()
})

test('a double click on Start starts once; closing and reopening in the middle works', {
  timeout: 2 * PATIENCE,
}, async () => {
  const first = await site.open('digits/')
  await untilReady(first.page)
  const button = await first.page.waitForSelector('::-p-aria([name="Start"][role="button"])')
  await button?.click({ count: 2 })
  await untilStep(first.page, 10)
  expect(first.problems).toEqual([])
  await first.close() // in the middle
  const opened = await site.open('digits/')
  const { page } = opened
  await untilReady(page)
  await press(page, 'Start')
  await untilStep(page, 10)
  await page.reload() // in the middle as well
  await untilReady(page)
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

test('the second click of a double click is none: Start, Pause, Resume and Reset each do their own', {
  timeout: 2 * PATIENCE,
}, async () => {
  const opened = await site.open('digits/')
  const { page } = opened
  const doubleClick = async (name: string): Promise<void> => {
    const button = await untilButton(page, name)
    await button?.click({ count: 2, delay: 5 })
    await new Promise(resolve => setTimeout(resolve, 1000)) // what a second click did would show
  }
  await untilReady(page)
  await type(page, 'Epochs', '1000')
  await doubleClick('Start')
  await untilButton(page, 'Pause')
  await untilStep(page, 5)
  await doubleClick('Pause')
  await untilButton(page, 'Resume')
  const step = await stepOf(page)
  await doubleClick('Resume')
  await untilButton(page, 'Pause')
  await untilStep(page, step + 5)
  await doubleClick('Reset')
  await untilButton(page, 'Start')
  expect(await figure(page, 'Step')).toBe('0')
  await doubleClick('Start')
  await untilStep(page, 5)
  expect(opened.problems).toEqual([])
  await opened.close()
})

test('works by the keyboard alone: the button keeps the focus through start, pause, resume and the end', {
  timeout: 2 * PATIENCE,
}, async () => {
  const opened = await site.open('digits/')
  const { page } = opened
  const focused = () => page.evaluate(() => document.activeElement?.textContent)
  await untilReady(page)
  await (await untilButton(page, 'Start'))?.focus()
  await page.keyboard.press('Enter')
  await untilStep(page, 5)
  expect(await focused()).toBe('Pause')
  await page.keyboard.press('Space')
  await untilButton(page, 'Resume')
  expect(await focused()).toBe('Resume')
  const step = await stepOf(page)
  await page.keyboard.press('Enter')
  await untilStep(page, step + 5)
  await untilButton(page, 'Done')
  expect(await focused()).toBe('Done')
  await page.keyboard.press('Enter') // does nothing
  await page.keyboard.press('Tab')
  expect(await focused()).toBe('Reset')
  await page.keyboard.press('Enter')
  await untilButton(page, 'Start')
  expect(await figure(page, 'Step')).toBe('0')
  await expectClean(opened)
  await opened.close()
})
