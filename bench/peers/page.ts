// The race against other libraries: this part runs in the page.
import { init } from '../../src/init.ts'
import { type Counter, type Counts, countWebGpu, perStep } from '../race/counters.ts'
import type { Library, LibraryName, Task } from '../race/library.ts'
import { drawNumbers } from '../race/numbers.ts'
import { type AdapterPeak, measurePeak } from '../race/peak.ts'
import { type RaceResult, type RaceSettings, race } from '../race/race.ts'
import { startRetrograd } from '../race/retrograd.ts'
import { findWorkloads, type Workload } from '../race/workloads.ts'
import { startJax } from './jax.ts'
import { startTfjs } from './tfjs.ts'

/** Where the harness serves the peers' files, see run.ts. */
const PEERS = '/peers'

async function start(name: LibraryName): Promise<Library> {
  switch (name) {
    case 'retrograd':
      return startRetrograd({ backend: 'webgpu' })
    case 'retrograd cpu':
      return startRetrograd({ backend: 'cpu' })
    case 'jax-js':
      return startJax(`${PEERS}/@jax-js/jax/dist/index.js`)
    case 'tfjs':
      return startTfjs([
        `${PEERS}/@tensorflow/tfjs/dist/tf.es2017.min.js`,
        `${PEERS}/@tensorflow/tfjs-backend-webgpu/dist/tf-backend-webgpu.es2017.min.js`,
      ])
  }
}

function workloadOf(name: string): Workload {
  const [workload] = findWorkloads(name)
  if (!workload) throw new Error(`internal: no workload ${name}`)
  return workload
}

let libraries: readonly Library[] = []

/** Starts the libraries that are to race in this page. */
export async function open(names: readonly LibraryName[]): Promise<void> {
  const started: Library[] = []
  for (const name of names) started.push(await start(name))
  libraries = started
}

/** What the adapter is and what it reaches at most. */
export async function adapter(): Promise<{ report: object; peak: AdapterPeak }> {
  const engine = await init({ backend: 'webgpu' })
  const report = engine.adapter
  engine.dispose()
  return { report, peak: await measurePeak(navigator.gpu) }
}

/** Races the open libraries on a workload. */
export function raceOn(workload: string, settings: RaceSettings): Promise<RaceResult> {
  return race(workloadOf(workload), libraries, settings)
}

/** How a library behaves on a workload from nothing compiled to its steady state, alone in a fresh browser. */
export interface SoloResult {
  readonly library: LibraryName
  readonly workload: string
  /** From the first call, which compiles everything, to its loss read; the library and its device are up. */
  readonly coldMilliseconds: number
  /** A step in the steady state: what it asks of WebGPU, the read of its loss left out. */
  readonly counts: Counts
  /** Steps counted. */
  readonly steps: number
  /** The most bytes of buffers alive at once: from the start on, and in the steady state. */
  readonly peakBytes: number
  readonly steadyPeakBytes: number
}

/** Steps before counting, and steps counted: fewer where one takes seconds. */
const WARM_STEPS = 2
const COUNTED_STEPS = 10
const FEW_STEPS = 3
const SLOW_MILLISECONDS = 1000

/**
 * Takes one library's first steps on a workload, reading each loss before the next step, as most loops do. Only true
 * in a page that has done nothing else.
 */
export async function solo(name: LibraryName, workload: string): Promise<SoloResult> {
  const { take, task, counter, coldMilliseconds } = await coldStart(name, workload)
  const warm = performance.now()
  await take(WARM_STEPS)
  const steps = performance.now() - warm > WARM_STEPS * SLOW_MILLISECONDS ? FEW_STEPS : COUNTED_STEPS
  const { peakBytes } = counter
  counter.reset()
  await take(steps)
  const all = counter.counts
  const steadyPeakBytes = counter.peakBytes
  // What reading costs is known from reads alone, of a loss that is there already.
  counter.reset()
  for (let step = 0; step < steps; step++) await task.read()
  const reads = counter.counts
  counter.restore()
  return {
    library: name,
    workload,
    coldMilliseconds,
    counts: perStep(all, reads, steps),
    steps,
    peakBytes: Math.max(peakBytes, steadyPeakBytes),
    steadyPeakBytes,
  }
}

/** Takes a library's first step on a workload and nothing else: milliseconds. Only true in a page as new. */
export async function cold(name: LibraryName, workload: string): Promise<number> {
  return (await coldStart(name, workload)).coldMilliseconds
}

async function coldStart(name: LibraryName, workload: string) {
  const counter: Counter = countWebGpu(globalThis)
  const library = await start(name)
  const task = await library.prepare(workloadOf(workload), drawNumbers(workloadOf(workload)))
  const take = async (steps: number) => {
    for (let step = 0; step < steps; step++) {
      task.call()
      await task.read()
    }
  }
  const begin = performance.now()
  await task.warmUp?.()
  await take(1)
  return { take, task, counter, coldMilliseconds: performance.now() - begin }
}

let training: Task | null = null

/** Starts retrograd on a workload, for `train`. */
export async function prepareTraining(workload: string): Promise<void> {
  const library = await start('retrograd')
  training = await library.prepare(workloadOf(workload), drawNumbers(workloadOf(workload)))
}

/** Takes so many steps, waiting for the loss of each hundredth so that they do not pile up. */
export async function train(steps: number): Promise<void> {
  if (!training) throw new Error('internal: nothing is prepared')
  for (let step = 1; step <= steps; step++) {
    training.call()
    if (step % 100 === 0) await training.read()
  }
  await training.read()
}
