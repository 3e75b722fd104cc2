// What a visitor does on any page: presses, types, chooses, brings and takes files, and waits for figures and words.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'puppeteer'
import { afterAll } from 'vitest'
import { PATIENCE } from './site.ts'

/** A selector of controls by what they are called. */
const named = (name: string, role: string): string => `::-p-aria([name="${name}"][role="${role}"])`

/** Presses a button when it can be pressed; twice in a row for a double click. */
export const press = (page: Page, name: string, count = 1): Promise<void> =>
  page.locator(named(name, 'button')).click({ count, delay: 5 })

/** Ticks a box, or takes the tick away. */
export const tick = (page: Page, name: string): Promise<void> => page.locator(named(name, 'checkbox')).click()

/** Presses buttons faster than hands can, as slow machines let hands do; a number is a pause of so many ms. */
export const pressAtOnce = (page: Page, ...names: (string | number)[]): Promise<void> =>
  page.evaluate(async names => {
    for (const name of names) {
      await new Promise(resolve => setTimeout(resolve, typeof name === 'number' ? name : 0)) // the page draws
      if (typeof name === 'number') continue
      const buttons = [...document.querySelectorAll('button')]
      const found = buttons.find(({ ariaLabel, textContent }) => (ariaLabel ?? textContent) === name)
      if (!found) throw new Error(`There is no button ${name}.`)
      found.click()
    }
  }, names)

export const untilButton = (page: Page, name: string) => page.waitForSelector(named(name, 'button'))

export const untilField = (page: Page, name: string) => page.waitForSelector(named(name, 'textbox'))

/** Types into a field, in place of what stands there. */
export async function type(page: Page, name: string, text: string): Promise<void> {
  const field = page.locator(named(name, 'textbox'))
  // Out from under the bar that stays at the top.
  const element = await field.waitHandle()
  await element.evaluate(element => element.scrollIntoView({ block: 'center' }))
  await field.click({ count: 3 })
  await page.keyboard.type(text)
  await page.keyboard.press('Enter')
}

/** Chooses in a list. */
export async function choose(page: Page, list: string, value: string): Promise<void> {
  const field = await page.waitForSelector(named(list, 'combobox'))
  await field?.select(value)
}

/** What a figure says; '' where there is none of that name. */
export const figure = (page: Page, name: string): Promise<string> =>
  page.evaluate(name => {
    const terms = [...document.querySelectorAll('.figures dt')]
    return terms.find(term => term.textContent === name)?.nextElementSibling?.textContent ?? ''
  }, name)

/** The number that a figure shows; NaN while it shows none. */
export const numberOf = async (page: Page, name: string): Promise<number> =>
  Number.parseFloat((await figure(page, name)).replaceAll(',', ''))

/** Waits until a figure's number is as wanted. */
export async function until(
  page: Page,
  name: string,
  isReached: (value: number) => boolean,
): Promise<number> {
  const end = Date.now() + PATIENCE
  while (Date.now() < end) {
    const value = await numberOf(page, name)
    if (isReached(value)) return value
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`${name} is ${await figure(page, name)}.`)
}

export const textOf = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, element => element.textContent ?? '')

/** Waits until a part of the page says so. */
export const says = (page: Page, selector: string, words: string, timeout = PATIENCE) =>
  page.waitForFunction(
    (selector, words) => document.querySelector(selector)?.textContent?.includes(words),
    { timeout },
    selector,
    words,
  )

/** Pixels that the page takes: more than the window has, and it scrolls sideways. */
export const widthOf = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth)

const disk = mkdtempSync(join(tmpdir(), 'retrograd-visitor-'))

afterAll(() => rmSync(disk, { recursive: true, force: true }))

/** Writes a file for the visitor to bring; its path. All lie in one folder. */
export function file(name: string, content: Uint8Array | string): string {
  const path = join(disk, name)
  writeFileSync(path, content)
  return path
}

/** Presses a button that asks for files, and gives it some. */
export async function bring(page: Page, button: string, ...paths: string[]): Promise<void> {
  const [chooser] = await Promise.all([page.waitForFileChooser(), press(page, button)])
  await chooser.accept(paths)
}

/** Drops files onto a part of the page, as a hand does. */
export async function drop(page: Page, selector: string, ...files: string[]): Promise<void> {
  await page.locator(selector).hover() // once it stands still
  const box = await (await page.$(selector))?.boundingBox()
  if (!box) throw new Error(`There is no ${selector} to drop files on.`)
  const session = await page.createCDPSession()
  const data = { items: [], files, dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, x: box.x + 20, y: box.y + 20, data })
  await session.detach()
}

let saved = 0

/** Presses a button that saves a file; where it lies then. */
export async function save(page: Page, button: string): Promise<string> {
  const downloadPath = join(disk, `saved-${saved++}`)
  mkdirSync(downloadPath)
  const session = await page.createCDPSession()
  await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath, eventsEnabled: true })
  const isSaved = new Promise<void>(resolve => {
    session.on('Browser.downloadProgress', ({ state }) => {
      if (state === 'completed') resolve()
    })
  })
  await press(page, button)
  await isSaved
  await session.detach()
  const [name = ''] = readdirSync(downloadPath)
  return join(downloadPath, name)
}
