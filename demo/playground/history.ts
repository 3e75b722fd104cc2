// The settings and the table they are of, with their past: what a visitor changes, takes back and makes again, and their link in the address.
import { batch, computed, signal } from '@preact/signals'
import { clearProblems, tellProblem } from '../page/notices.tsx'
import { decode, encode } from './link.ts'
import type { TableSummary } from './proposal.ts'
import type { Settings } from './settings.ts'

const read = decode(location.hash)

export const settings = signal<Settings>(read.settings)

/** A table of one's own: its file, and what the worker says of it. */
export interface OwnTable extends TableSummary {
  /** Tables are numbered as they are brought. */
  readonly number: number
  readonly name: string
  readonly file: Blob
}

export const table = signal<OwnTable | null>(null)

/** Columns are of a table: the one goes with the other. */
interface Moment {
  readonly settings: Settings
  readonly table: OwnTable | null
}

const now = (): Moment => ({ settings: settings.value, table: table.value })

/** What was before and comes after now. */
const past = signal<readonly Moment[]>([])
const future = signal<readonly Moment[]>([])
export const canUndo = computed(() => past.value.length > 0)
export const canRedo = computed(() => future.value.length > 0)

const KEPT = 200
const SLIDE = 800 // ms between changes of a slider on its way
let lastChange = { keys: '', time: 0 }

/** Sets some settings, or brings another table with them. */
export function change(patch: Partial<Settings>, brought = table.value): void {
  const keys = Object.keys(patch).join()
  const time = performance.now()
  // A slider on its way is one change.
  const isSlide = Object.values(patch).every(value => typeof value === 'number')
  const goesOn = isSlide && keys === lastChange.keys && time - lastChange.time < SLIDE && canUndo.value
  if (!goesOn) past.value = [...past.value, now()].slice(-KEPT)
  turnTo({ settings: { ...settings.value, ...patch }, table: brought }, [])
  lastChange = { keys, time }
}

export function undo(): void {
  const previous = past.value.at(-1)
  if (!previous) return
  past.value = past.value.slice(0, -1)
  turnTo(previous, [now(), ...future.value])
}

export function redo(): void {
  const [next, ...rest] = future.value
  if (!next) return
  past.value = [...past.value, now()]
  turnTo(next, rest)
}

function turnTo(next: Moment, rest: readonly Moment[]): void {
  lastChange = { keys: '', time: 0 }
  batch(() => {
    future.value = rest
    table.value = next.table
    settings.value = next.settings
  })
  writeLink()
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
  past.value = [...past.value, now()]
  turnTo({ settings: next, table: table.value }, [])
})

complain(read.complaints)
writeLink()
