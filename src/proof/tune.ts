// tune: measures which kernel variants serve a compiled function best on this adapter, and remembers.
import type { Tuning } from '../backend.ts'
import { type Compiled, checkCompiled } from '../compile.ts'
import { isFloat } from '../dtype.ts'
import type { Engine } from '../engine.ts'
import { fail, must } from '../errors.ts'
import { Workspace } from '../memory.ts'
import { integer, parseOptions } from '../options.ts'
import { buildPlan, place } from '../plan.ts'
import { sizeOf } from '../shape.ts'
import { makeNode, type Node, Value } from '../tape.ts'
import { WebGpuBackend } from '../webgpu/backend.ts'
import { choiceKey, requestFor, usableVariants } from '../webgpu/tune.ts'
import { median, Stopwatch } from './stopwatch.ts'

/** Options of `tune`. */
export interface TuneOptions {
  /** Timed batches a variant, in turn with those of the others; the median counts. Default 5. */
  repetitions?: number
}

/** The variants of one kernel of the plan. */
export interface TuneRow {
  readonly op: string
  readonly shapes: readonly (readonly number[])[]
  /** Milliseconds of one dispatch by variant; those far behind after one batch were not timed again. */
  readonly milliseconds: Readonly<Record<string, number>>
  /** The variant taken before, and from now on. */
  readonly before: string
  readonly chosen: string
}

/** What `tune` measured and chose. */
export interface TuneReport {
  readonly rows: readonly TuneRow[]
  /** What the engine goes by from now on. */
  readonly tuning: Tuning
}

/** A variant this many times slower than the best is out after one batch. */
const HOPELESS = 3
/** Milliseconds below which one call's time says nothing. */
const CLOCK_GRAIN = 0.3
/** Another variant is taken where it is faster by this share at least: noise decides nothing. */
const GAIN = 0.03

/**
 * Times every variant of every kernel in the plan of a compiled function, on random numbers of the plan's shapes, and
 * has the engine take the fastest from now on (`engine.tuning`): the plan is made anew at the next call. Nothing of the
 * program's is changed. Throws `unsupported` on the CPU backend.
 */
export async function tune<Arguments extends readonly unknown[]>(
  step: Compiled<Arguments, unknown>,
  args: Arguments,
  options: TuneOptions = {},
): Promise<TuneReport> {
  const { repetitions } = parseOptions('tune', options, { repetitions: integer(5, { min: 1 }) })
  checkCompiled('tune', step, args)
  const { engine, plan } = step.planned(...args)
  const { runner } = engine
  if (!(runner instanceof WebGpuBackend))
    fail('unsupported', 'tune', 'the CPU backend has one way to compute each op.', 'Use a WebGPU engine.')
  const rows: TuneRow[] = []
  const choices: Record<string, string> = {}
  const known = new Set<string>()
  for (const { node } of plan.steps) {
    const key = choiceKey(node)
    const variants = usableVariants(node, runner.traits)
    const isIdle = node.outputs.every(({ shape }) => sizeOf(shape) === 0)
    const { updates, layout, alias } = node.op
    if (known.has(key) || variants.length < 2 || isIdle || updates || layout || alias) continue
    known.add(key)
    const before = requestFor(node, runner.traits, runner.forced, runner.tuned).variant
    const milliseconds = await timeVariants(engine, runner, node, variants, repetitions)
    const time = (variant: string): number => milliseconds[variant] ?? Number.POSITIVE_INFINITY
    const fastest = variants.reduce((best, variant) => (time(variant) < time(best) ? variant : best))
    const chosen = time(fastest) < time(before) * (1 - GAIN) ? fastest : before
    choices[key] = chosen
    const shapes = [...node.inputs, ...node.outputs].map(({ shape }) => shape)
    rows.push({ op: node.op.name, shapes, milliseconds, before, chosen })
  }
  // What another call has measured meanwhile stays.
  engine.tuning = { ...engine.tuning, choices: { ...engine.tuning.choices, ...choices } }
  return { rows, tuning: engine.tuning }
}

