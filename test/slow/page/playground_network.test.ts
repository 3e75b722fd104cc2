// The playground's network as a visitor handles it: weights read, set, saved and put back, layers looked into, every way to train it.
import type { Page } from 'puppeteer'
import { expect, test } from 'vitest'
import {
  ACTIVATIONS,
  INITIALIZERS,
  OPTIMIZERS,
  PENALTIES,
  SCHEDULES,
} from '../../../demo/playground/settings.ts'
import { centre, ready, stepBy } from './playground.ts'
import { site } from './site.ts'
import {
  bring,
  choose,
  numberOf,
  press,
  save,
  says,
  textOf,
  tick,
  type,
  until,
  untilButton,
  untilField,
} from './visitor.ts'

/** The number that a field shows. */
async function shown(page: Page, label: string): Promise<number> {
  const field = await untilField(page, label)
  return Number(await field?.evaluate(element => (element as HTMLInputElement).value))
}

test('a weight is read off its line, set, and a network comes back from its file', async () => {
  const { page } = await site.open('playground/')
  await ready(page)
  await stepBy(page, 2)
  const [from, to] = [await centre(page, 'Input x₁'), await centre(page, 'Layer 1, neuron 1')]
  const middle = [(from.x + to.x) / 2, (from.y + to.y) / 2] as const
  await page.mouse.move(...middle)
  await says(page, '.reading', 'Input x₁ → layer 1, neuron 1: weight')
  const read = Number(/weight (\S+)\. /.exec(await textOf(page, '.reading'))?.[1])
  await page.mouse.click(...middle)
  await page.waitForSelector('.weights input:focus')
  expect(await shown(page, 'From x₁')).toBe(read)

  const scores = async () => [await numberOf(page, 'Train loss'), await numberOf(page, 'Test loss')]
  const before = await scores()
  const path = await save(page, 'Download the weights')
  // The click that chose the line has left its field focused: what is typed replaces its value.
  await type(page, 'From x₁', '-4')
  await says(page, '.bar-note', 'by hand')
  await until(page, 'Test loss', loss => loss !== before[1])
  await bring(page, 'Load weights', path)
  await says(page, '.bar-note', 'loaded from a file')
  expect(await scores()).toEqual([expect.closeTo(before[0] ?? 0, 1), before[1]])
  await press(page, 'Step')
  await until(page, 'Epoch', epoch => epoch === 1)

  // Of another network, it is refused in words, and nothing breaks.
  await press(page, 'One neuron less in layer 1')
  await until(page, 'Epoch', epoch => epoch === 0)
  await bring(page, 'Load weights', path)
  await says(page, '.problems', '[2, 8]')
  await stepBy(page, 1)
})

test('each weight of a wide layer is reached, and the graph by keys', async () => {
  const { page, faults, screenshot } = await site.open('playground/', {
    hash: '#layers=40.tanh_30.relu_16.gelu',
  })
  await ready(page)
  await page.focus('[aria-label="Input x₁"]')
  for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown', 'ArrowDown', 'ArrowUp', 'Enter'] as const)
    await page.keyboard.press(key)
  await page.waitForSelector('section[aria-label="Weights into layer 2, neuron 2"]')
  expect(await page.$$eval('.neuron[tabindex="0"]', list => list.map(one => one.ariaLabel))).toEqual([
    'Layer 2, neuron 2',
  ])
  await type(page, 'Neuron', '29')
  await page.waitForSelector('section[aria-label="Weights into layer 2, neuron 29"]')
  await press(page, 'Later weights')
  const loss = await numberOf(page, 'Test loss')
  await type(page, 'From neuron 40', '3.25')
  await until(page, 'Test loss', value => value !== loss)
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  expect(await shown(page, 'From neuron 40')).toBe(3.25)
  await page.evaluate(() => scrollTo(0, 0))
  await screenshot('playground-wide')
  expect(await faults()).toEqual([])
})

test('the health of the layers is told while they train', async () => {
  const { page, faults, screenshot } = await site.open('playground/', {
    hash: '#layers=8.sigmoid_8.tanh_8.relu',
    theme: 'dark',
  })
  await ready(page)
  await tick(page, 'Look every second')
  const table = () =>
    page.$$eval('.health tbody tr', rows =>
      rows.map(row => [...row.children].map(cell => cell.textContent ?? '')),
    )
  await page.waitForSelector('.health')
  const first = await table()
  expect(first.map(([name]) => name)).toEqual(['Layer 1', 'Layer 2', 'Layer 3', 'Output'])
  for (const [, gradient, , update] of first) {
    expect(Number(gradient)).toBeGreaterThan(0)
    expect(Number(update)).toBeGreaterThan(0)
  }
  // Sigmoid and tanh saturate, relu dies; the output does neither.
  expect(
    first.map(([, , , , saturated, dead]) => [saturated, dead].map(text => text?.includes('%'))),
  ).toEqual([
    [true, false],
    [true, false],
    [false, true],
    [false, false],
  ])
  await press(page, 'Play')
  await page.waitForFunction(
    before => document.querySelector('.health')?.textContent !== before,
    {},
    await textOf(page, '.health'),
  )
  // A new run under its eyes, as often as one likes.
  for (const value of ['zeros', 'heNormal', 'zeros']) await choose(page, 'First weights', value)
  await says(page, '.health-warning', 'The gradient of layer 1 vanishes')
  await press(page, 'Pause')
  await screenshot('playground-health-dark')
  expect(await faults()).toEqual([])
  expect(await textOf(page, '.problems')).toBe('')
})

