// What a page of the harness runs: it calls the functions of other modules and tells Node.js how that went.
import { decode, describe, encode, type Outcome } from './message.ts'

declare global {
  /** Sends a message (plain JSON, NaN and infinities allowed) to the page's `onMessage` handlers in Node.js. */
  function report(message: unknown): void

  // The rest is between this file, page.ts and the blank page of serve.ts.
  function callModule(url: string, name: string, parameters: string): Promise<string>
  function importModule(url: string): Promise<Record<string, unknown>>
  function sendMessage(message: string): Promise<void>
  function sendUncaught(failure: string): Promise<void>
}

const sent: Promise<void>[] = []

globalThis.report = message => {
  sent.push(sendMessage(encode(message)))
}

globalThis.callModule = async (url, name, parameters) => encode(await outcome(url, name, parameters))

const uncaught = (error: unknown) => sent.push(sendUncaught(encode(describe(error))))
addEventListener('error', event => uncaught(event.error ?? event.message))
addEventListener('unhandledrejection', event => uncaught(event.reason))

async function outcome(url: string, name: string, parameters: string): Promise<Outcome> {
  try {
    const module = await importModule(url)
    const exported = module[name]
    if (typeof exported !== 'function') throw new TypeError(`${url} exports no function '${name}'`)
    const value: unknown = await exported(...(decode(parameters) as unknown[]))
    await new Promise(resolve => setTimeout(resolve, 1)) // unhandled rejections show up a moment later
    await Promise.all(sent.splice(0)) // what was sent arrives before the result
    return { value }
  } catch (error) {
    return { failure: describe(error) }
  }
}
