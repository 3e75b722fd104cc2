// The worker: keeps the engine, the table and the run, and does for the page what takes long.
import { transfer } from 'comlink'
import type { data, Engine } from 'retrograd'
import { type EngineOptions, isLost, serveWorker, startEngine } from '../page/engine.ts'
import type { RunEvents } from './frame.ts'
import type { ProblemView } from './problem.ts'
import type { TableSummary } from './proposal.ts'
import { Run } from './run.ts'
import type { Settings } from './settings.ts'
import { readTable, summarize } from './table.ts'
import type { Look, Neuron } from './view.ts'

let engine: Engine | null = null
let run: Run | null = null
/** The one table that is kept, by its number. */
let table: { readonly number: number; readonly rows: data.Table } | null = null
let events: RunEvents | null = null
let look: Look = { theme: 'light', discrete: false, chosen: null }
/** Builds follow each other; of those that wait, the last alone is done. */
let building: Promise<unknown> = Promise.resolve()
let wanted = 0

/** Functions of the page. */
export interface PageEvents {
  onFrame: RunEvents['onFrame']
  onKeep: RunEvents['onKeep']
  onError: (message: string, isLost: boolean) => void
}

/** The run, when all builds that were asked for are done. */
async function current(): Promise<Run | null> {
  await building
  return run
}

/** Browsers refuse a file that was changed since it was chosen. */
async function bytesOf(file: Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await file.arrayBuffer())
  } catch {
    const name = file instanceof File ? file.name : ''
    throw new Error(`The file ${name} cannot be read: it was changed, moved, or is a folder. Bring it again.`)
  }
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
      onKeep: async (weights, epoch) => onKeep(transfer(weights, [weights.buffer]), epoch),
      onError: error => onError(error instanceof Error ? error.message : String(error), isLost(error)),
    }
    return { notice: started.notice, backend: engine.backend }
  },

  /** Reads a CSV file and keeps its table. */
  async readTable(number: number, file: Blob): Promise<TableSummary> {
    const read = readTable(await bytesOf(file))
    table = { number, rows: read.table }
    return summarize(read)
  },

  /** Begins a new run, in place of the one there is. Null when a later build has overtaken it; 'unread' without its table. */
  build(settings: Settings, tableNumber: number): Promise<ProblemView | 'unread' | null> {
    const number = ++wanted
    const built = building.then(async () => {
      if (number !== wanted || !engine || !events) return null
      const isOwn = settings.data === 'own'
      if (isOwn && table?.number !== tableNumber) return 'unread'
      await run?.dispose()
      run = null
      const made = await Run.make(engine, settings, { table: table?.rows ?? null, look, events })
      run = made
      return made.problem.view
    })
    building = built.catch(() => {})
    return built
  },

  /** Trains for so many epochs more. */
  go: async (epochs: number) => (await current())?.go(epochs),
  pause: async () => (await current())?.pause(),
  edit: async (place: Neuron, from: number | null, value: number) =>
    (await current())?.edit(place, from, value),
  setLearningRate: async (rate: number) => (await current())?.setLearningRate(rate),
  aim: async (map: Settings['map']) => (await current())?.aim(map),
  diagnose: async () => (await current())?.diagnose(),
  save: async () => {
    const bytes = await (await current())?.save()
    return bytes && transfer(bytes, [bytes.buffer])
  },
  load: async (bytes: Uint8Array<ArrayBuffer>, epoch?: number) => (await current())?.load(bytes, epoch),

  async setLook(next: Look) {
    look = next
    await (await current())?.setLook(next)
  },
}

export type Trainer = typeof trainer

serveWorker(trainer)
