// Starts Chrome with WebGPU: on the machine's GPU where there is one, else on SwiftShader, Chrome's software GPU.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import puppeteer, { type Browser } from 'puppeteer'
import { findChrome } from './setup.mjs'

export type AdapterKind = 'hardware' | 'software'

/** What Chrome says of the WebGPU adapter it gives to pages. */
export interface AdapterSummary {
  vendor: string
  architecture: string
  description: string
  /** True for a GPU in software, SwiftShader say. */
  isFallback: boolean
}

export interface LaunchedBrowser {
  readonly browser: Browser
  readonly adapter: AdapterSummary
  /** Ends the browser and deletes its profile. */
  close(): Promise<void>
}

const minute = 60_000 // ms

/** What Chrome needs on Linux, besides a GPU, to offer it to WebGPU. */
const hardwareFeatures = 'Vulkan,VulkanFromANGLE,DefaultANGLEVulkan'

/**
 * Starts a headless Chrome, with a fresh profile, in which pages get a WebGPU adapter.
 *
 * `adapter`: 'hardware' and 'software' insist on one kind; 'any' takes a real GPU or, failing that, SwiftShader, and
 * says so on stderr. Throws if Chrome gives no such adapter. The browser ends with this process, however that ends.
 */
export async function launchBrowser({
  executablePath = findChrome() ?? puppeteer.executablePath(),
  adapter = 'any',
}: {
  executablePath?: string
  adapter?: 'any' | AdapterKind
} = {}): Promise<LaunchedBrowser> {
  const kinds: AdapterKind[] = adapter === 'any' ? ['hardware', 'software'] : [adapter]
  for (const kind of kinds) {
    const { browser, close } = await start(executablePath, kind)
    const found = await probe(browser).catch(() => null)
    if (found && found.isFallback === (kind === 'software')) return { browser, adapter: found, close }
    await close()
    if (kind !== kinds.at(-1)) process.stderr.write('retrograd: no GPU for WebGPU here, using SwiftShader\n')
  }
  throw new Error(
    `${executablePath} gives pages no WebGPU adapter (asked for: ${adapter}). Try a newer Chrome.`,
  )
}

async function start(executablePath: string, kind: AdapterKind) {
  const flags = ['--enable-unsafe-webgpu', '--disable-component-update', '--disable-quic']
  if (kind === 'software') flags.push('--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan')
  else if (process.platform === 'linux') flags.push(`--enable-features=${hardwareFeatures}`)
  if (process.getuid?.() === 0) flags.push('--no-sandbox') // Chrome's sandbox refuses to run as root
  const profile = mkdtempSync(join(tmpdir(), 'retrograd-chrome-'))
  const removeProfile = () => rmSync(profile, { recursive: true, force: true, maxRetries: 10 })
  try {
    const browser = await puppeteer.launch({
      executablePath,
      args: flags,
      userDataDir: profile,
      pipe: true, // Chrome ends when the pipe breaks, so it never outlives this process
      protocolTimeout: 15 * minute, // SwiftShader takes its time
    })
    process.once('exit', removeProfile) // after Puppeteer's own listener, which kills Chrome
    const close = async () => {
      await browser.close()
      process.off('exit', removeProfile)
      removeProfile()
    }
    return { browser, close }
  } catch (error) {
    removeProfile()
    throw error
  }
}

/** Asks for an adapter in a page at localhost (a secure context, as WebGPU wants) that no server has to give. */
async function probe(browser: Browser): Promise<AdapterSummary | null> {
  const page = await browser.newPage()
  await page.setRequestInterception(true)
  page.on('request', request => request.respond({ contentType: 'text/html', body: '' }))
  await page.goto('http://localhost/')
  const found = await page.evaluate(async () => {
    const patience = new Promise<null>(resolve => setTimeout(resolve, 20_000, null)) // a broken driver may hang
    const adapter = await Promise.race([navigator.gpu.requestAdapter(), patience])
    if (!adapter) return null
    const { vendor, architecture, description, isFallbackAdapter } = adapter.info
    return {
      vendor,
      architecture,
      description,
      isFallback: isFallbackAdapter || architecture === 'swiftshader',
    }
  })
  await page.close()
  return found
}
