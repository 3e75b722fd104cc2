// A race: libraries that first prove to compute the same, then take turns at batches of the same work.
import { COMPARED_STEPS, differenceOf, toleranceOf } from './agree.ts'
import type { Library, LibraryName, Task } from './library.ts'
import { drawNumbers, type Numbers } from './numbers.ts'
import { type Expected, expectedOf } from './reference.ts'
import { median, type Spread, spreadOf } from './statistics.ts'
import type { Workload } from './workloads.ts'

export interface RaceSettings {
  /** Batches a library, of which the median counts. */
  readonly repetitions: number
  /** A software adapter: batches are longer, repetitions of slow libraries fewer. */
  readonly software: boolean
}

/** How one library did on one workload. */
export interface LibraryTime {
  /** Wall time of one call, a batch of them ended by reading the last one's result. */
  readonly milliseconds: Spread
  /** Batches timed, and calls in each. */
  readonly batches: number
  readonly calls: number
  /** Of JavaScript in one call, until its work is on its way to the GPU. */
  readonly mainThreadMilliseconds: number
  /** The largest difference of its results from those of the first library and from the reference, relative. */
  readonly difference: number
}

export interface RaceResult {
  readonly workload: string
  readonly times: Partial<Record<LibraryName, LibraryTime>>
  /** Libraries that did not take part, and why. */
  readonly absent: Partial<Record<LibraryName, string>>
  /** What `difference` may be at most. */
  readonly tolerance: number
  /** Losses of the first steps of each library's training. */
  readonly losses?: Partial<Record<LibraryName, readonly number[]>>
}

/** Batches should take this long: software adapters stutter by tens of milliseconds, GPUs by one at most. */
const BATCH_MILLISECONDS = { software: 300, hardware: 20 }

/** On a software adapter so many calls make a batch, unless one of them takes longer than a second. */
const LEAST_CALLS = 3

/** Batches that take longer than these are repeated so often at most; the first that fits counts. */
const SLOW_BATCHES = [
  { milliseconds: 4000, repetitions: 2 },
  { milliseconds: 2000, repetitions: 3 },
] as const

interface Entrant {
  readonly name: LibraryName
  readonly task: Task
  readonly difference: number
  calls: number
  repetitions: number
  readonly batches: number[]
  readonly callTimes: number[]
}

/**
 * Has each library do the workload: its first results are compared with the reference and with the first library's,
 * then batches are timed in turn. Throws where results differ by more than the tolerance; a library that fails by
 * itself is told as absent, except the first.
 */
export async function race(
  workload: Workload,
  libraries: readonly Library[],
  settings: RaceSettings,
): Promise<RaceResult> {
  const numbers = drawNumbers(workload)
  const tolerance = toleranceOf(workload)
  const absent: Partial<Record<LibraryName, string>> = {}
  const losses: Partial<Record<LibraryName, readonly number[]>> = {}
  const entrants: Entrant[] = []
  const judge = new Judge(workload, numbers)
  try {
    for (const [place, library] of libraries.entries()) {
      const { name } = library
      const reason = library.declines?.(workload)
      if (reason) {
        absent[name] = reason
        continue
      }
      try {
        const task = await library.prepare(workload, numbers)
        const { difference, results } = await judge.compare(name, task)
        if (workload.kind === 'training') losses[name] = results
        entrants.push({ name, task, difference, calls: 1, repetitions: 1, batches: [], callTimes: [] })
      } catch (error) {
        if (place === 0 || error instanceof Disagreement || !(error instanceof Error)) throw error
        absent[name] = `failed: ${error.message}`
      }
    }
    for (const entrant of entrants) await size(entrant, settings)
    for (let repetition = 0; repetition < settings.repetitions; repetition++) {
      for (const entrant of entrants) if (entrant.batches.length < entrant.repetitions) await batch(entrant)
    }
  } finally {
    for (const { task } of entrants) task.dispose()
  }
  const times = Object.fromEntries(
    entrants.map(({ name, batches, calls, callTimes, difference }) => [
      name,
      {
        milliseconds: spreadOf(batches),
        batches: batches.length,
        calls,
        mainThreadMilliseconds: median(callTimes),
        difference,
      },
    ]),
  )
  return {
    workload: workload.name,
    times,
    absent,
    tolerance,
    ...(workload.kind === 'training' ? { losses } : {}),
  }
}

