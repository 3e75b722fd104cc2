// Controls as hands, keys and fingers find them: none does other than it says, and each says what it does.
import type { Page } from 'puppeteer'
import { expect, test } from 'vitest'
import { pause as pauseDigits, trainSmallNet, untilReady } from './digits_page.ts'
import { ready } from './playground.ts'
import { site } from './site.ts'
import {
  choose,
  drop,
  file,
  numberOf,
  press,
  save,
  says,
  textOf,
  type,
  until,
  untilButton,
  untilField,
} from './visitor.ts'

/** What the focus is on. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const { ariaLabel, id, tagName, textContent } = document.activeElement as HTMLElement
    return ariaLabel ?? (id || (tagName === 'BUTTON' ? (textContent ?? '') : tagName))
  })

const wait = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds))

test('the skip link moves the focus, and leaves the address as it is', async () => {
  const { page } = await site.open('playground/')
  await ready(page)
  await choose(page, 'Data set', 'xor')
  await page.waitForFunction(() => location.hash.includes('data=xor'))
  await page.focus('.skip')
  await page.keyboard.press('Enter')
  expect(await focused(page)).toBe('content')
  expect(page.url()).toContain('data=xor')
})

test('sizes that a layer cannot have are refused in words, and the field stays as typed', async () => {
  const { page, screenshot, faults } = await site.open('playground/')
  await ready(page)
  for (const text of ['5000', 'abc', '0', '2.5']) {
    await type(page, 'Neurons of layer 1', text)
    await says(
      page,
      '[aria-label=Network]',
      `“${text}” is not a whole number from 1 to 1024. Layer 1 keeps 8.`,
    )
    const field = await untilField(page, 'Neurons of layer 1')
    expect(
      await field?.evaluate(element => [(element as HTMLInputElement).value, element.ariaInvalid]),
    ).toEqual([text, 'true'])
  }
  await screenshot('playground-refused')
  expect(await faults()).toEqual([])
  await type(page, 'Neurons of layer 1', '5')
  await page.waitForFunction(() => document.querySelectorAll('.neuron').length === 2 + 5 + 2 * 8 + 1)
  expect(await textOf(page, '[aria-label=Network]')).not.toContain('is not a whole number')
  await type(page, 'Learning rate', '0,03')
  await says(page, 'main', '“0,03” is not a number from 0.000001 to 10. Decimals take a point: 0.03.')
})

test('a double click on Play plays, and one on Pause pauses', async () => {
  const { page } = await site.open('playground/')
  await ready(page)
  await press(page, 'Play', 2)
  await until(page, 'Epoch', epoch => epoch > 5)
  await press(page, 'Pause', 2)
  await untilButton(page, 'Play')
})

test('Pause says that it waits for the epoch under way, and rests when it says Play', async () => {
  const { page } = await site.open('playground/', {
    withoutGpu: true,
    hash: '#count=2000&trainShare=90&layers=200.tanh_200.tanh',
  })
  await ready(page)
  await press(page, 'Play')
  await until(page, 'Epoch', epoch => epoch >= 1)
  await press(page, 'Pause')
  const said = await textOf(page, '.bar button')
  await untilButton(page, 'Play')
  const epoch = await numberOf(page, 'Epoch')
  expect(said).toBe('Pausing…')
  await wait(3000) // longer than an epoch
  expect(await numberOf(page, 'Epoch')).toBe(epoch)
})

test('work on a large network is told while it is built', async () => {
  const { page } = await site.open('playground/', { withoutGpu: true })
  await ready(page)
  await page.evaluate(() => {
    Object.assign(globalThis, { seen: new Set<string>() })
    const note = () => {
      const words = document.querySelector('.reading')?.textContent ?? ''
      ;(globalThis as unknown as { seen: Set<string> }).seen.add(words)
      requestAnimationFrame(note)
    }
    note()
  })
  for (const layer of [1, 2]) await type(page, `Neurons of layer ${layer}`, '1024')
  await page.waitForSelector('.graph:not(.stale)')
  const seen = await page.evaluate(() =>
    [...(globalThis as unknown as { seen: Set<string> }).seen].join('\n'),
  )
  expect(seen).toMatch(/The network is being built: without a GPU, 1,0\d\d,\d\d\d weights take their time …/)
})

test('each control of the bar and of a layer tells what it does, to fingers as well', async () => {
  const { page, screenshot } = await site.open('playground/', { width: 390 })
  await ready(page)
  const mute = await page.evaluate(() =>
    [...document.querySelectorAll('.bar .button, .column-head :is(button, input, select), .features input')]
      .filter(element => {
        const id = element.getAttribute('aria-describedby') ?? ''
        return !document.getElementById(id)?.textContent
      })
      .map(element => element.ariaLabel ?? element.textContent),
  )
  expect(mute).toEqual([])
  const bubble = () =>
    page.$eval('.hint-bubble', one => (one.matches(':popover-open') ? one.textContent : ''))
  await (await page.waitForSelector('::-p-aria([name="About Run"])'))?.tap()
  expect(await bubble()).toContain('Step')
  await (await page.$('h1'))?.tap()
  await (await page.waitForSelector('::-p-aria([name="About Inputs"])'))?.tap()
  expect(await bubble()).toContain('number of each dot')
  // A finger held on a control has its hint shown, and does not press it.
  const button = await page.waitForSelector('::-p-aria([name="One neuron more in layer 1"])')
  await button?.evaluate(element => element.scrollIntoView({ block: 'center' }))
  await wait(300) // a scroll hides hints
  const box = await button?.boundingBox()
  const finger = await page.touchscreen.touchStart((box?.x ?? 0) + 5, (box?.y ?? 0) + 5)
  await wait(900)
  expect(await bubble()).toContain('neuron')
  await screenshot('playground-phone-hint')
  await finger.end()
  await wait(300) // a click would have come, and a network
  expect(await page.$$eval('.neuron', list => list.length)).toBe(2 + 3 * 8 + 1)
  await page.emulateMediaType('print')
  expect(await page.$eval('.hint-bubble', one => getComputedStyle(one).display)).toBe('none')
})

test('the focus stays near when its layer is removed, or when there is nothing more to undo', async () => {
  const { page } = await site.open('playground/')
  await ready(page)
  for (const next of ['Remove layer 2', 'Remove layer 1', 'Add a layer']) {
    const name = { 'Remove layer 2': 3, 'Remove layer 1': 2 }[next] ?? 1
    await page.focus(`[aria-label="Remove layer ${name}"]`)
    await page.keyboard.press('Enter')
    await page.waitForFunction(
      name => !document.querySelector(`[aria-label="Remove layer ${name}"]`),
      {},
      name,
    )
    expect(await focused(page)).toBe(next)
  }
  await page.focus('::-p-aria([name="Undo"][role="button"])')
  for (let i = 0; i < 4; i++) await page.keyboard.press('Enter')
  await page.waitForSelector('[aria-label="Remove layer 3"]')
  expect(await focused(page)).toBe('Undo')
})

test('long names stay within their places, and can be told apart', async () => {
  const { page, screenshot } = await site.open('playground/', { hash: '#data=own' })
  await says(page, 'main', 'Waiting for your CSV')
  const [first, second] = ['first', 'second'].map(name => `A very long column name, and it is the ${name}`)
  const kinds = ['left', 'right', 'middle'].map(
    name => `A class whose name is far longer than its dot: ${name}`,
  )
  const rows = Array.from({ length: 60 }, (_, i) => `${Math.sin(i)},${Math.cos(i)},${kinds[i % 3]}`)
  await drop(page, '.drop', file('long.csv', `"${first}","${second}",kind\n${rows.join('\n')}`))
  await says(page, '.legend', 'middle')
  await screenshot('playground-long-names')
  const found = await page.evaluate(() => {
    const widthOf = (selector: string) => document.querySelector(selector)?.getBoundingClientRect().width ?? 0
    const texts = (selector: string) =>
      [...document.querySelectorAll(selector)].map(({ textContent }) => textContent)
    return {
      axes: ['.axis-x', '.axis-y'].map(axis => widthOf(axis) / widthOf('.map')),
      dots: [...document.querySelectorAll('.legend svg')].map(dot => dot.getBoundingClientRect().width),
      labels: new Set(texts('.neuron span')).size,
      options: new Set(texts('.axes select:first-of-type option')).size,
      wide: [...document.querySelectorAll('.card')].filter(card => card.scrollWidth > card.clientWidth)
        .length,
    }
  })
  for (const share of found.axes) expect(share).toBeLessThan(0.5)
  expect(found).toMatchObject({ dots: [12, 12, 12], labels: 2 + 3, options: 2, wide: 0 })
})

test('no map is left of a network that is gone', async () => {
  const { page } = await site.open('playground/')
  await ready(page)
  const ink = () =>
    page.$eval('.map canvas', canvas => {
      const { data } = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, 50, 50) ?? {}
      return data?.some(byte => byte > 0)
    })
  await page.waitForFunction(() => document.querySelector('.curves'))
  expect(await ink()).toBe(true)
  await choose(page, 'Data set', 'own')
  await says(page, 'main', 'Waiting for your CSV')
  await wait(200) // it is drawn a frame later
  expect(await ink()).toBe(false)
})

test('the bar stays at hand on a phone, and leaves room for what it steers', async () => {
  const { page, screenshot } = await site.open('playground/', { width: 390 })
  await ready(page)
  await page.$eval('.map', map => map.scrollIntoView({ block: 'end' }))
  const bar = await (await page.$('.bar'))?.boundingBox()
  const map = await (await page.$('.map'))?.boundingBox()
  expect(bar?.y).toBe(0)
  expect(bar?.height).toBeLessThan(844 / 5)
  expect(map?.y).toBeGreaterThan(bar?.height ?? 0)
  await screenshot('playground-phone-bar')
})

test('Digits: a tap draws a dot', async () => {
  const { page } = await site.open('digits/')
  await untilReady(page)
  await page.click('.pad')
  await wait(200) // it is drawn a frame later
  const ink = await page.$eval('.pad', pad => {
    const { data } = (pad as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, 280, 280) ?? {}
    return data?.filter((byte, i) => i % 4 === 3 && byte > 0).length ?? 0
  })
  expect(ink).toBeGreaterThan(Math.PI * 10 ** 2)
})

test('Digits: a network that was trained and not saved is not left without a word; any other is', async () => {
  const { page, asked } = await site.open('digits/')
  await untilReady(page)
  await type(page, 'Hidden layers', '32') // a page that was not touched is left without a word in any case
  await page.reload()
  await trainSmallNet(page)
  expect(asked).toEqual([])
  await page.reload()
  expect(asked).toEqual(['beforeunload'])
  await trainSmallNet(page)
  await save(page, 'Download weights')
  await page.reload()
  await untilReady(page)
  await type(page, 'Hidden layers', '32')
  await press(page, 'Start')
  await until(page, 'Step', step => step > 5)
  await pauseDigits(page)
  await press(page, 'Reset')
  await page.reload()
  await untilReady(page)
  expect(asked).toEqual(['beforeunload'])
})

test('Kernels: an address changed by hand is heeded, and a name that no op has is told at its field', async () => {
  const { page } = await site.open('kernels/', { hash: '#find=relu', withoutGpu: true })
  await says(page, 'main', 'ops are shown')
  await page.evaluate(() => {
    location.hash = '#find=floor&family=unary'
  })
  await page.waitForFunction(
    () => document.querySelector<HTMLInputElement>('input[type=search]')?.value === 'floor',
  )
  expect(await page.$$eval('tr[data-op]', rows => rows.map(row => row.getAttribute('data-op')))).toEqual([
    'floor',
  ])
  await page.locator('input[type=search]').fill('zzzz')
  await says(page, '.field-error', 'No op of this family has “zzzz” in its name.')
  expect(await page.$eval('input[type=search]', field => field.ariaInvalid)).toBe('true')
})
