// The pictures of the three pages that the README shows, light and dark, each at work: RETROGRAD_SCREENSHOTS names their folder.
import type { Page } from 'puppeteer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSite, type Site } from './site.ts'

let site: Site

beforeAll(async () => {
  site = await openSite()
})

afterAll(async () => {
  await site?.close()
})

const PATIENCE = 120_000 // ms: what a GPU in software may take on a busy machine

const press = (page: Page, name: string): Promise<void> =>
  page.locator(`::-p-aria([name="${name}"][role="button"])`).setTimeout(PATIENCE).click()

/** Waits until a figure of the page is at least so much. */
const until = (page: Page, name: string, least: number) =>
  page.waitForFunction(
    (wanted, least) => {
      const terms = [...document.querySelectorAll('.figures dt')]
      const shown = terms.find(term => term.textContent === wanted)?.nextElementSibling?.textContent
      return Number.parseFloat((shown ?? '').replaceAll(',', '')) >= least
    },
    { timeout: PATIENCE },
    name,
    least,
  )

/** What a visitor does before the picture is taken. */
const scenes = {
  playground: async (page: Page) => {
    await press(page, 'Play')
    await until(page, 'Epoch', 150)
    await press(page, 'Pause')
  },
  digits: async (page: Page) => {
    // The settings of a slow machine are there once it is known to be one.
    await page.waitForFunction(() => document.body.textContent?.includes('to be quick'), {
      timeout: PATIENCE,
    })
    await press(page, 'Start')
    await page.waitForSelector('::-p-aria([name="Done"][role="button"])', { timeout: PATIENCE })
    await press(page, 'Test digit')
  },
  kernels: async (page: Page) => {
    const verify = await page.waitForSelector(
      '::-p-xpath(//button[starts-with(., "Verify")][not(@disabled)])',
    )
    await verify?.click()
    await page.waitForSelector('::-p-xpath(//button[contains(., "again")])', { timeout: PATIENCE })
  },
} as const

const hashes = { playground: '', digits: '', kernels: '#family=reduction' } as const

test.each(
  (['playground', 'digits', 'kernels'] as const).flatMap(name =>
    (['light', 'dark'] as const).map(theme => [name, theme] as const),
  ),
)('%s, %s', async (name, theme) => {
  const opened = await site.open(`${name}/`, { theme, hash: hashes[name] })
  const { page, problems, screenshot, close } = opened
  await scenes[name](page)
  // The hint of what was pressed would cover the page.
  await page.mouse.move(2, 2)
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  await new Promise(resolve => setTimeout(resolve, 300))
  await screenshot(`${name}-${theme}`)
  expect(problems).toEqual([])
  await close()
})
