// The state of the page: settings with their past, what the worker tells, and what the buttons do.
import { batch, computed, effect, signal, untracked } from '@preact/signals'
import { proxy } from 'comlink'
import { lostGpu } from '../page/gpu.ts'
import { clearProblems, pageBackend, setNotice, tellProblem } from '../page/notices.tsx'
import { theme } from '../page/theme.ts'
import { gpuLosses, isLostError, linkWorker, WorkerStopped } from '../page/worker.ts'
import type { ProblemView } from './problem.ts'
import { propose, type TableSummary } from './proposal.ts'
import type { Curves, Frame } from './run.ts'
import { decode, encode, type Settings } from './settings.ts'
import type { Trainer } from './trainer.ts'

const read = decode(location.hash)

export const settings = signal<Settings>(read.settings)
export const problem = signal<ProblemView | null>(null)
export const frame = signal<Frame | null>(null)
/** The same as in the frame, less often while it trains: eyes follow curves more slowly than maps. */
export const curves = signal<Curves | null>(null)
export const isPlaying = signal(false)
/** What was done to the run that its settings do not tell: a link to them gives another curve. */
export const detour = signal('')
export const table = signal<(TableSummary & { readonly file: string }) | null>(null)

/** A new run is on its way: what is still seen is about to go. */
export const isBuilding = signal(false)

/** Settings before and after those of now. */
const past = signal<readonly Settings[]>([])
const future = signal<readonly Settings[]>([])
export const canUndo = computed(() => past.value.length > 0)
export const canRedo = computed(() => future.value.length > 0)

/** Own data is chosen, and there is none: links carry no data. */
export const awaitsFile = computed(
  () => settings.value.data === 'own' && !(table.value && settings.value.columns),
)

const link = linkWorker<Trainer>(
  () => new Worker(new URL('./trainer.ts', import.meta.url), { type: 'module' }),
)

let kept: { weights: Uint8Array<ArrayBuffer>; epoch: number } | null = null
let bytesOfTable: Uint8Array | null = null

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

const CURVES = 300 // ms between drawings of the curves
let drawn = 0

let isLost = false

/** The GPU went away: the run stands still until the visitor goes on. */
function lose(): void {
  if (isLost) return
  isLost = true
  gpuLosses.value++
  link.stop()
  isPlaying.value = false
  const words = kept ? `The network of epoch ${kept.epoch} is kept.` : 'Training begins anew.'
  setNotice(
    'gpu',
    lostGpu(words, 'Go on', () => void start(kept)),
  )
}

/** Starts the worker, with weights that were kept of an earlier one. */
export async function start(from: typeof kept = null): Promise<void> {
  isLost = false
  const backend = await pageBackend
  const started = await ask(api =>
    api.start(
      { backend, losses: gpuLosses.value },
      proxy(lose),
      proxy(async next => {
        frame.value = next
        const now = performance.now()
        if (!next.isPlaying || now - drawn > CURVES) {
          drawn = now
          // In a task of its own.
          setTimeout(() => {
            curves.value = next.curves
          })
        }
        if (next.ended) isPlaying.value = false
      }),
      proxy((weights, epoch) => {
        kept = { weights, epoch }
      }),
      proxy((message, lost) => (lost ? lose() : tellProblem(message))),
    ),
  )
  if (!started) return
  if (started.notice) setNotice('gpu', started.notice)
  else if (backend === 'auto') setNotice('gpu', null)
  if (bytesOfTable) await ask(api => api.readTable(bytesOfTable as Uint8Array))
  await ask(api => api.setLook(look()))
  await build()
  if (!from) return
  await ask(api => api.load(from.weights, from.epoch))
  detour.value = `The network of epoch ${from.epoch} was put into a new run.`
}

const look = () => ({ theme: theme.value, discrete: settings.value.discrete })

/** Counts the changes that ask for a new run. */
let newest = 0

async function build(): Promise<void> {
  const own = newest
  if (awaitsFile.value) {
    isBuilding.value = false
    return
  }
  isBuilding.value = true
  kept = null
  detour.value = ''
  const made = await ask(api => api.build(settings.value))
  if (made === null || own !== newest) return // overtaken by another
  isBuilding.value = false
  if (!made) {
    isPlaying.value = false
    return
  }
  problem.value = made
  if (isPlaying.value) play()
}

let timer: ReturnType<typeof setTimeout> | undefined
let lastChange = { keys: '', time: 0 }

/** Settings that leave a run as it is. */
const LOOKS: readonly string[] = ['showTest', 'discrete']

