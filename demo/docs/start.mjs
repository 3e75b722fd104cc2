// What `npm run docs` runs: makes the machine ready, then writes the reference to dist/docs (main.ts).
import { start } from '../../src/harness/start.mjs'

await start(new URL('main.ts', import.meta.url), { browser: false })
