// Runs TypeScript modules of the project in a page of Chrome, called from Node.js as if they were here.
import type { Page } from 'puppeteer'
import { type AdapterKind, type AdapterSummary, launchBrowser } from './browser.ts'
import { decode, encode, type Failure, type Outcome } from './message.ts'
import { blankPage, type Site, serve } from './serve.ts'

export interface PageOptions {
  /** The module to call, as a path from the project's root: `/test/browser/suite.ts`. */
  module: string
  /** URL prefixes and the folders served under them, see `serve`. */
  files?: Record<string, string>
  /** A site that serves already, and goes on when the page is closed; by default the page has one of its own. */
  site?: Site
  /** The kind of adapter to insist on, see `launchBrowser`. */
  adapter?: 'any' | AdapterKind
  /** Chrome's executable; by default the one that `setup` finds. */
  executablePath?: string
}

export interface ModulePage {
  readonly adapter: AdapterSummary
  /** Puppeteer's handle of the page, for what `call` cannot do. */
  readonly page: Page
  /** What the page's console printed as errors or warnings so far. */
  readonly complaints: readonly string[]
  /**
   * Calls an exported function in the page; parameters and result are plain JSON, NaN and infinities included.
   *
   * Rejects with the error it throws (name, message, code and stack kept), with one that nobody in the page
   * caught, since the last call or during this, or because the page crashed or closed.
   */
  call(name: string, ...parameters: unknown[]): Promise<unknown>
  /** Hands every message that the page sends with the global `report(message)` to the handler. */
  onMessage(handler: (message: unknown) => void): void
  close(): Promise<void>
}

/** Opens a blank page in a Chrome of its own, ready to call functions of one module. */
export async function openPage({
  module,
  files = {},
  site: given,
  ...options
}: PageOptions): Promise<ModulePage> {
  const site = given ?? (await serve({ files }))
  const closeSite = async () => {
    if (!given) await site.close()
  }
  const launched = await launchBrowser(options).catch(async (error: unknown) => {
    await closeSite()
    throw error
  })
  const close = async () => {
    await launched.close()
    await closeSite()
  }
  try {
    const page = await launched.browser.newPage()
    return { ...(await connect(page, module, site)), adapter: launched.adapter, page, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function connect(page: Page, module: string, site: Site) {
  const handlers: ((message: unknown) => void)[] = []
  const complaints: string[] = []
  const uncaught: Error[] = []
  const waiting = new Set<(error: Error) => void>()

  const interrupt = (error: Error) => {
    if (waiting.size === 0) uncaught.push(error)
    for (const reject of waiting) reject(error)
  }
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warn') complaints.push(message.text())
    process.stderr.write(`[page] ${message.text()}\n`)
  })
  page.on('error', () => interrupt(new Error('The page crashed')))
  page.on('close', () => interrupt(new Error('The page was closed')))
  await page.exposeFunction('sendMessage', (message: string) => {
    for (const handler of handlers) handler(decode(message))
  })
  await page.exposeFunction('sendUncaught', async (failure: string) => {
    interrupt(await revive(decode(failure) as Failure, site))
  })
  await page.goto(site.origin + blankPage)

  const call = async (name: string, ...parameters: unknown[]): Promise<unknown> => {
    const earlier = uncaught.shift()
    if (earlier) throw earlier
    const evaluation = page.evaluate(
      (module, name, parameters) => callModule(module, name, parameters),
      module,
      name,
      encode(parameters),
    )
    const outcome = decode(await interruptible(evaluation, waiting)) as Outcome
    if ('failure' in outcome) throw await revive(outcome.failure, site)
    return outcome.value
  }
  return { call, complaints, onMessage: (handler: (message: unknown) => void) => void handlers.push(handler) }
}

/** The promise's own end, or a rejection by whoever takes the function out of `waiting`. */
function interruptible<T>(promise: Promise<T>, waiting: Set<(error: Error) => void>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    waiting.add(reject)
    promise.then(resolve, reject).finally(() => waiting.delete(reject))
  })
}

/** An error of the page as an Error of this process, its stack in terms of the project's files. */
async function revive({ name, message, stack, ...rest }: Failure, site: Site): Promise<Error> {
  return Object.assign(new Error(message), { name, stack: await site.locate(stack), ...rest })
}
