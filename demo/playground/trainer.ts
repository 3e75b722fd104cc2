// The worker: keeps the engine, the table and the run, and does for the page what takes long.
import { transfer } from 'comlink'
import type { data, Engine } from 'retrograd'
import { type EngineOptions, serveWorker, startEngine } from '../page/engine.ts'
import type { TableSummary } from './proposal.ts'
import { Run, type RunEvents } from './run.ts'
import type { Settings } from './settings.ts'
import { readTable, summarize } from './table.ts'
import type { Look } from './view.ts'

let engine: Engine | null = null
let run: Run | null = null
let table: data.Table | null = null
let events: RunEvents | null = null
let look: Look = { theme: 'light', discrete: false }
/** Builds follow each other; of those that wait, the last alone is done. */
let building: Promise<unknown> = Promise.resolve()
let wanted = 0

/** Functions of the page. */
export interface PageEvents {
  onFrame: RunEvents['onFrame']
  onKeep: RunEvents['onKeep']
  onError: (message: string, isLost: boolean) => void
}

const trainer = {
  async start(
    options: EngineOptions,
    onLost: (reason: string) => void,
    onFrame: PageEvents['onFrame'],
    onKeep: PageEvents['onKeep'],
    onError: PageEvents['onError'],
  ) {
    const started = await startEngine({ ...options, onLost })
    engine = started.engine
    events = {
      onFrame: frame => onFrame(transfer(frame, [frame.picture.images.buffer])),
      onKeep: (weights, epoch) => onKeep(transfer(weights, [weights.buffer]), epoch),
      onError: error => {
        const isLost = error instanceof Error && 'code' in error && error.code === 'lost'
        onError(error instanceof Error ? error.message : String(error), isLost)
      },
    }
    return { notice: started.notice, backend: engine.backend }
  },

  /** Reads a CSV file and keeps its table. */
  readTable(bytes: Uint8Array): TableSummary {
    const read = readTable(bytes)
    table = read.table
    return summarize(table, read.encoding, read.note)
  },

  /** Begins a new run, in place of the one there is. Null when a later build has overtaken it. */
  build(settings: Settings) {
    const number = ++wanted
    const built = building.then(async () => {
      if (number !== wanted || !engine || !events) return null
      await run?.dispose()
      run = null
      const made = await Run.make(engine, settings, { table, look, events })
      run = made
      return made.problem.view
    })
    building = built.catch(() => {})
    return built
  },

  play: () => run?.play(),
  step: () => run?.step(),
  pause: () => run?.pause(),
  edit: (layer: number, from: number | null, to: number, value: number) => run?.edit(layer, from, to, value),
  setLearningRate: (rate: number) => run?.setLearningRate(rate),
  diagnose: () => run?.diagnose(),
  save: async () => {
    const bytes = await run?.save()
    return bytes && transfer(bytes, [bytes.buffer])
  },
  load: (bytes: Uint8Array<ArrayBuffer>, epoch?: number) => run?.load(bytes, epoch),

  async setLook(next: Look) {
    look = next
    await run?.setLook(next)
  },
}

export type Trainer = typeof trainer

serveWorker(trainer)
