// What a run of the race leaves behind: one object, printed by --json and kept in bench/results/.
import type { AdapterReport } from '../../src/backend.ts'
import type { SoloResult } from '../peers/page.ts'
import type { LibraryName } from '../race/library.ts'
import type { AdapterPeak } from '../race/peak.ts'
import type { RaceResult } from '../race/race.ts'

/** Heap of the page before and after so many training steps, garbage collected each time. */
export interface HeapGrowth {
  readonly workload: string
  readonly steps: number
  readonly bytesBefore: number
  readonly bytesAfter: number
}

/** A first step from nothing compiled, several times over, and the steady state behind it. */
export interface Solo extends Omit<SoloResult, 'coldMilliseconds'> {
  readonly coldMilliseconds: readonly number[]
}

/** A floor of ours: what was promised, what was measured. */
export interface FloorCheck {
  readonly name: string
  /** What it must be: '≥ 1.5×', '≤ 12'. */
  readonly floor: string
  readonly measured: string
  readonly met: boolean
}

export interface Results {
  readonly command: string
  readonly adapter: AdapterReport
  readonly peak: AdapterPeak
  /** Of the libraries and of what ran them. */
  readonly versions: Readonly<Record<string, string>>
  readonly races: readonly RaceResult[]
  readonly solos: readonly Solo[]
  readonly heap: HeapGrowth | null
  readonly floors: readonly FloorCheck[]
  /** Workloads left out, and why. */
  readonly skipped: Readonly<Record<string, string>>
  /** Workloads that failed: results that differ, say. */
  readonly failures: Readonly<Record<string, string>>
  readonly seconds: number
}

/** How many times longer a library takes than retrograd, by medians; null where either is missing. */
export function ratioOf(race: RaceResult, library: LibraryName): number | null {
  const own = race.times.retrograd
  const other = race.times[library]
  return own && other ? other.milliseconds.median / own.milliseconds.median : null
}
