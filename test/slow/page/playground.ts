// What a visitor does in the playground, for its tests: reads figures, presses buttons, brings files.
import type { Page } from 'puppeteer'

/** What the bar says under a name; NaN while it says nothing. */
export const figure = (page: Page, name: string): Promise<number> =>
  page.$$eval(
    '.bar .figures > div',
    (items, name) => {
      const found = items.find(item => item.querySelector('dt')?.textContent === name)
      return Number.parseFloat((found?.querySelector('dd')?.textContent ?? '').replaceAll(',', ''))
    },
    name,
  )

/** Waits until a figure is as wanted. */
export async function until(
  page: Page,
  name: string,
  isReached: (value: number) => boolean,
): Promise<number> {
  const end = Date.now() + 60_000
  while (Date.now() < end) {
    const value = await figure(page, name)
    if (isReached(value)) return value
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`${name} is ${await figure(page, name)}.`)
}

export const press = (page: Page, name: string): Promise<void> =>
  page.locator(`::-p-aria([name="${name}"][role="button"])`).click()

/** Presses Pause and waits for the run to rest; its epoch. */
export async function pause(page: Page): Promise<number> {
  await press(page, 'Pause')
  let [before, epoch] = [Number.NaN, await figure(page, 'Epoch')]
  while (before !== epoch) {
    await new Promise(resolve => setTimeout(resolve, 500))
    ;[before, epoch] = [epoch, await figure(page, 'Epoch')]
  }
  return epoch
}

/** Chooses in a list. */
export async function choose(page: Page, list: string, value: string): Promise<void> {
  const field = await page.waitForSelector(`::-p-aria([name="${list}"][role="combobox"])`)
  await field?.select(value)
}

/** Types into a field, in place of what stands there. */
export async function type(page: Page, name: string, value: string): Promise<void> {
  const field = await page.waitForSelector(`::-p-aria([name="${name}"][role="textbox"])`)
  // Out from under the bar that stays at the top.
  await field?.evaluate(element => element.scrollIntoView({ block: 'center' }))
  await field?.click({ count: 3 })
  await page.keyboard.type(value)
  await page.keyboard.press('Enter')
}

/** Presses Step, so many times; the losses after each. */
export async function stepBy(page: Page, count: number): Promise<string[]> {
  const seen: string[] = []
  for (let i = 0; i < count; i++) {
    const epoch = await until(page, 'Epoch', Number.isFinite)
    await press(page, 'Step')
    await until(page, 'Epoch', value => value === epoch + 1)
    seen.push(`${await figure(page, 'Train loss')} ${await figure(page, 'Test loss')}`)
  }
  return seen
}

export const ready = (page: Page) => page.waitForSelector('.neuron', { timeout: 60_000 })

/** Waits until a part of the page says so. */
export const says = (page: Page, selector: string, wanted: string) =>
  page.waitForFunction(
    (selector, wanted) => document.querySelector(selector)?.textContent?.includes(wanted),
    {},
    selector,
    wanted,
  )

/** Drops a file onto the page's place for it, as a hand does. */
export async function drop(page: Page, file: string): Promise<void> {
  const zone = await page.waitForSelector('.drop')
  await zone?.scrollIntoView()
  // What is still being laid out would move the place from under the pointer.
  let [before, box] = [await zone?.boundingBox(), await zone?.boundingBox()]
  do {
    await new Promise(resolve => setTimeout(resolve, 500))
    ;[before, box] = [box, await zone?.boundingBox()]
  } while (before?.y !== box?.y)
  if (!box) throw new Error('There is no place to drop a file.')
  const session = await page.createCDPSession()
  const data = { items: [], files: [file], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, x: box.x + 20, y: box.y + 20, data })
  await session.detach()
}
