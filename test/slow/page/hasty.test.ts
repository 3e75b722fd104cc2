// What comes in the middle of something else: clicks faster than what they ask for, and a GPU that goes away between them.
import type { Page } from 'puppeteer'
import { expect, test } from 'vitest'
import { trainSmallNet, untilReady, untilStep, weightsOf } from './digits_page.ts'
import { centre, pause, ready, stepBy } from './playground.ts'
import { site } from './site.ts'
import {
  bring,
  choose,
  drop,
  file,
  numberOf,
  press,
  pressAtOnce,
  says,
  textOf,
  type,
  until,
  untilButton,
  untilField,
} from './visitor.ts'

/** Waits until the network that is shown is the one that was asked for. */
const built = (page: Page) => page.waitForSelector('.graph:not(.stale)')

/** The playground, in training. */
async function playing(): Promise<Page> {
  const { page } = await site.open('playground/')
  await ready(page)
  await press(page, 'Play')
  await until(page, 'Epoch', epoch => epoch > 5)
  return page
}

test('a neuron chosen while a network is being built has its weights listed once it is there', async () => {
  const { page } = await site.open('playground/')
  await ready(page)
  // A network is built within some hundred milliseconds: the choice falls before, into and after them.
  for (let delay = 0; delay <= 300; delay += 20) {
    await pressAtOnce(page, 'Reset', delay, 'Layer 1, neuron 1')
    await page.waitForSelector('.weights')
    await press(page, 'Layer 1, neuron 1')
    await page.waitForSelector('.weights', { hidden: true })
  }
})

test('a rate that is set while a network is being built is the rate it begins with', async () => {
  const page = await playing()
  await pressAtOnce(page, 'Pause', 'Reset')
  await page.evaluate(() => {
    const labels = [...document.querySelectorAll('label')]
    const field = labels.find(({ textContent }) => textContent === 'Learning rate')?.control
    if (!(field instanceof HTMLInputElement)) throw new Error('There is no learning rate.')
    field.value = '0.005'
    field.dispatchEvent(new Event('change', { bubbles: true }))
  })
  await until(page, 'Learning rate', rate => rate === 0.005)
  await built(page)
  expect(await page.$('.bar-note')).toBeNull()
})

test('what is typed while it trains stays, however often the page draws', async () => {
  const page = await playing()
  await press(page, 'Layer 1, neuron 1')
  // A line that is pointed at has its weight told anew, ten times a second.
  const [from, to] = [await centre(page, 'Input x₁'), await centre(page, 'Layer 1, neuron 1')]
  for (const name of ['From x₁', 'Neurons of layer 1']) {
    const field = await untilField(page, name)
    await field?.evaluate(element => (element as HTMLInputElement).select())
    await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2)
    await page.keyboard.type('12', { delay: 500 })
    expect(await field?.evaluate(element => (element as HTMLInputElement).value)).toBe('12')
  }
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.querySelectorAll('.neuron').length === 2 + 12 + 2 * 8 + 1)
})

test('of a run in training nothing is left once own data is awaited', async () => {
  const page = await playing()
  await choose(page, 'Data set', 'own')
  await says(page, 'main', 'Waiting for your CSV')
  await drop(page, '.drop', file('empty.csv', ''))
  await says(page, '.problems', 'no rows') // and the worker has answered
  expect(await numberOf(page, 'Epoch')).toBe(0)
})

test('of two tables the one brought last is taken, however long the first is read', async () => {
  const { page } = await site.open('playground/', { hash: '#data=own' })
  await says(page, '.banners', 'Your own data')
  const table = (name: string, times: number) =>
    file(`${name}.csv`, `${name},kind\n${'1,a\n2,b\n3,a\n4,b\n'.repeat(times)}`)
  await bring(page, 'Choose a file', table('slow', 200_000))
  await bring(page, 'Choose a file', table('quick', 5))
  await says(page, '.columns', 'quick')
  expect(await textOf(page, '.drop')).toContain('quick.csv')
  await stepBy(page, 1)
})

test('a network is kept for its own run alone', async () => {
  const page = await playing()
  await pressAtOnce(page, 'Pause', 'Reset') // it is kept at a pause, which takes until the epoch ends
  await until(page, 'Epoch', epoch => epoch === 0)
  await site.crashGpu()
  await says(page, '.banners', 'GPU went away')
  expect(await textOf(page, '.banners')).toContain('Training begins anew.')
  await press(page, 'Go on')
  await built(page)
  await stepBy(page, 1)
})

test('a network changed after its GPU went away begins anew; Go on pressed twice goes on once', async () => {
  const page = await playing()
  await pause(page)
  await site.crashGpu()
  await says(page, '.banners', 'GPU went away')
  await press(page, 'Add a layer')
  await says(page, '.banners', 'Training begins anew.')
  await press(page, 'Go on', 2)
  await until(page, 'Epoch', epoch => epoch === 0)
  await built(page)
  await stepBy(page, 2)
  expect(await textOf(page, '.problems')).toBe('')
})

test('Digits: weights whose file is still read when Start is pressed do not take the place of the network', async () => {
  const { page } = await site.open('digits/')
  await untilReady(page)
  await page.evaluate(() => {
    const read = Blob.prototype.arrayBuffer
    File.prototype.arrayBuffer = async function () {
      await new Promise(resolve => setTimeout(resolve, 1000))
      return read.call(this)
    }
  })
  await bring(
    page,
    'Load weights',
    file('linear.safetensors', weightsOf({ '0.weight': [784, 10], '0.bias': [10] })),
  )
  await type(page, 'Hidden layers', '32')
  await type(page, 'Epochs', '300')
  await press(page, 'Start')
  await untilStep(page, 20)
  await new Promise(resolve => setTimeout(resolve, 1500)) // the file is read by then
  await says(page, 'main', '784 pixels → 32 → 10 digits')
  await press(page, 'Pause')
})

test('Digits: a test digit that comes late does not take away what was drawn meanwhile', async () => {
  const { page } = await site.open('digits/')
  await trainSmallNet(page)
  await pressAtOnce(page, 'Test digit', 'Clear')
  await new Promise(resolve => setTimeout(resolve, 1000)) // it has come by then
  expect(await textOf(page, '.verdict')).toBe('Draw a digit.')
})

test('Kernels: Stop pressed while the GPU is measured times nothing', async () => {
  const { page } = await site.open('kernels/', { hash: '#find=floor' })
  await press(page, 'Time 1')
  await says(page, '.progress', 'measuring')
  await press(page, 'Stop timing')
  await untilButton(page, 'Time 1')
  expect(await page.$('.roofline')).toBeNull()
})
