// The tape: values, the nodes that compute them, and the scopes and recordings they are made in.
import type { DType } from './dtype.ts'
import type { Engine } from './engine.ts'
import { fail } from './errors.ts'
import type { Storage } from './memory.ts'
import type { OpDefinition } from './op.ts'
import type { Shape } from './shape.ts'

/** Shape and dtype: what an op's shape rule sees of a tensor. */
export interface Spec {
  readonly shape: Shape
  readonly dtype: DType
}

/** One application of an op. `id` grows along the tape, so sorting by it gives a valid order. */
export interface Node {
  readonly id: number
  readonly op: OpDefinition
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  readonly attributes: object
}

/** A small leaf whose numbers the host knows; with `evaluate` they are asked for anew at each replay. */
export interface HostSource {
  readonly values: ArrayLike<number>
  readonly evaluate?: () => ArrayLike<number>
  /** Takes back that it was asked so many times. */
  readonly undo?: (times: number) => void
  /** What index ops of a recording ask of the numbers. */
  readonly bounds?: { readonly op: string; readonly bound: number }[]
}

/**
 * The numbers of host sources for so many runs, asked run by run. What one throws comes out, and those that count how
 * often they were asked take back the numbers nobody will use.
 */
export function askHosts(hosts: readonly HostSource[], times: number): ArrayLike<number>[][] {
  const asked = hosts.map(() => 0)
  try {
    return Array.from({ length: times }, () =>
      hosts.map((host, i) => {
        if (!host.evaluate) return host.values
        asked[i] = (asked[i] ?? 0) + 1
        return hostNumbers(host)
      }),
    )
  } catch (error) {
    hosts.forEach((host, i) => {
      host.undo?.(asked[i] ?? 0)
    })
    throw error
  }
}

/** The numbers of a host source as of now. Throws `index` where an index op would find one out of range. */
function hostNumbers({ values, evaluate, bounds = [] }: HostSource): ArrayLike<number> {
  const numbers = evaluate?.() ?? values
  if (bounds.length > 0) {
    const range = rangeOf(numbers)
    for (const { op, bound } of bounds) checkRange(op, range, bound)
  }
  return numbers
}

/** Lowest and highest number of an uploaded integer tensor, and where they stand: what index checks need. */
export interface Range {
  readonly low: number
  readonly lowIndex: number
  readonly high: number
  readonly highIndex: number
}

/** The part of a value that outlives it, so that a finalizer can free what it held. */
export class Holding {
  storage: Storage | null = null
  counted = false
  /** True once the storage has been given back. */
  freed = false

  constructor(readonly engine: Engine) {}

  release(): void {
    if (this.storage) this.freed = true
    this.storage?.release()
    this.storage = null
    if (this.counted) this.engine.memoryManager.tensors--
    this.counted = false
  }
}

const finalizer = new FinalizationRegistry<Holding>(holding => holding.release())

let nextId = 1

/** A value on the tape: immutable, computed by a node, stored, or known to the host. */
export class Value implements Spec {
  readonly id = nextId++
  node: Node | null = null
  readonly holding: Holding
  /** Living handles; at 0 (and no pending reader) the storage is given back. */
  handles = 0
  /** Pending nodes that read this value. */
  readers = 0
  /** True once an update has overwritten it. */
  outdated = false
  range: Range | null = null

  constructor(
    readonly engine: Engine,
    readonly shape: Shape,
    readonly dtype: DType,
    readonly host: HostSource | null = null,
    /** The recording this value is a part of, or null for real values. */
    readonly recording: Recording | null = null,
  ) {
    this.holding = new Holding(engine)
    if (!recording) finalizer.register(this, this.holding)
  }

  get storage(): Storage | null {
    return this.holding.storage
  }

  set storage(storage: Storage | null) {
    this.holding.storage = storage
  }

  addHandle(): void {
    this.handles++
    if (this.recording || this.holding.counted) return
    this.holding.counted = true
    this.engine.memoryManager.tensors++
  }

  dropHandle(): void {
    this.handles--
    this.releaseIfUnused()
  }

  dropReader(): void {
    this.readers--
    this.releaseIfUnused()
  }

  private releaseIfUnused(): void {
    // In a recording, values of parameters stand for memory that is the parameters'.
    if (this.handles === 0 && this.readers === 0 && !this.recording) this.holding.release()
  }

  /** True when the numbers exist or can be computed (again) from what exists. */
  get available(): boolean {
    const seen = new Set<Value>()
    const queue: Value[] = [this]
    for (let value = queue.pop(); value; value = queue.pop()) {
      if (seen.has(value) || value.storage || value.host || value.recording) continue
      seen.add(value)
      if (!value.node || value.outdated) return false
      queue.push(...value.node.inputs)
    }
    return true
  }
}

/** A handle whose value is replaced by updates: a parameter. */
export interface Versioned {
  value: Value
}

