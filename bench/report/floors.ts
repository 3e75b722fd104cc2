// The floors that retrograd's speed stands on, checked against what a race measured.
import type { LibraryName } from '../race/library.ts'
import { median } from '../race/statistics.ts'
import { findWorkloads, idealBytes } from '../race/workloads.ts'
import { type FloorCheck, type Results, ratioOf, type Solo } from './results.ts'

/** How many times faster than each peer a workload must be. */
const RATIOS: readonly (readonly [RegExp, Partial<Record<LibraryName, number>>])[] = [
  [/^W1$/, { 'jax-js': 1.5, tfjs: 6 }],
  [/^W2$/, { 'jax-js': 2.5, tfjs: 8 }],
  [/^W3$/, { 'jax-js': 8 }],
  [/^matmul/, { 'jax-js': 1.5, tfjs: 4 }],
]

/** Most of each count a training step may have. */
const COUNTS = {
  W1: { dispatches: 12, submits: 1, buffers: 0, bindGroups: 0, writes: 1 },
  W2: { dispatches: 9 },
} as const

const MAIN_THREAD_MILLISECONDS = 0.1
/** Of buffers alive on W1, over what it cannot do without. */
const PEAK_SHARE = 1.15
/** Of jax-js's first step on W1. */
const COLD_SHARE = 0.5
/** A heap that grows by less a step holds nothing of it: a number alone takes 8 bytes. */
const HEAP_BYTES_PER_STEP = 8

const atLeast = (name: string, floor: number, measured: number): FloorCheck => ({
  name,
  floor: `≥ ${floor}×`,
  measured: `${measured.toFixed(2)}×`,
  met: measured >= floor,
})

const atMost = (name: string, most: number, measured: number, unit = ''): FloorCheck => ({
  name,
  floor: `≤ ${most}${unit}`,
  measured: `${Number(measured.toPrecision(3))}${unit}`,
  met: measured <= most,
})

/** Checks every floor whose numbers were measured. */
export function checkFloors({ races, solos, heap }: Pick<Results, 'races' | 'solos' | 'heap'>): FloorCheck[] {
  return [
    ...races.flatMap(race => {
      const floors = RATIOS.find(([name]) => name.test(race.workload))?.[1] ?? {}
      return Object.entries(floors).flatMap(([library, floor]) => {
        const ratio = ratioOf(race, library as LibraryName)
        return ratio === null ? [] : [atLeast(`${race.workload} over ${library}`, floor, ratio)]
      })
    }),
    ...checkColdStart(solos),
    ...Object.entries(COUNTS).flatMap(([workload, most]) => {
      const counts = ownSolo(solos, workload)?.counts
      return counts
        ? Object.entries(most).map(([name, limit]) =>
            atMost(`${workload} ${name} a step`, limit, counts[name as keyof typeof counts]),
          )
        : []
    }),
    ...races.flatMap(({ workload, times: { retrograd: own } }) =>
      own && workload === 'W1'
        ? [atMost('W1 main thread a step', MAIN_THREAD_MILLISECONDS, own.mainThreadMilliseconds, ' ms')]
        : [],
    ),
    ...checkPeak(solos),
    ...(heap
      ? [
          atMost(
            `heap growth a ${heap.workload} step`,
            HEAP_BYTES_PER_STEP,
            (heap.bytesAfter - heap.bytesBefore) / heap.steps,
            ' B',
          ),
        ]
      : []),
  ]
}

const soloOf = (solos: readonly Solo[], workload: string, library: LibraryName): Solo | undefined =>
  solos.find(solo => solo.workload === workload && solo.library === library)

const ownSolo = (solos: readonly Solo[], workload: string): Solo | undefined =>
  soloOf(solos, workload, 'retrograd')

function checkColdStart(solos: readonly Solo[]): FloorCheck[] {
  return ['W1', 'W2', 'W3'].flatMap(workload => {
    const [own, jax] = [ownSolo(solos, workload), soloOf(solos, workload, 'jax-js')]
    if (!own || !jax) return []
    const share = median(own.coldMilliseconds) / median(jax.coldMilliseconds)
    return [atMost(`${workload} first step over jax-js's`, COLD_SHARE, share, '×')]
  })
}

function checkPeak(solos: readonly Solo[]): FloorCheck[] {
  const own = ownSolo(solos, 'W1')
  const share = own && peakShare(own)
  return own && share ? [atMost('W1 peak memory over the ideal', PEAK_SHARE, share, '×')] : []
}

/** Peak bytes of a training workload over those it cannot do without; null for other workloads. */
export function peakShare({ workload, peakBytes }: Pick<Solo, 'workload' | 'peakBytes'>): number | null {
  const [found] = findWorkloads(workload)
  return found?.kind === 'training' ? peakBytes / idealBytes(found) : null
}
