// The page's side of the run: what the worker tells of it, and what the buttons have it do.
import { batch, computed, effect, signal, untracked } from '@preact/signals'
import { proxy } from 'comlink'
import { lostGpu } from '../page/gpu.ts'
import { clearProblems, pageBackend, setNotice, tellProblem } from '../page/notices.tsx'
import { theme } from '../page/theme.ts'
import { gpuLosses, isLostError, linkWorker, WorkerStopped } from '../page/worker.ts'
import { type Curves, FAILED, type Frame } from './frame.ts'
import { type OwnTable, settings, table } from './history.ts'
import type { ProblemView } from './problem.ts'
import type { Settings } from './settings.ts'
import type { Trainer } from './trainer.ts'
import type { Neuron } from './view.ts'

export const problem = signal<ProblemView | null>(null)
export const frame = signal<Frame | null>(null)
/** The same as in the frame, less often while it trains: eyes follow curves more slowly than maps. */
export const curves = signal<Curves | null>(null)
export const isPlaying = signal(false)
/** It is to rest, which it does at the end of the epoch that is under way. */
export const isPausing = signal(false)
/** What was done to the run that its settings do not tell: a link to them gives another curve. */
export const detour = signal('')
/** A new run is on its way: what is still seen is about to go. */
export const isBuilding = signal(false)
/** The neuron whose weights are listed. */
export const chosen = signal<Neuron | null>(null)

/** Columns of the settings that the table lacks: of a link, say, made with another. */
export const lacking = computed((): readonly string[] => {
  const { columns } = settings.value
  if (!table.value || !columns) return []
  const names = new Set(table.value.columns.map(({ name }) => name))
  return [columns.label, ...Object.keys(columns.features)].filter(name => !names.has(name))
})
/** Own data is chosen, and there is none for its columns: links carry no data. */
export const awaitsFile = computed(
  () =>
    settings.value.data === 'own' && !(table.value && settings.value.columns && lacking.value.length === 0),
)
/** The file that is being read. */
export const reading = signal<string | null>(null)
/** Computed by the processor. */
const isOnProcessor = signal(false)
/** Rows and weights that networks are built of within a moment. */
const FEW = { rows: 20_000, weights: 100_000 }

/** What is waited for while a network is being built, and why it may take long. */
export const building = computed(() => {
  if (reading.value) return `Reading ${reading.value} …`
  const { data, layers, features, columns } = settings.value
  const rows = data === 'own' ? (table.value?.rows ?? 0) : 0
  const inputs = problem.value?.inputs.length ?? Object.keys(columns?.features ?? features).length
  const widths = [inputs, ...layers.map(({ units }) => units)]
  const weights = widths.reduce((sum, width, i) => sum + width * (widths[i + 1] ?? 1), 0)
  const many = (count: number, what: string) => `${count.toLocaleString('en')} ${what}`
  const reason =
    rows > FEW.rows
      ? `: all ${many(rows, 'rows')} are made numbers first`
      : isOnProcessor.value && weights > FEW.weights
        ? `: without a GPU, ${many(weights, 'weights')} take their time`
        : ''
  return `The network is being built${reason} …`
})
/** No network can be made of these settings; why was told. */
export const isStuck = signal(false)

const link = linkWorker<Trainer>(
  () => new Worker(new URL('./trainer.ts', import.meta.url), { type: 'module' }),
)

/** Calls the worker and tells what goes wrong. */
export async function ask<Result>(
  work: Parameters<typeof link.call<Result>>[0],
): Promise<Result | undefined> {
  try {
    return await link.call(work)
  } catch (error) {
    if (isLostError(error)) lose()
    else if (!(error instanceof WorkerStopped)) tellProblem(error)
    return undefined
  }
}

/** A copy of the network that the settings ask for. */
const kept = signal<{ weights: Uint8Array<ArrayBuffer>; epoch: number } | null>(null)
let isStarted = false
/** The GPU went away: the run stands still until the visitor goes on. */
const isLost = signal(false)

function lose(): void {
  if (!isStarted) return
  isStarted = false
  gpuLosses.value++
  link.stop()
  isPlaying.value = false
  isLost.value = true
}

effect(() => {
  if (!isLost.value) return
  const words = kept.value ? `The network of epoch ${kept.value.epoch} is kept.` : 'Training begins anew.'
  untracked(() =>
    setNotice(
      'gpu',
      lostGpu(words, 'Go on', () => void goOn()),
    ),
  )
})

async function goOn(): Promise<void> {
  isLost.value = false
  setNotice('gpu', null) // a second click finds nothing to press
  if (!(await start())) isLost.value = true
}

/** Starts the worker, and builds a run: with the weights that were kept of an earlier worker. False if it does not start. */
export async function start(): Promise<boolean> {
  const backend = await pageBackend
  const started = await ask(api =>
    api.start(
      { backend, losses: gpuLosses.value },
      proxy(lose),
      proxy(async next => receive(next)),
      proxy(async (weights, epoch) => {
        if (!isBuilding.value) kept.value = { weights, epoch } // else it is of the run before
      }),
      proxy((message, lost) => (lost ? lose() : tellProblem(message))),
    ),
  )
  if (!started) return false
  isStarted = true
  isOnProcessor.value = started.backend === 'cpu'
  if (started.notice) setNotice('gpu', started.notice)
  else if (backend === 'auto') setNotice('gpu', null)
  await ask(api => api.setLook(look()))
  const from = kept.value
  const built = build()
  kept.value = from // it is of the same settings
  if (!(await built) || !from) return true
  await ask(api => api.load(from.weights, from.epoch))
  detour.value = `The network of epoch ${from.epoch} was put into a new run.`
  return true
}

