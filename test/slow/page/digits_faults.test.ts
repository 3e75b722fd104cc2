// The page Digits where things go wrong: no GPU, one that goes away, a loss that is no number.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  choose,
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
  weightsOf,
} from './digits_page.ts'
import { openSite, type Site } from './site.ts'

let site: Site

beforeAll(async () => {
  site = await openSite()
})

afterAll(async () => {
  await site?.close()
})

test('a lost GPU is told, and training goes on from the weights kept', {
  timeout: 3 * PATIENCE,
}, async () => {
  const opened = await site.open('digits/')
  const { page, screenshot, faults } = opened
  await untilReady(page)
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
  await expectClean(opened)
  await opened.close()
})

test('a loss that is no number is told in plain words, and the network before it is kept', {
  timeout: 2 * PATIENCE,
}, async () => {
  const opened = await site.open('digits/')
  const { page, screenshot } = opened
  await untilReady(page)
  // Adam moves weights by the learning rate at most: it takes a network from elsewhere to go beyond numbers at once.
  const path = join(mkdtempSync(join(tmpdir(), 'retrograd-huge-')), 'huge.safetensors')
  writeFileSync(path, weightsOf({ '0.weight': [784, 10], '0.bias': [10] }, 3e38))
  await choose(page, 'Load weights', path)
  await type(page, 'Learning rate', '10')
  await press(page, 'Resume')
  await untilText(page, '.problems', 'the loss is no number any more')
  const words = await page.$eval('.problems', element => element.textContent)
  expect(words).toContain('Lower the learning rate, which is 10, and press Resume.')
  await untilButton(page, 'Resume')
  expect(await stepOf(page)).toBe(0)
  expect(words).toContain('after step 0:')
  await draw(page, SEVEN)
  await untilText(page, '.verdict', '% sure') // the network answers
  await screenshot('digits-no-number')
  await press(page, 'Reset')
  await type(page, 'Learning rate', '0.002')
  await type(page, 'Epochs', '2')
  await press(page, 'Start')
  await untilButton(page, 'Done')
  expect(await page.$eval('.problems', element => element.textContent)).toBe('')
  await expectClean(opened)
  await opened.close()
})

test('a worker that cannot be loaded is told, and may be tried again', { timeout: PATIENCE }, async () => {
  site.refuse(/\/trainer-/)
  const { page, screenshot, close } = await site.open('digits/')
  await untilText(page, '.problems', 'A part of this page could not be loaded.')
  await press(page, 'Start')
  await untilText(page, '.problems', 'A part of this page could not be loaded.')
  await screenshot('digits-no-worker')
  site.refuse(null)
  await untilButton(page, 'Start')
  await type(page, 'Epochs', '2')
  await press(page, 'Start')
  await untilButton(page, 'Done')
  expect(await page.$eval('.problems', element => element.textContent)).toBe('')
  await close()
})

// The last here: after crashes browsers are slow to give other pages a GPU.
test('a GPU lost twice: the second time it goes on by the CPU, and says why', {
  timeout: 4 * PATIENCE,
}, async () => {
  const opened = await site.open('digits/')
  const { page, screenshot } = opened
  await untilReady(page)
  await type(page, 'Hidden layers', '32')
  await type(page, 'Epochs', '300')
  await press(page, 'Start')
  await untilStep(page, 50)
  let step = 0
  for (const crash of [1, 2]) {
    await press(page, 'Pause')
    await untilButton(page, 'Resume')
    step = await stepOf(page)
    await press(page, 'Resume')
    await untilStep(page, step + 5)
    await site.crashGpu()
    await untilText(page, '.banners', 'The GPU went away')
    await press(page, 'Go on')
    await untilStep(page, step + 20)
    if (crash === 2) await untilText(page, '.banners', 'The GPU went away more than once')
  }
  await screenshot('digits-lost-twice')
  await press(page, 'Pause')
  await untilButton(page, 'Resume')
  expect(Number.parseFloat(await figure(page, 'Test accuracy'))).toBeGreaterThan(40) // not begun anew
  await draw(page, SEVEN)
  await page.waitForFunction(() => document.querySelector('.verdict b'), { timeout: PATIENCE })
  await expectClean(opened)
  await opened.close()
})