/** Sets some settings. A run begins anew by most; a learning rate is taken over on the way. */
export function change(patch: Partial<Settings>): void {
  const keys = Object.keys(patch).join()
  const now = performance.now()
  // A slider on its way is one change.
  const isSlide = Object.values(patch).every(value => typeof value === 'number')
  const goesOn = isSlide && keys === lastChange.keys && now - lastChange.time < 800 && past.value.length > 0
  lastChange = { keys, time: now }
  batch(() => {
    if (!goesOn) past.value = [...past.value, settings.value].slice(-200)
    future.value = []
    apply({ ...settings.value, ...patch })
  })
}

function apply(next: Settings): void {
  const before = settings.value
  settings.value = next
  writeLink()
  const changed = (Object.keys(next) as (keyof Settings)[]).filter(key => next[key] !== before[key])
  if (changed.every(key => LOOKS.includes(key))) return
  const isUnderWay = (frame.value?.epoch ?? 0) > 0
  if (changed.join() === 'learningRate' && next.schedule === 'constant' && isUnderWay) {
    detour.value = 'The learning rate was changed on the way.'
    void ask(api => api.setLearningRate(next.learningRate))
    return
  }
  newest++
  isBuilding.value = true
  clearTimeout(timer)
  timer = setTimeout(() => void build(), 120) // ms
}

export function undo(): void {
  const previous = past.value.at(-1)
  if (!previous) return
  batch(() => {
    future.value = [settings.value, ...future.value]
    past.value = past.value.slice(0, -1)
    lastChange = { keys: '', time: 0 }
    apply(previous)
  })
}

export function redo(): void {
  const [next, ...rest] = future.value
  if (!next) return
  batch(() => {
    past.value = [...past.value, settings.value]
    future.value = rest
    lastChange = { keys: '', time: 0 }
    apply(next)
  })
}

let written = location.hash
let writing: ReturnType<typeof setTimeout> | undefined

/** Browsers refuse many changes of the address in a row. */
function writeLink(): void {
  clearTimeout(writing)
  writing = setTimeout(() => {
    written = encode(settings.value)
    history.replaceState(null, '', written)
  }, 150) // ms
}

function complain(complaints: readonly string[]): void {
  for (const complaint of complaints) tellProblem(complaint)
}

addEventListener('hashchange', () => {
  if (location.hash === written || location.hash === '#content') return
  const { settings: next, complaints } = decode(location.hash)
  clearProblems()
  complain(complaints)
  past.value = [...past.value, settings.value]
  apply(next)
})

export function play(): void {
  isPlaying.value = true
  void ask(api => api.play())
}

export function pause(): void {
  isPlaying.value = false
  void ask(api => api.pause())
}

export function step(): void {
  isPlaying.value = false
  void ask(api => api.step())
}

/** Back to epoch 0, with the same weights as before unless the seed is another. */
export function reset(): void {
  isPlaying.value = false
  clearProblems()
  void build()
}

export function edit(layer: number, from: number | null, to: number, value: number): void {
  detour.value = 'A weight was set by hand.'
  void ask(api => api.edit(layer, from, to, value))
}

export const save = () => ask(api => api.save())

export async function load(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  isPlaying.value = false
  await ask(api => api.pause())
  const failed = await ask(async api => {
    await api.load(bytes)
    return false
  })
  if (failed === false) detour.value = 'Weights were loaded from a file.'
}

export const diagnose = () => ask(api => api.diagnose())

/** Bytes of a table beyond which a page had better not read it. */
const LARGEST = 100_000_000

/** Takes a CSV file for the data. */
export async function takeFile(file: File): Promise<void> {
  if (file.size > LARGEST) {
    tellProblem(
      `${file.name} has ${Math.round(file.size / 1e6)} MB; this page takes up to ${LARGEST / 1e6} MB. Take a part of its rows.`,
    )
    return
  }
  await takeTable(new Uint8Array(await file.arrayBuffer()), file.name)
}

export async function takeTable(bytes: Uint8Array, file: string): Promise<void> {
  clearProblems()
  const summary = await ask(api => api.readTable(bytes))
  if (!summary) return
  bytesOfTable = bytes
  table.value = { ...summary, file }
  setNotice('data', null)
  const names = summary.columns.map(({ name }) => name)
  const { columns } = settings.value
  const fits =
    columns && [columns.label, ...Object.keys(columns.features)].every(name => names.includes(name))
  change({ data: 'own', columns: fits ? { ...columns } : propose(summary) })
}

complain(read.complaints)
writeLink()

effect(() => {
  const next = look()
  if (frame.peek()) void ask(api => api.setLook(next))
})

effect(() => {
  const isMissing = awaitsFile.value
  untracked(() =>
    setNotice(
      'data',
      isMissing && !table.peek()
        ? {
            kind: 'info',
            title: 'Your own data',
            text: 'Links and undo keep which columns are used, not the data, which never leaves your device. Drop, choose or paste a CSV file below.',
          }
        : null,
    ),
  )
})
