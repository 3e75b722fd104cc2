// What a visitor does on the page Digits alone: draws, trains a network, has one in a file.
import type { Page } from 'puppeteer'
import { numberOf, press, says, type, until, untilButton } from './visitor.ts'

/** The settings of a slow machine are there once it is known to be one. */
export const untilReady = (page: Page) => says(page, 'main', 'to be quick')

export const untilStep = (page: Page, least: number) => until(page, 'Step', step => step >= least)

/** Presses Pause and waits for the step under way to end; how many were made. */
export async function pause(page: Page): Promise<number> {
  await press(page, 'Pause')
  await untilButton(page, 'Resume')
  return numberOf(page, 'Step')
}

/** Small enough that a GPU in software ends within seconds. */
export async function trainSmallNet(page: Page): Promise<void> {
  await untilReady(page)
  await type(page, 'Hidden layers', '32')
  await type(page, 'Epochs', '4')
  await press(page, 'Start')
  await untilButton(page, 'Done')
}

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
