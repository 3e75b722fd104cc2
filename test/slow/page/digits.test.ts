// The page Digits as people use it: trained, paused, resumed, drawn into, set to extremes and reopened.
import { expect, test } from 'vitest'
import { draw, pause, SEVEN, trainSmallNet, untilReady, untilStep } from './digits_page.ts'
import { inWords, watchMainThread } from './main_thread.ts'
import { site } from './site.ts'
import { figure, numberOf, press, says, type, untilButton, widthOf } from './visitor.ts'

test('trains, pauses, resumes and reads a drawn 7 as 7, while the main thread stays free', async () => {
  const { page, screenshot, faults } = await site.open('digits/')
  await untilReady(page)
  await screenshot('digits-start')
  const mainThread = await watchMainThread(page)
  await type(page, 'Epochs', '8')
  await press(page, 'Start')
  await untilStep(page, 30)
  await screenshot('digits-training')
  const paused = await pause(page)
  await new Promise(resolve => setTimeout(resolve, 1500))
  expect(await numberOf(page, 'Step')).toBe(paused)
  await type(page, 'Learning rate', '0.003')
  await press(page, 'Resume')
  await untilStep(page, paused + 30)
  await draw(page, SEVEN) // while it trains
  await untilButton(page, 'Done')
  await says(page, '.verdict', 'Read as 7')
  expect(await figure(page, 'Epoch')).toBe('8 of 8')
  const accuracy = await numberOf(page, 'Test accuracy')
  console.log(`test accuracy ${accuracy} %, ${await figure(page, 'Digits/s')} digits/s`)
  expect(accuracy).toBeGreaterThan(88)
  const counts = await page.$$eval('.confusion tbody td', cells =>
    cells.map(cell => Number(cell.textContent || 0)),
  )
  expect(counts).toHaveLength(100)
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1000)
  expect(await page.$$eval('.wrong li', items => items.length)).toBe(16)
  const seen = await mainThread()
  console.log(inWords(seen))
  // The clock runs on while a GPU in software takes the processors, so that it is the thread's own work that is bounded.
  expect(seen.tasks.length).toBeGreaterThan(100)
  expect(seen.tasks[0]?.worked).toBeLessThan(50)
  await screenshot('digits-light-1280-trained')
  await page.click('::-p-aria([name="Dark"])')
  await screenshot('digits-dark-1280-trained')
  await page.click('::-p-aria([name="Auto"])') // it is remembered
  expect(await faults()).toEqual([])
})

test.each(['light', 'dark'] as const)(
  'fits a phone when all is shown, and reads what a finger draws: %s',
  async theme => {
    const { page, screenshot, faults } = await site.open('digits/', { width: 390, theme })
    await trainSmallNet(page)
    await draw(page, SEVEN, 'finger')
    await says(page, '.verdict', 'Read as 7')
    await screenshot(`digits-${theme}-390-trained`)
    expect(await widthOf(page)).toBeLessThanOrEqual(390)
    expect(await faults()).toEqual([])
  },
)

test('says what is wrong with layer sizes, and keeps those in force', async () => {
  const { page, screenshot, faults } = await site.open('digits/')
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
    await says(page, '.field-error', words)
  }
  await screenshot('digits-bad-sizes')
  await type(page, 'Hidden layers', '48,24')
  await says(page, 'main', '784 pixels → 48 → 24 → 10 digits: 39,106 weights.')
  expect(await faults()).toEqual([])
})

test('settings at their ends work: a rate out of range is told, a batch of all, no hidden layer', async () => {
  const { page, faults } = await site.open('digits/')
  await untilReady(page)
  await type(page, 'Hidden layers', '64, 64, 64')
  await type(page, 'Learning rate', '1e9')
  await says(page, 'main', '“1e9” is not a number from 0.000001 to 10.')
  await type(page, 'Learning rate', '10')
  await type(page, 'Batch size', '10000') // more than there are digits: the whole set
  await press(page, 'Start')
  await untilButton(page, 'Done')
  expect(await numberOf(page, 'Step')).toBe(10)
  await press(page, 'Reset')
  await type(page, 'Hidden layers', ' ')
  await type(page, 'Learning rate', '0.01')
  await type(page, 'Batch size', '50')
  await type(page, 'Epochs', '2')
  await press(page, 'Start')
  await untilButton(page, 'Done')
  expect(await numberOf(page, 'Test accuracy')).toBeGreaterThan(75) // a single layer
  expect(await faults()).toEqual([])
})

test('a double click on Start starts once; closing and reopening in the middle works', async () => {
  const { page: first } = await site.open('digits/')
  await untilReady(first)
  await press(first, 'Start', 2)
  await untilStep(first, 10)
  await first.close() // in the middle
  const { page } = await site.open('digits/')
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
})

test('the second click of a double click is none: Start, Pause, Resume and Reset each do their own', async () => {
  const { page } = await site.open('digits/')
  const doubleClick = async (name: string): Promise<void> => {
    await press(page, name, 2)
    await new Promise(resolve => setTimeout(resolve, 1000)) // what a second click did would show
  }
  await untilReady(page)
  await type(page, 'Epochs', '1000')
  await doubleClick('Start')
  await untilButton(page, 'Pause')
  await untilStep(page, 5)
  await doubleClick('Pause')
  await untilButton(page, 'Resume')
  const step = await numberOf(page, 'Step')
  await doubleClick('Resume')
  await untilButton(page, 'Pause')
  await untilStep(page, step + 5)
  await doubleClick('Reset')
  await untilButton(page, 'Start')
  expect(await figure(page, 'Step')).toBe('0')
  await doubleClick('Start')
  await untilStep(page, 5)
})

test('works by the keyboard alone: the button keeps the focus through start, pause, resume and the end', async () => {
  const { page, faults } = await site.open('digits/')
  const focused = () => page.evaluate(() => document.activeElement?.textContent)
  await untilReady(page)
  await (await untilButton(page, 'Start'))?.focus()
  await page.keyboard.press('Enter')
  await untilStep(page, 5)
  expect(await focused()).toBe('Pause')
  await page.keyboard.press('Space')
  await untilButton(page, 'Resume')
  expect(await focused()).toBe('Resume')
  const step = await numberOf(page, 'Step')
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
  expect(await faults()).toEqual([])
})
