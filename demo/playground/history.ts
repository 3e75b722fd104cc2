// The settings with their past: what a visitor changes, takes back and makes again, and their link in the address.
import { batch, computed, signal } from '@preact/signals'
import { clearProblems, tellProblem } from '../page/notices.tsx'
import { decode, encode } from './link.ts'
import type { Settings } from './settings.ts'

const read = decode(location.hash)

export const settings = signal<Settings>(read.settings)

/** Settings before and after those of now. */
const past = signal<readonly Settings[]>([])
const future = signal<readonly Settings[]>([])
export const canUndo = computed(() => past.value.length > 0)
export const canRedo = computed(() => future.value.length > 0)

const KEPT = 200
const SLIDE = 800 // ms between changes of a slider on its way
let lastChange = { keys: '', time: 0 }

/** Sets some settings. */
export function change(patch: Partial<Settings>): void {
  const keys = Object.keys(patch).join()
  const now = performance.now()
  // A slider on its way is one change.
  const isSlide = Object.values(patch).every(value => typeof value === 'number')
  const goesOn = isSlide && keys === lastChange.keys && now - lastChange.time < SLIDE && canUndo.value
  if (!goesOn) past.value = [...past.value, settings.value].slice(-KEPT)
  turnTo({ ...settings.value, ...patch }, [])
  lastChange = { keys, time: now }
}

export function undo(): void {
  const previous = past.value.at(-1)
  if (!previous) return
  past.value = past.value.slice(0, -1)
  turnTo(previous, [settings.value, ...future.value])
}

export function redo(): void {
  const [next, ...rest] = future.value
  if (!next) return
  past.value = [...past.value, settings.value]
  turnTo(next, rest)
}

function turnTo(next: Settings, rest: readonly Settings[]): void {
  lastChange = { keys: '', time: 0 }
  batch(() => {
    future.value = rest
    settings.value = next
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
  past.value = [...past.value, settings.value]
  turnTo(next, [])
})

complain(read.complaints)
writeLink()
