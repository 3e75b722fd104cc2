// What a visitor does in the playground alone.
import type { Page } from 'puppeteer'
import { figure, numberOf, press, until, untilButton } from './visitor.ts'

/** Waits until there is a network. */
export const ready = (page: Page) => page.waitForSelector('.neuron')

/** Presses Pause and waits for the run to rest; its epoch. */
export async function pause(page: Page): Promise<number> {
  await press(page, 'Pause')
  await untilButton(page, 'Play')
  return numberOf(page, 'Epoch')
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

/** Where on the screen the middle of a neuron is. */
export async function centre(page: Page, name: string): Promise<{ x: number; y: number }> {
  const box = await (await page.$(`[aria-label="${name}"]`))?.boundingBox()
  if (!box) throw new Error(`There is no ${name}.`)
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
}
