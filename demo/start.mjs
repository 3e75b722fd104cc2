// What `npm start` runs: makes the machine ready, then trains a network on MNIST in headless Chrome (train.ts).
import { start } from '../src/harness/start.mjs'

await start(new URL('train.ts', import.meta.url))