const CURVES = 300 // ms between drawings of the curves
let drawn = 0

function receive(next: Frame): void {
  if (awaitsFile.value) return // of the run before
  frame.value = next
  if (next.ended) isPlaying.value = false
  const now = performance.now()
  if (next.isPlaying && now - drawn < CURVES) return
  drawn = now
  // In a task of its own.
  setTimeout(() => {
    curves.value = next.curves
  })
}

/** Counts what asks for a new run. */
let newest = 0
let waiting: ReturnType<typeof setTimeout> | undefined

/** The run that there is is about to go. The number of the next. */
function leave(): number {
  clearTimeout(waiting)
  waiting = undefined
  isBuilding.value = true
  kept.value = null
  return ++newest
}

/** Builds a run when changes have come to a halt. */
function buildSoon(): void {
  leave()
  waiting = setTimeout(() => void build(), 120) // ms
}

/** What is asked of the run is asked of that which the settings ask for. */
function buildNow(): void {
  if (waiting !== undefined) void build()
}

/** True once it stands, unless another was asked for meanwhile. */
async function build(): Promise<boolean> {
  const own = leave()
  if (awaitsFile.value) {
    empty()
    return false
  }
  if (!isStarted) return false // it is built at the start
  detour.value = ''
  const hadFailed = isStuck.value || frame.value?.ended === FAILED
  const made = await view()
  if (made === null || own !== newest || !isStarted) return false // overtaken by another, or by a loss
  if (made && hadFailed) clearProblems()
  isStuck.value = !made
  if (!made) {
    empty()
    return false
  }
  isBuilding.value = false
  problem.value = made
  if (isPlaying.value) play()
  return true
}

/** A new run's view of what is to be learnt; null if another has overtaken it. */
async function view(): Promise<ProblemView | null | undefined> {
  const { number = 0, name, file } = (settings.value.data === 'own' && table.value) || {}
  const made = await ask<ProblemView | 'unread' | null>(api => api.build(settings.value, number))
  if (made !== 'unread' || !file) return made === 'unread' ? undefined : made
  // An earlier table that was gone back to, or a new worker.
  reading.value = name ?? null
  const read = await ask(api => api.readTable(number, file))
  reading.value = null
  return read && view()
}

/** There is no run to show, and none goes on unseen. */
function empty(): void {
  batch(() => {
    isBuilding.value = false
    problem.value = null
    frame.value = null
    curves.value = null
  })
  pause()
}

export function play(): void {
  isPlaying.value = true
  go(Number.POSITIVE_INFINITY)
}

/** Trains for one epoch, or on the way ends with the one that has begun. */
export function step(): void {
  if (isPlaying.value && !isBuilding.value) {
    pause()
    return
  }
  isPlaying.value = false
  go(1)
}

function go(epochs: number): void {
  buildNow()
  void ask(api => api.go(epochs))
}

/** Pauses that are not yet at rest. */
let pauses = 0

export function pause(): void {
  isPlaying.value = false
  isPausing.value = true
  pauses++
  void ask(api => api.pause()).then(() => {
    isPausing.value = --pauses > 0
  })
}

/** Back to epoch 0, with the same weights as before unless the seed is another. */
export function reset(): void {
  isPlaying.value = false
  clearProblems()
  void build()
}

/** Sets the weight from neuron `from` of the layer before (null: the bias). */
export async function edit(place: Neuron, from: number | null, value: number): Promise<void> {
  detour.value = 'A weight was set by hand.'
  await ask(api => api.edit(place, from, value))
}

export function save() {
  buildNow()
  return ask(api => api.save())
}

export async function load(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  clearProblems()
  isPlaying.value = false
  buildNow()
  const own = newest
  await ask(api => api.pause())
  const isDone = await ask(async api => {
    await api.load(bytes)
    return true
  })
  if (isDone && own === newest) detour.value = 'Weights were loaded from a file.'
}

export const diagnose = () => ask(api => api.diagnose())

const look = () => ({ theme: theme.value, discrete: settings.value.discrete, chosen: chosen.value })

effect(() => {
  const next = look()
  if (isStarted) void ask(api => api.setLook(next))
})

/** Settings that leave a run as it is. */
const LOOKS: readonly string[] = ['showTest', 'discrete', 'map']
let followed = settings.peek()
let followedTable = table.peek()

effect(() => {
  const [next, own] = [settings.value, table.value]
  untracked(() => follow(next, own))
})

/** A run begins anew by most changes; a learning rate is taken over on the way. */
function follow(next: Settings, own: OwnTable | null): void {
  const changed = (Object.keys(next) as (keyof Settings)[]).filter(key => next[key] !== followed[key])
  const isSameTable = own === followedTable || next.data !== 'own'
  followed = next
  followedTable = own
  if (isSameTable && changed.every(key => LOOKS.includes(key))) {
    if (changed.includes('map')) void aim(next.map)
    return
  }
  const { epoch = 0, ended = null } = frame.value ?? {}
  const isUnderWay = epoch > 0 && ended === null && !isBuilding.value
  if (changed.join() !== 'learningRate' || next.schedule !== 'constant' || !isUnderWay) {
    buildSoon()
    return
  }
  detour.value = 'The learning rate was changed on the way.'
  void ask(api => api.setLearningRate(next.learningRate))
}

async function aim(map: Settings['map']): Promise<void> {
  const found = await ask(api => api.aim(map))
  if (found && problem.value) problem.value = { ...problem.value, ...found }
}
