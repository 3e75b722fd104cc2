// retrograd alone on the workloads: what a bundle for bare machines and the page in anyone's browser run.
import type { AdapterReport } from '../src/backend.ts'
import { type AdapterPeak, measurePeak } from './race/peak.ts'
import { type RaceResult, race } from './race/race.ts'
import { startRetrograd } from './race/retrograd.ts'
import { HARDWARE_ONLY, type Workload } from './race/workloads.ts'

/** What retrograd reached on an adapter. */
export interface SoloResults {
  readonly adapter: AdapterReport
  readonly peak: AdapterPeak
  readonly versions: Readonly<Record<string, string>>
  readonly races: readonly RaceResult[]
  readonly skipped: Readonly<Record<string, string>>
  readonly failures: Readonly<Record<string, string>>
  readonly seconds: number
}

export interface SoloOptions {
  readonly gpu: GPU
  readonly workloads: readonly Workload[]
  readonly repetitions: number
  readonly versions: Readonly<Record<string, string>>
  /** Hears what the adapter is before anything is measured, then of each workload as it is done. */
  readonly onStart: (about: Pick<SoloResults, 'adapter' | 'peak' | 'versions'>) => void
  readonly onResult: (result: RaceResult, peak: AdapterPeak) => void
  readonly onSkip: (workload: Workload, reason: string) => void
  readonly onFailure: (workload: Workload, message: string) => void
}

/** Measures retrograd on workloads, each verified first. What fails is told among the failures. */
export async function measureAlone(options: SoloOptions): Promise<SoloResults> {
  const { gpu, workloads, repetitions, versions } = options
  const start = performance.now()
  const library = await startRetrograd({ backend: 'webgpu', gpu })
  const { adapter } = library.engine
  const software = adapter.isFallback
  const peak = await measurePeak(gpu)
  options.onStart({ adapter, peak, versions })
  const races: RaceResult[] = []
  const skipped: Record<string, string> = {}
  const failures: Record<string, string> = {}
  for (const workload of workloads) {
    const { name } = workload
    if (workload.hardwareOnly && software) {
      skipped[name] = HARDWARE_ONLY
      options.onSkip(workload, HARDWARE_ONLY)
      continue
    }
    try {
      const result = await race(workload, [library], { repetitions, software })
      races.push(result)
      options.onResult(result, peak)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      failures[name] = error.message
      options.onFailure(workload, error.message)
    }
    // A page shows what there is so far.
    await new Promise(resolve => setTimeout(resolve))
  }
  await library.dispose()
  const seconds = Math.round((performance.now() - start) / 1000)
  return { adapter, peak, versions, races, skipped, failures, seconds }
}
