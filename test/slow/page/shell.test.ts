// The frame of all pages: they load clean and quick under the policy, for every eye, hand, width and browser.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Page } from 'puppeteer'
import { describe, expect, test } from 'vitest'
import { PATHS, site } from './site.ts'
import { says, textOf, widthOf } from './visitor.ts'

const nameOf = (path: string): string => path.replace('/', '') || 'home'

describe.each(PATHS)('/%s', path => {
  for (const theme of ['light', 'dark'] as const)
    for (const width of [1280, 390])
      test(`is clean, fits and is free of serious faults: ${theme}, ${width} pixels`, async () => {
        const { page, screenshot, faults } = await site.open(path, { theme, width })
        expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe(theme)
        await screenshot(`${nameOf(path)}-${theme}-${width}`)
        expect(await widthOf(page)).toBeLessThanOrEqual(width)
        expect(await faults()).toEqual([])
      })

  test('is reached and left by the keyboard, and its focus can be seen', async () => {
    const { page } = await site.open(path)
    const stops: (string | null)[] = []
    for (let i = 0; i < 6; i++) {
      await page.keyboard.press('Tab')
      const stop = await page.evaluate(() => {
        const focused = document.activeElement as HTMLElement
        const { outlineStyle } = getComputedStyle(focused)
        const beside = focused.nextElementSibling // a hidden radio button shows its focus there
        const visible =
          outlineStyle !== 'none' || (beside && getComputedStyle(beside).outlineStyle !== 'none')
        return visible ? (focused.textContent || (focused as HTMLInputElement).value).trim() : null
      })
      stops.push(stop)
    }
    expect(stops).toEqual(['Skip to the content', 'retrograd', 'Playground', 'Digits', 'Kernels', 'system'])
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark')
    await page.reload()
    await page.waitForSelector('h1')
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark')
    await page.evaluate(() => localStorage.clear())
    await page.focus('nav a:nth-child(2)')
    await page.keyboard.press('Enter')
    // Not for any navigation: a page that keeps its settings in the address makes some of its own.
    await page.waitForFunction(() => location.pathname === '/digits/')
  })

  test('paints within a second', async () => {
    const { page } = await site.open(path)
    await page.reload()
    const paint = await firstPaint(page)
    console.log(`/${path}: first contentful paint after ${paint.toFixed(0)} ms`)
    expect(paint).toBeLessThan(1000)
  })

  test('weighs under 200 KB of JavaScript, gzipped', async () => {
    const weight = scriptsOf(path).reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0)
    console.log(`/${path}: ${(weight / 1000).toFixed(1)} KB of JavaScript, gzipped`)
    expect(weight).toBeGreaterThan(5_000)
    expect(weight).toBeLessThan(200_000)
  })

  test('every control is reached by the Tab key, from top to bottom, and shows its focus', async () => {
    const { page } = await site.open(path)
    await untilStill(page)
    const controls = await page.evaluate(() => {
      const found = [...document.querySelectorAll('a, button, input, select, textarea, summary, [tabindex]')]
        .filter(element => element.checkVisibility() && !element.matches(':disabled'))
        .filter(element => (element as HTMLElement).tabIndex >= 0)
        .filter(element => !element.matches('input[type=radio]:not(:checked)'))
      for (const [i, element] of found.entries()) element.setAttribute('data-stop', String(i))
      return found.length
    })
    const stops: (string | null)[] = []
    for (let i = 0; i < controls; i++) {
      await page.keyboard.press('Tab')
      stops.push(
        await page.evaluate(() => {
          const focused = document.activeElement as HTMLElement
          const { top, bottom } = focused.getBoundingClientRect()
          const isOnScreen = bottom > 0 && top < innerHeight
          const beside = focused.nextElementSibling // a hidden radio button shows its focus there
          const isOutlined = [focused, beside].some(
            element => element && getComputedStyle(element).outlineStyle !== 'none',
          )
          const stop = focused.getAttribute('data-stop')
          return isOnScreen && isOutlined ? stop : `${stop}: ${focused.outerHTML.slice(0, 100)}`
        }),
      )
    }
    expect(stops).toEqual(Array.from({ length: controls }, (_, i) => String(i)))
  })

  test.each([
    ['there is no WebGPU', { withoutGpu: true }, 'does not offer WebGPU'],
    ['there is no adapter', { withoutAdapter: true }, 'has WebGPU but no graphics card for it'],
    ['the page is not secure', { insecure: true }, 'was not loaded securely'],
  ])('says why it runs on the CPU where %s', async (_, look, words) => {
    const { page, faults, screenshot } = await site.open(path, look)
    await says(page, '.banners', words)
    expect(await textOf(page, '.banners')).toContain('on the CPU instead')
    await untilStill(page)
    await screenshot(`${nameOf(path)}-${Object.keys(look).join()}`)
    expect(await faults()).toEqual([])
  })

  test('brings the strict policy along', () => {
    const html = readFileSync(join(site.folder, path, 'index.html'), 'utf8').replaceAll('&#39;', "'")
    expect(html).toMatch(
      /http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'/,
    )
    expect(html).not.toMatch(/<style| style=|<script>|\son\w+=/)
  })
})

test('an error that nobody caught is told in the page, which lives on', async () => {
  const { page, screenshot } = await site.open('')
  // Errors of scripts that Puppeteer brings are hidden from the page: this is the event that its own would raise.
  await page.evaluate(() => {
    const error = new Error('[somewhere] the sky fell. Look up.')
    dispatchEvent(new ErrorEvent('error', { error }))
  })
  await says(page, '[role=alert]', 'The sky fell. Look up.')
  await screenshot('home-error')
  await page.click('.problems button')
  await page.waitForFunction(() => document.querySelector('[role=alert]')?.textContent === '')
})

/** Waits until the worker has answered and nothing is drawn any more. */
const untilStill = async (page: Page): Promise<void> => {
  await page.waitForFunction(() => !/(starting|being built) …/i.test(document.body.textContent ?? ''))
  await page.waitForNetworkIdle()
}

const firstPaint = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise<number>(resolve => {
        new PerformanceObserver(list => {
          const [entry] = list.getEntriesByName('first-contentful-paint')
          if (entry) resolve(entry.startTime)
        }).observe({ type: 'paint', buffered: true })
      }),
  )

/** The scripts that a page loads, and those that they name: its chunks and its workers. */
function scriptsOf(path: string): string[] {
  const found = new Set<string>()
  const names = readdirSync(join(site.folder, 'assets')).filter(name => name.endsWith('.js'))
  const follow = (text: string) => {
    for (const name of names) {
      const file = join(site.folder, 'assets', name)
      if (found.has(file) || !text.includes(name)) continue
      found.add(file)
      follow(readFileSync(file, 'utf8'))
    }
  }
  follow(readFileSync(join(site.folder, path, 'index.html'), 'utf8'))
  return [...found]
}