test('networks train by every optimizer, schedule, activation, penalty and first weights', async () => {
  const { page } = await site.open('playground/', {
    hash: '#count=100&layers=6.tanh_6.tanh',
  })
  await ready(page)
  const rounds = ACTIVATIONS.length
  for (let i = 0; i < rounds; i++) {
    const of = <Value>(list: readonly Value[]): Value => list[i % list.length] as Value
    const choices = {
      Optimizer: of(OPTIMIZERS),
      Schedule: of(SCHEDULES),
      Activation: of(ACTIVATIONS),
      'Penalty on weights': of(PENALTIES),
      'First weights': of(INITIALIZERS),
    }
    for (const [name, value] of Object.entries(choices)) await choose(page, name, value)
    // Each with and without.
    if (i % 3 === 1) await tick(page, 'Batch normalisation')
    if (i % 2 === 1) {
      await page.focus('::-p-aria([name="Dropout"][role="slider"])')
      await page.keyboard.press(i % 4 === 1 ? 'ArrowRight' : 'ArrowLeft')
    }
    await until(page, 'Epoch', epoch => epoch === 0)
    const losses = await stepBy(page, 3)
    const what = JSON.stringify(choices)
    for (const loss of losses) expect(loss, what).toMatch(/^\d\S* \d\S*$/)
    if (of(INITIALIZERS) !== 'zeros') expect(new Set(losses).size, what).toBe(3)
    expect(await textOf(page, '.problems'), what).toBe('')
  }
})

test('early stopping judges by rows held out, ends, and puts the best network back', async () => {
  const { page } = await site.open('playground/', {
    hash: '#data=gauss&noise=50&patience=3&learningRate=0.1&showTest=yes',
  })
  await ready(page)
  await press(page, 'Play')
  await says(page, '.bar-note', 'the validation loss has not improved for 3 epochs')
  const note = await textOf(page, '.bar-note')
  const best = Number(/of epoch (\d+)/.exec(note)?.[1])
  expect(note).toContain(`of epoch ${best} out of ${best + 3}`)
  // The epoch is that of the network that is there, as its losses are.
  expect(await numberOf(page, 'Epoch')).toBe(best)
  const [validation, test] = [await numberOf(page, 'Validation loss'), await numberOf(page, 'Test loss')]
  expect(validation).not.toBe(test)
  expect(await textOf(page, '.curves')).toContain('validation')
  // The scores shown are those of the network that is there, as a weight set to what it is shows.
  await page.click('[aria-label="Output"]')
  const bias = await shown(page, 'Bias')
  await type(page, 'Bias', String(bias + 1))
  await until(page, 'Test loss', loss => loss !== test)
  await type(page, 'Bias', String(bias))
  await until(page, 'Test loss', loss => Math.abs(loss - test) < 0.001)
})

test('hasty clicks, changes while it plays, and a page reloaded in the middle', async () => {
  const { page } = await site.open('playground/')
  await ready(page)
  await press(page, 'Step', 2)
  await until(page, 'Epoch', epoch => epoch === 2)
  await press(page, 'Reset', 2)
  await until(page, 'Epoch', epoch => epoch === 0)
  // The second click finds the button that has taken the first one's place.
  await press(page, 'Play', 2)
  await untilButton(page, 'Pause')
  await until(page, 'Epoch', epoch => epoch > 5)
  await press(page, 'Step')
  await untilButton(page, 'Play')
  await press(page, 'Reset')
  // A step of the run that is on its way.
  await press(page, 'Step')
  await until(page, 'Epoch', epoch => epoch === 1)
  await press(page, 'Play')
  for (const name of ['Add a layer', 'One neuron more in layer 4', 'Undo', 'Undo', 'Redo'])
    await press(page, name)
  await until(page, 'Epoch', epoch => epoch > 10)
  expect(await page.$$eval('.neuron', list => list.length)).toBe(2 + 4 * 8 + 1)
  // The learning rate alone is changed on the way.
  const epoch = await numberOf(page, 'Epoch')
  await type(page, 'Learning rate', '0.005')
  await says(page, '.bar-note', 'changed on the way')
  await until(page, 'Learning rate', rate => rate === 0.005)
  expect(await until(page, 'Epoch', value => value > epoch)).toBeGreaterThan(epoch)
  await page.waitForFunction(() => location.hash.includes('learningRate=0.005'))
  const link = page.url()
  expect(link).toContain('layers=8.tanh_8.tanh_8.tanh_8.tanh&')
  await page.reload()
  await ready(page)
  expect(page.url()).toBe(link)
  await until(page, 'Epoch', epoch => epoch === 0)
  await stepBy(page, 1)
  expect(await textOf(page, '.problems')).toBe('')
})

test('a loss that is no number ends training in words, and a smaller rate begins anew', async () => {
  const { page, faults, screenshot } = await site.open('playground/', {
    hash: '#data=hills&layers=16.relu&optimizer=sgd&learningRate=10&batchSize=100',
    width: 390,
  })
  await ready(page)
  await press(page, 'Play')
  await says(page, '.problems', 'The loss of step')
  expect(await textOf(page, '.problems')).toMatch(
    /Lower the learning rate, or look for what is odd in the data\./,
  )
  await says(page, '.bar-note', 'Training has ended: what went wrong stands at the top of the page.')
  expect(await page.$eval('.bar button', button => (button as HTMLButtonElement).disabled)).toBe(true)
  await screenshot('playground-diverged-phone')
  expect(await faults()).toEqual([])
  await type(page, 'Learning rate', '0.1')
  await until(page, 'Epoch', epoch => epoch === 0)
  await stepBy(page, 1)
  expect(await textOf(page, '.problems')).toBe('')
})