/** Results that differ by more than the tolerance. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement'
}

/** Compares results with the reference and with those of the library that came first. */
class Judge {
  private readonly expected: Expected | null
  private first: { readonly name: LibraryName; readonly results: readonly number[] | Float32Array } | null =
    null

  constructor(
    private readonly workload: Workload,
    numbers: Numbers,
  ) {
    this.expected = expectedOf(workload, numbers)
  }

  /** Makes the first calls of a task. Throws Disagreement. */
  async compare(name: LibraryName, task: Task): Promise<{ difference: number; results: number[] }> {
    const results = await firstResults(this.workload, task)
    const { first, expected } = this
    this.first ??= { name, results }
    let difference = 0
    const check = (whose: string, a: ArrayLike<number>, b: ArrayLike<number>) => {
      const apart = differenceOf(a, b)
      difference = Math.max(difference, apart)
      const most = toleranceOf(this.workload)
      if (apart <= most) return
      throw new Disagreement(
        `${this.workload.name}: ${name} differs from ${whose} by ${apart.toExponential(1)} of the largest number ` +
          `(at most ${most.toExponential(1)} is explained by rounding): ${few(a)} against ${few(b)}`,
      )
    }
    if (expected)
      check(
        'the reference',
        expected.indices.map(index => results[index] ?? NaN),
        expected.values,
      )
    if (first) check(first.name, results, first.results)
    return { difference, results: this.workload.kind === 'training' ? Array.from(results) : [] }
  }
}

const few = (numbers: ArrayLike<number>): string =>
  Array.from({ length: Math.min(3, numbers.length) }, (_, i) => numbers[i]?.toPrecision(7)).join(', ')

/** Losses of the first steps of training, each read before the next; else what one call gives. */
async function firstResults(workload: Workload, task: Task): Promise<number[] | Float32Array> {
  if (workload.kind !== 'training') {
    task.call()
    return task.result()
  }
  const losses: number[] = []
  for (let step = 0; step < COMPARED_STEPS; step++) {
    task.call()
    losses.push(await task.read())
  }
  return losses
}

/** Warms up and finds how many calls make a batch, and how often one is worth repeating. */
async function size(entrant: Entrant, { repetitions, software }: RaceSettings): Promise<void> {
  const wanted = software ? BATCH_MILLISECONDS.software : BATCH_MILLISECONDS.hardware
  let milliseconds = 0
  for (let attempt = 0; attempt < 4; attempt++) {
    milliseconds = await timed(entrant, [])
    if (milliseconds > 0.75 * wanted) break
    const more = Math.ceil((entrant.calls * wanted) / Math.max(milliseconds, 0.01))
    // Step by step: the first estimate is mostly the wait for the read.
    entrant.calls = Math.min(10_000, more, entrant.calls * 64)
  }
  const one = milliseconds / entrant.calls
  // A slow call has been made before, when results were compared: this one may count.
  if (one >= 1000) entrant.batches.push(milliseconds)
  if (software && one < 1000) entrant.calls = Math.max(entrant.calls, LEAST_CALLS)
  const slow = SLOW_BATCHES.find(({ milliseconds }) => one * entrant.calls > milliseconds)
  entrant.repetitions = Math.min(repetitions, slow?.repetitions ?? repetitions)
}

async function batch(entrant: Entrant): Promise<void> {
  entrant.batches.push((await timed(entrant, entrant.callTimes)) / entrant.calls)
}

async function timed({ task, calls }: Entrant, callTimes: number[]): Promise<number> {
  const start = performance.now()
  let before = start
  for (let i = 0; i < calls; i++) {
    task.call()
    if (task.start) await task.start()
    const now = performance.now()
    callTimes.push(now - before)
    before = now
  }
  await task.read()
  return performance.now() - start
}