async function timeVariants(
  engine: Engine,
  runner: WebGpuBackend,
  node: Node,
  variants: readonly string[],
  repetitions: number,
): Promise<Record<string, number>> {
  const inputs = node.inputs.map((input, i) => standIn(engine, input, i))
  const trials: Trial[] = []
  try {
    for (const variant of variants) trials.push(new Trial(engine, runner, { ...node, inputs }, variant))
    // One call each: the first compiles, the second tells what is hopeless.
    const times: number[][] = []
    for (const { stopwatch } of trials) {
      await stopwatch.batch(1)
      times.push([(await stopwatch.batch(1)).milliseconds])
    }
    const best = Math.max(CLOCK_GRAIN, Math.min(...times.flat()))
    const hopeful = trials.flatMap((trial, i) =>
      median(must(times[i], 'times')) <= HOPELESS * best ? [{ trial, i }] : [],
    )
    const calls = new Map<Trial, number>()
    for (const { trial, i } of hopeful) {
      calls.set(trial, await trial.stopwatch.warmUp())
      times[i] = []
    }
    for (let repetition = 0; repetition < repetitions; repetition++) {
      for (const { trial, i } of hopeful) {
        const count = must(calls.get(trial), 'calls')
        times[i]?.push((await trial.stopwatch.batch(count)).milliseconds / count)
      }
    }
    return Object.fromEntries(variants.map((variant, i) => [variant, median(must(times[i], 'times'))]))
  } finally {
    for (const trial of trials) trial.dispose()
    for (const input of inputs) input.holding.release()
  }
}

/** Numbers to time a kernel on in place of an input's own: the program's are not asked for. */
function standIn(engine: Engine, { shape, dtype, host }: Value, index: number): Value {
  if (host) return new Value(engine, shape, dtype, { values: host.values })
  // Indices are 0, which is in range wherever something is.
  const scale = isFloat(dtype) ? 1e-3 : 0
  const numbers = Float32Array.from({ length: sizeOf(shape) }, (_, k) => ((k * 7919 + index) % 1000) * scale)
  return engine.upload('tune', numbers, { shape, dtype })
}

/** One kernel in one variant. */
class Trial {
  readonly stopwatch: Stopwatch
  private readonly workspace: Workspace
  private readonly values: readonly Value[]

  constructor(engine: Engine, runner: WebGpuBackend, node: Node, variant: string) {
    const { op, attributes, inputs } = node
    const copy = makeNode(engine, op, inputs, attributes, node.outputs, null)
    this.values = copy.outputs
    const plan = buildPlan({ keep: copy.outputs, updates: [], elementBytes: engine.elementBytes })
    this.workspace = new Workspace(engine.memoryManager)
    const name = op.base ?? op.name
    const forced = runner.forced.get(name)
    runner.forced.set(name, variant)
    try {
      const scratch = runner.scratch(plan)
      const placement = place(plan, engine.memoryManager, this.workspace, scratch, engine.elementBytes)
      const executable = runner.prepare(plan, placement, this.workspace)
      for (const [value, slot] of plan.kept) value.storage = slot.storage
      executable.stage(1)
      this.stopwatch = new Stopwatch(engine, () => executable.run({ times: 1, before: [], after: [] }))
    } finally {
      if (forced === undefined) runner.forced.delete(name)
      else runner.forced.set(name, forced)
    }
  }

  dispose(): void {
    this.stopwatch.dispose()
    for (const value of this.values) value.holding.release()
    this.workspace.release()
  }
}

const DATABASE = 'retrograd'
const STORE = 'tuning'

/** Keeps what `tune` measured in the browser's IndexedDB, under the adapter's name. Throws `unsupported` where there is none. */
export async function storeTuning(engine: Engine): Promise<void> {
  const { tuning } = engine
  await withStore('storeTuning', 'readwrite', store => store.put(JSON.stringify(tuning), tuning.adapter))
}

/** Takes up what was kept for this adapter; false where nothing was. Throws `unsupported` where there is no IndexedDB. */
export async function restoreTuning(engine: Engine): Promise<boolean> {
  const { adapter } = engine.tuning
  const kept = await withStore('restoreTuning', 'readonly', store => store.get(adapter))
  if (typeof kept !== 'string') return false
  engine.tuning = JSON.parse(kept) as Tuning
  return true
}

async function withStore(
  where: string,
  mode: IDBTransactionMode,
  body: (store: IDBObjectStore) => IDBRequest,
): Promise<unknown> {
  if (typeof indexedDB === 'undefined')
    fail(
      'unsupported',
      where,
      'there is no IndexedDB here.',
      'Write JSON.stringify(engine.tuning) to a file, and set engine.tuning to what it holds.',
    )
  const opening = indexedDB.open(DATABASE, 1)
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE)
  const database = (await answered(opening)) as IDBDatabase
  try {
    return await answered(body(database.transaction(STORE, mode).objectStore(STORE)))
  } finally {
    database.close()
  }
}

const answered = (request: IDBRequest): Promise<unknown> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('the database did not answer'))
  })
