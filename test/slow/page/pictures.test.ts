// The pictures of the three pages that the README shows, light and dark, each at work: RETROGRAD_SCREENSHOTS names their folder.
import type { Page } from 'puppeteer'
import { test } from 'vitest'
import { site } from './site.ts'
import { press, says, until, untilButton } from './visitor.ts'

/** What a visitor does before the picture is taken. */
const scenes = {
  playground: async (page: Page) => {
    await press(page, 'Play')
    await until(page, 'Epoch', epoch => epoch >= 150)
    await press(page, 'Pause')
  },
  digits: async (page: Page) => {
    // The settings of a slow machine are there once it is known to be one.
    await says(page, 'main', 'to be quick')
    await press(page, 'Start')
    await untilButton(page, 'Done')
    await press(page, 'Test digit')
  },
  kernels: async (page: Page) => {
    const verify = await page.waitForSelector(
      '::-p-xpath(//button[starts-with(., "Verify")][not(@disabled)])',
    )
    await verify?.click()
    await page.waitForSelector('::-p-xpath(//button[contains(., "again")])')
  },
} as const

const hashes = { playground: '', digits: '', kernels: '#family=reduction' } as const

test.each(
  (['playground', 'digits', 'kernels'] as const).flatMap(name =>
    (['light', 'dark'] as const).map(theme => [name, theme] as const),
  ),
)('%s, %s', async (name, theme) => {
  const opened = await site.open(`${name}/`, { theme, hash: hashes[name] })
  const { page, screenshot } = opened
  await scenes[name](page)
  // The hint of what was pressed would cover the page.
  await page.mouse.move(2, 2)
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  await new Promise(resolve => setTimeout(resolve, 300))
  await screenshot(`${name}-${theme}`)
})
