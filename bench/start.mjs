// What `npm run bench` runs: makes the machine ready, then measures every kernel in headless Chrome (run.ts).
import { start } from '../src/harness/start.mjs'

await start(new URL('run.ts', import.meta.url))
