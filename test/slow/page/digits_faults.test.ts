// The page Digits where things go wrong: no GPU, one that goes away, a loss that is no number.
import { expect, test } from 'vitest'
import { draw, pause, SEVEN, trainSmallNet, untilReady, untilStep, weightsOf } from './digits_page.ts'
import { site } from './site.ts'
import { bring, file, numberOf, press, says, textOf, type, untilButton } from './visitor.ts'

test('a lost GPU is told, and training goes on from the weights kept', async () => {
  const { page, screenshot, faults } = await site.open('digits/')
  await untilReady(page)
  await type(page, 'Epochs', '300')
  await press(page, 'Start')
  await untilStep(page, 50)
  const kept = await pause(page) // the network is kept then
  await draw(page, SEVEN)
  await press(page, 'Resume')
  await untilStep(page, kept + 10)
  await site.crashGpu()
  await says(page, '.banners', 'The GPU went away')
  const [, step] = /The network of step (\d+) is kept/.exec(await textOf(page, '.banners')) ?? ['', '']
  expect(Number(step)).toBeGreaterThanOrEqual(kept)
  await screenshot('digits-lost')
  await press(page, 'Go on')
  await untilStep(page, Number(step) + 20)
  await pause(page)
  expect(await numberOf(page, 'Test accuracy')).toBeGreaterThan(40) // not begun anew
  expect(await faults()).toEqual([])
})

test('without WebGPU it trains on the CPU', async () => {
  const { page, faults } = await site.open('digits/', { withoutGpu: true })
  await trainSmallNet(page)
  await draw(page, SEVEN)
  await says(page, '.verdict', 'Read as 7')
  expect(await faults()).toEqual([])
})

test('a loss that is no number is told in plain words, and the network before it is kept', async () => {
  const { page, screenshot, faults } = await site.open('digits/')
  await untilReady(page)
  // Adam moves weights by the learning rate at most: it takes a network from elsewhere to go beyond numbers at once.
  const huge = weightsOf({ '0.weight': [784, 10], '0.bias': [10] }, 3e38)
  await bring(page, 'Load weights', file('huge.safetensors', huge))
  await type(page, 'Learning rate', '10')
  await press(page, 'Resume')
  await says(page, '.problems', 'the loss is no number any more')
  const words = await textOf(page, '.problems')
  expect(words).toContain('Lower the learning rate, which is 10, and press Resume.')
  await untilButton(page, 'Resume')
  expect(await numberOf(page, 'Step')).toBe(0)
  expect(words).toContain('after step 0:')
  await draw(page, SEVEN)
  await says(page, '.verdict', '% sure') // the network answers
  await screenshot('digits-no-number')
  await press(page, 'Reset')
  await type(page, 'Learning rate', '0.002')
  await type(page, 'Epochs', '2')
  await press(page, 'Start')
  await untilButton(page, 'Done')
  expect(await textOf(page, '.problems')).toBe('')
  expect(await faults()).toEqual([])
})

test('a worker that cannot be loaded is told, and may be tried again', async () => {
  site.refuse(/\/trainer-/)
  const { page, screenshot } = await site.open('digits/', { excused: /404|request failed/ })
  await says(page, '.problems', 'A part of this page could not be loaded.')
  await press(page, 'Start')
  await says(page, '.problems', 'A part of this page could not be loaded.')
  await screenshot('digits-no-worker')
  site.refuse(null)
  await untilButton(page, 'Start')
  await type(page, 'Epochs', '2')
  await press(page, 'Start')
  await untilButton(page, 'Done')
  expect(await textOf(page, '.problems')).toBe('')
})

// The last here: after crashes browsers are slow to give other pages a GPU.
test('a GPU lost twice: the second time it goes on by the CPU, and says why', async () => {
  const { page, screenshot, faults } = await site.open('digits/')
  await untilReady(page)
  await type(page, 'Hidden layers', '32')
  await type(page, 'Epochs', '300')
  await press(page, 'Start')
  await untilStep(page, 50)
  for (const crash of [1, 2]) {
    const step = await pause(page)
    await press(page, 'Resume')
    await untilStep(page, step + 5)
    await site.crashGpu()
    await says(page, '.banners', 'The GPU went away')
    await press(page, 'Go on')
    await untilStep(page, step + 20)
    if (crash === 2) await says(page, '.banners', 'The GPU went away more than once')
  }
  await screenshot('digits-lost-twice')
  await pause(page)
  expect(await numberOf(page, 'Test accuracy')).toBeGreaterThan(40) // not begun anew
  await draw(page, SEVEN)
  await page.waitForSelector('.verdict b')
  expect(await faults()).toEqual([])
})
