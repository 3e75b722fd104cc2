// What tests do on the page Digits: press, type, draw, and wait for figures and words.
import type { Page } from 'puppeteer'
import { expect } from 'vitest'
import type { OpenedPage } from './site.ts'

export const PATIENCE = 120_000 // ms: what a GPU in software may take on a busy machine

const roleOf = (name: string, role: string): string => `::-p-aria([name="${name}"][role="${role}"])`

/** Presses a button by its name, when it can be pressed. */
export async function press(page: Page, name: string): Promise<void> {
  await page.locator(roleOf(name, 'button')).setTimeout(PATIENCE).click()
}

/** Types into a control, found by its label, and leaves it. */
export async function type(page: Page, label: string, text: string): Promise<void> {
  const control = page.locator(roleOf(label, 'textbox'))
  await control.click({ count: 3 })
  await page.keyboard.type(text)
  await page.keyboard.press('Tab')
}

/** A figure of the card Training. */
export const figure = (page: Page, name: string): Promise<string> =>
  page.evaluate(wanted => {
    const terms = [...document.querySelectorAll('.figures dt')]
    return terms.find(term => term.textContent === wanted)?.nextElementSibling?.textContent ?? ''
  }, name)

export const stepOf = async (page: Page): Promise<number> =>
  Number((await figure(page, 'Step')).replaceAll(',', ''))

export const untilStep = (page: Page, step: number) =>
  page.waitForFunction(
    wanted => {
      const terms = [...document.querySelectorAll('.figures dt')]
      const shown = terms.find(term => term.textContent === 'Step')?.nextElementSibling?.textContent
      return Number(shown?.replaceAll(',', '')) >= wanted
    },
    { timeout: PATIENCE },
    step,
  )

export const untilText = (page: Page, selector: string, text: string) =>
  page.waitForFunction(
    (where, wanted) => document.querySelector(where)?.textContent?.includes(wanted),
    { timeout: PATIENCE },
    selector,
    text,
  )

export const untilButton = (page: Page, name: string) =>
  page.waitForSelector(roleOf(name, 'button'), { timeout: PATIENCE })

/** The settings of a slow machine are there once it is known to be one. */
export const untilReady = (page: Page) => untilText(page, 'main', 'to be quick')

type Place = readonly [x: number, y: number]

/** Draws lines with the mouse, or with a finger; points are shares of the field. */
export async function draw(
  page: Page,
  points: readonly Place[],
  by: 'mouse' | 'finger' = 'mouse',
): Promise<void> {
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

export const SEVEN: readonly Place[] = [
  [0.27, 0.25],
  [0.72, 0.24],
  [0.6, 0.5],
  [0.46, 0.84],
]

export async function expectClean({ faults, problems }: OpenedPage): Promise<void> {
  expect(await faults()).toEqual([])
  expect(problems).toEqual([])
}

/** Small enough that a GPU in software ends within seconds. */
export async function trainSmallNet(page: Page): Promise<void> {
  await untilReady(page)
  await type(page, 'Hidden layers', '32')
  await type(page, 'Epochs', '4')
  await press(page, 'Start')
  await untilButton(page, 'Done')
}

/** Has the page's file chooser give files. */
export async function choose(page: Page, button: string, ...paths: string[]): Promise<void> {
  const [chooser] = await Promise.all([page.waitForFileChooser(), press(page, button)])
  await chooser.accept(paths)
}

/** A safetensors file of float32 tensors by shape, filled with one number. */
export function weightsOf(shapes: Readonly<Record<string, readonly number[]>>, fill = 0): Uint8Array {
  let end = 0
  const header = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const start = end
      end += 4 * shape.reduce((size, length) => size * length, 1)
      return [name, { dtype: 'F32', shape, data_offsets: [start, end] }]
    }),
  )
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, Buffer.from(new Float32Array(end / 4).fill(fill).buffer)])
}
