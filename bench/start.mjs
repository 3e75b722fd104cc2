// What `npm run bench` runs: makes the machine ready, then measures what the command line asks for (main.ts).
import { start } from '../src/harness/start.mjs'

await start(new URL('main.ts', import.meta.url))
