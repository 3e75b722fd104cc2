// Starts a TypeScript program of the project from a fresh machine: what `npm start` and its like go through.
import { fileURLToPath } from 'node:url'
import { setup } from './setup.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Sets the machine up, then runs `main(argv, { chrome })` of the module at `url`; what it returns is the exit code.
 *
 * @param {URL} url
 * @param {{ browser?: boolean }} options - `browser: false` for programs that need no Chrome.
 */
export async function start(url, options) {
  let chrome
  try {
    chrome = (await setup(options)).chrome
  } catch (error) {
    process.stderr.write(`${error.message}\n`) // what is missing is for people: no stack
    process.exitCode = 1
    return
  }
  const { createServer } = await import('vite')
  const server = await createServer({
    configFile: false,
    root,
    logLevel: 'error',
    appType: 'custom',
    oxc: { target: 'es2022' }, // `using` is news to Node.js 20
    optimizeDeps: { noDiscovery: true, include: [] },
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  })
  try {
    const { main } = await server.environments.ssr.runner.import(fileURLToPath(url))
    process.exitCode = await main(process.argv.slice(2), { chrome })
  } catch (error) {
    if (error instanceof Error) server.ssrFixStacktrace(error)
    throw error
  } finally {
    await server.close()
  }
}