/** What `compile` gathers while the function runs once on placeholders. */
export interface Recording {
  readonly engine: Engine
  readonly nodes: Node[]
  readonly placeholders: Value[]
  /** Checks of index inputs to repeat at each call. */
  readonly checks: IndexCheck[]
  /** Tensors updated so far, with the value each had before. */
  readonly updated: Map<Versioned, Value>
  /** Values that an update has overwritten. */
  readonly outdated: Set<Value>
  /** Values with numbers that its nodes read, held until the plan is made. */
  readonly stored: Set<Value>
  finished: boolean
}

/** Keeps a stored value alive, though a scope within the recording may end before the plan is made. */
export function hold({ stored }: Recording, value: Value): void {
  if (!value.storage || value.recording || stored.has(value)) return
  stored.add(value)
  value.addHandle()
}

/** The numbers of `value` must lie in [0, bound). */
export interface IndexCheck {
  readonly op: string
  readonly value: Value
  readonly bound: number
}

/** The lowest and the highest of some numbers, null of none. */
export function rangeOf(values: ArrayLike<number>): Range | null {
  if (values.length === 0) return null
  let lowIndex = 0
  let highIndex = 0
  for (let i = 1; i < values.length; i++) {
    if ((values[i] as number) < (values[lowIndex] as number)) lowIndex = i
    if ((values[i] as number) > (values[highIndex] as number)) highIndex = i
  }
  return { low: values[lowIndex] as number, lowIndex, high: values[highIndex] as number, highIndex }
}

/** Throws `index` when the host knows that a number of `range` is outside [0, bound). */
export function checkRange(op: string, range: Range | null, bound: number): void {
  if (!range) return
  if (range.low < 0) outOfRange(op, range.low, range.lowIndex, bound)
  if (range.high >= bound) outOfRange(op, range.high, range.highIndex, bound)
}

function outOfRange(op: string, value: number, row: number, bound: number): never {
  fail(
    'index',
    op,
    `index ${value} at row ${row} is out of range [0, ${bound}).`,
    'Check the labels or indices.',
  )
}

let nextNodeId = 1

/** Makes a node and its output values; the engine or the recording keeps it. */
export function makeNode(
  engine: Engine,
  op: OpDefinition,
  inputs: readonly Value[],
  attributes: object,
  specs: readonly Spec[],
  recording: Recording | null,
): Node {
  const outputs = specs.map(spec => new Value(engine, spec.shape, spec.dtype, null, recording))
  const node: Node = { id: nextNodeId++, op, inputs, outputs, attributes }
  for (const output of outputs) output.node = node
  trace?.observe(node, trace.served)
  return node
}

let trace: { readonly observe: (node: Node, served: Node | null) => void; served: Node | null } | null = null

/** Runs `body`, and tells of each op applied in it, and of the node whose gradient it serves where it is part of one. */
export function traceOps<T>(observe: (node: Node, served: Node | null) => void, body: () => T): T {
  const before = trace
  trace = { observe, served: null }
  try {
    return body()
  } finally {
    trace = before
  }
}

/** Runs `body`, whose ops serve the gradient of a node. */
export function serving<T>(node: Node, body: () => T): T {
  if (!trace) return body()
  const before = trace.served
  trace.served = node
  try {
    return body()
  } finally {
    trace.served = before
  }
}

/** What is created here is disposed when a scope ends. */
export interface Disposable {
  dispose(): void
}

const scopes: Set<Disposable>[] = []
const recordings: Recording[] = []

export const currentScope = (): Set<Disposable> | null => scopes.at(-1) ?? null
export const currentRecording = (): Recording | null => recordings.at(-1) ?? null

/** Throws `recording` while compile records: a plan would know of it, and of no other. */
export function refuseRecording(where: string, what = 'a parameter'): void {
  if (recordings.length === 0) return
  fail('recording', where, `${what} cannot be made while compile() records a function.`, 'Make it before.')
}

/** Engines with work pending, to be flushed when a scope ends. */
const busy = new Set<Engine>()

/** Notes that an engine has work pending. */
export const markBusy = (engine: Engine): void => void busy.add(engine)

/** Runs what is pending on every engine. */
export function flushAll(): void {
  for (const engine of busy) if (engine.isAlive) engine.flush()
  busy.clear()
}

/** Runs `body` with a new innermost scope and hands back what was created in it. */
export function inScope<T>(body: () => T): { result: T; created: Set<Disposable> } {
  const created = new Set<Disposable>()
  scopes.push(created)
  try {
    return { result: body(), created }
  } catch (error) {
    for (const tensor of created) tensor.dispose()
    throw error
  } finally {
    scopes.pop()
  }
}

/** Runs `body` while `recording` takes every op application. */
export function inRecording<T>(recording: Recording, body: () => T): T {
  recordings.push(recording)
  try {
    return body()
  } finally {
    recordings.pop()
    recording.finished = true
  }
}
