// The engine: one backend with its memory, its random stream and the work pending on it.
import type { AdapterReport, Backend, Counters, Executable, Tuning } from './backend.ts'
import { type DType, type HostArray, hostArray, isFloat, roundTo } from './dtype.ts'
import { fail, show } from './errors.ts'
import { MemoryManager, type MemoryReport, Workspace } from './memory.ts'
import type { OpDefinition } from './op.ts'
import { checkKind, integer } from './options.ts'
import { buildPlan, type Plan, place } from './plan.ts'
import { type RandomStream, randomKey } from './random.ts'
import { sizeOf } from './shape.ts'
import { currentRecording, hold, makeNode, markBusy, type Node, rangeOf, type Spec, Value } from './tape.ts'
import { Parameter, refusePromise, type Tensor } from './tensor.ts'

/** Pending results above this many bytes, or this many nodes, are computed without waiting for a read. */
const PENDING_BYTES = 2 ** 28
const PENDING_NODES = 2048

let nextEngine = 1
const engines: Engine[] = []
const used: Engine[] = []

/** The engine ops without a tensor argument go to. Throws `engine` when none is alive. */
export function currentEngine(where: string): Engine {
  const engine = used.at(-1) ?? engines.find(candidate => candidate.isAlive)
  return engine ?? fail('engine', where, 'no engine is running.', 'Call `await init()` first.')
}

/** The engine an option names, else the current one. Throws `option` for what is no engine. */
export function engineOr(where: string, engine: unknown): Engine {
  if (engine === undefined) return currentEngine(where)
  if (engine instanceof Engine) return engine
  return fail('option', where, `engine is ${show(engine)}.`, 'Pass what init() gave.')
}

/** A backend at work. Made by `init`. */
export class Engine {
  readonly id = nextEngine++
  /** Internal. */
  readonly memoryManager: MemoryManager
  private pending: Node[] = []
  private pendingBytes = 0
  private overwritten: { target: Parameter; before: Value; after: Value }[] = []
  private random: RandomStream
  /** Internal: plans made under another version are made anew. */
  tuningVersion = 0
  private alive = true

  constructor(
    /** Internal: what runs plans. */
    readonly runner: Backend,
    /** Why 'auto' chose the CPU, else null. */
    readonly reason: string | null,
    readonly seed: number,
  ) {
    this.memoryManager = new MemoryManager(runner)
    this.random = { seed, counter: 0 }
    engines.push(this)
  }

  get backend(): 'webgpu' | 'cpu' {
    return this.runner.name
  }

  get adapter(): AdapterReport {
    return this.runner.adapter
  }

  get isAlive(): boolean {
    return this.alive
  }

  memory(): MemoryReport {
    return this.memoryManager.report()
  }

  /** Dispatches, submits, pipelines, bind groups, buffers, uploads and reads since init. */
  counters(): Counters {
    return { ...this.runner.counters }
  }

  /**
   * Kernel variants measured by `tune`; those it does not name are chosen by rules that measure nothing. To keep it,
   * write its JSON; set it again on the same adapter. Throws `value` for one of another adapter.
   */
  get tuning(): Tuning {
    const { description } = this.adapter
    return { adapter: description, choices: Object.fromEntries(this.runner.tuned) }
  }

  set tuning(tuning: Tuning) {
    const { description } = this.adapter
    const { adapter, choices } = (tuning ?? {}) as Partial<Tuning>
    if (adapter !== description)
      fail(
        'value',
        'tuning',
        `it was measured on ${show(adapter)}; this adapter is ${show(description)}.`,
        'Call tune here.',
      )
    const isTable = typeof choices === 'object' && choices !== null && !Array.isArray(choices)
    if (!isTable || !Object.values(choices).every(name => typeof name === 'string'))
      fail('value', 'tuning', `choices are ${show(choices)}, not names of variants.`, 'Set what tune gave.')
    this.runner.tuned.clear()
    for (const [key, variant] of Object.entries(choices)) this.runner.tuned.set(key, variant)
    this.tuningVersion++
  }

  /** Makes this the engine of creators called in `body`, which must be synchronous. */
  use<T>(body: () => T): T {
    this.assertAlive('use')
    checkKind('use', 'body', body, 'a function')
    used.push(this)
    try {
      return body()
    } finally {
      used.pop()
    }
  }

  /**
   * Runs `body`, which must be synchronous, with a random stream of this seed: what it makes is the same each time,
   * `engine.withSeed(7, () => nn.mlp([2, 8, 1]))`. The engine's own stream stays where it was. A compiled function draws
   * when it is called.
   */
  withSeed<T>(seed: number | RandomStream, body: () => T): T {
    const where = 'withSeed'
    checkKind(where, 'body', body, 'a function')
    const before = this.random
    this.random =
      typeof seed === 'object'
        ? seed
        : { seed: integer(undefined)(seed, { where, name: 'seed', rank: 0 }), counter: 0 }
    try {
      const result = this.use(body)
      refusePromise(where, result)
      return result
    } finally {
      this.random = before
    }
  }

  /** Resolves when all work submitted so far is done. */
  async idle(): Promise<void> {
    this.assertAlive('idle')
    this.flush()
    await this.runner.idle()
  }

  /** Frees everything. Tensors of this engine cannot be used afterwards. */
  dispose(): void {
    if (!this.alive) return
    this.alive = false
    engines.splice(engines.indexOf(this), 1)
    this.pending = []
    this.memoryManager.trim()
    this.runner.dispose()
  }

  /** Internal from here on. */
  assertAlive(where: string): void {
    if (!this.alive) fail('disposed', where, 'its engine was disposed.', 'Make a new one with init().')
    this.runner.assertUsable(where)
  }

  /** Restarts or continues the random stream: the key of the next random op. */
  nextRandomKey(): number[] {
    return randomKey(this.random.seed, this.random.counter++)
  }

  /** Takes back keys that were drawn for runs that never happened. */
  returnRandomKeys(count: number): void {
    this.random.counter -= count
  }

  elementBytes = (value: Spec): number => this.runner.elementBytes(value.dtype)

  /** A stored leaf with numbers from the host. */
  upload(where: string, values: ArrayLike<number>, spec: Spec): Value {
    this.assertAlive(where)
    this.runner.checkSpec(where, spec)
    const value = this.stored(spec)
    this.runner.write(value.storage as NonNullable<Value['storage']>, spec.dtype, values)
    if (!isFloat(spec.dtype) && spec.dtype !== 'bool') value.range = rangeOf(values)
    return value
  }

  /** A stored leaf whose numbers are yet to be written. */
  stored(spec: Spec, mutable = false): Value {
    const value = new Value(this, spec.shape, spec.dtype)
    value.storage = this.memoryManager.acquire(sizeOf(spec.shape) * this.elementBytes(spec), mutable)
    return value
  }

  /** A scalar constant of an op. */
  constant(where: string, number: number, dtype: DType): Value {
    if (!isFloat(dtype) && (!Number.isInteger(number) || (dtype === 'uint32' && number < 0))) {
      fail(
        'dtype',
        where,
        `the number ${number} does not fit a ${dtype} tensor.`,
        'Use a whole number, or cast the tensor to float32.',
      )
    }
    return new Value(this, [], dtype, { values: [number] })
  }

  apply(op: OpDefinition, inputs: readonly Value[], attributes: object, specs: readonly Spec[]): Node {
    for (const spec of specs) this.runner.checkSpec(op.name, spec)
    const recording = currentRecording()
    if (recording) {
      if (recording.engine !== this) {
        fail(
          'engine',
          op.name,
          'a function compiled for one engine uses a tensor of another.',
          'Make its tensors on one engine.',
        )
      }
      const node = makeNode(this, op, inputs, attributes, specs, recording)
      recording.nodes.push(node)
      for (const input of inputs) hold(recording, input)
      return node
    }
    const bytes = specs.reduce((sum, spec) => sum + sizeOf(spec.shape) * this.elementBytes(spec), 0)
    if (this.pendingBytes + bytes > PENDING_BYTES || this.pending.length >= PENDING_NODES) this.flush()
    const node = makeNode(this, op, inputs, attributes, specs, null)
    for (const input of inputs) input.readers++
    this.pending.push(node)
    markBusy(this)
    this.pendingBytes += bytes
    return node
  }

  /** Gives a parameter the value an update op has computed; its arena's members follow. */
  overwrite(target: Tensor, after: Value): void {
    if (!(target instanceof Parameter)) {
      fail(
        'value',
        'update',
        `${target} is not a parameter, and only parameters are overwritten.`,
        'Make it one with parameter(tensor).',
      )
    }
    this.replace(target, after)
    for (const member of target.members) {
      const { shape, dtype, storage } = member.value
      const value = new Value(this, shape, dtype, null, currentRecording())
      if (value.recording) value.storage = storage // a recording borrows: it never releases
      this.replace(member, value)
    }
  }

  private replace(target: Parameter, after: Value): void {
    const recording = currentRecording()
    const before = target.value
    if (recording) {
      if (!recording.updated.has(target)) recording.updated.set(target, before)
      recording.outdated.add(before)
      target.value = after
    } else {
      this.overwritten.push({ target, before, after })
    }
  }

  /** Runs an update with everything pending before it, then retires the old versions. */
  afterUpdate(): void {
    if (currentRecording()) return
    const overwritten = this.overwritten
    this.overwritten = []
    this.flush()
    for (const { target, before, after } of overwritten) newVersion(target, before, after)
  }

  /** Computes everything pending whose result somebody still holds. */
  flush(): void {
    if (this.pending.length === 0) return
    const nodes = this.pending
    this.pending = []
    this.pendingBytes = 0
    const keep = nodes.flatMap(node => node.outputs.filter(output => output.handles > 0))
    const updates = nodes.filter(node => node.op.updates)
    try {
      this.runOnce(buildPlan({ keep, updates, elementBytes: this.elementBytes }))
    } finally {
      for (const node of nodes) for (const input of node.inputs) input.dropReader()
    }
    for (const node of nodes) for (const output of node.outputs) forgetHistory(output)
  }

  /** Gives a plan its memory and makes it ready. */
  prepare(plan: Plan, workspace: Workspace): Executable {
    const { runner, memoryManager, elementBytes } = this
    const placement = place(plan, memoryManager, workspace, runner.scratch(plan), elementBytes)
    return runner.prepare(plan, placement, workspace)
  }

  private runOnce(plan: Plan): void {
    const workspace = new Workspace(this.memoryManager)
    try {
      const executable = this.prepare(plan, workspace)
      executable.stage(1)
      executable.run({ times: 1, before: [], after: [] })
    } finally {
      workspace.release()
    }
    const owned = new Set<object>()
    for (const [value, slot] of plan.kept) {
      const storage = slot.storage
      if (!storage || value.storage === storage) continue
      // The first value takes the fresh storage over; others share it.
      const fresh = slot.kind === 'computed' && !owned.has(slot)
      owned.add(slot)
      value.storage = fresh ? storage : storage.retain()
    }
  }

  /** The numbers of a value as of now. */
  async read(value: Value): Promise<HostArray> {
    if (value.host) {
      const { dtype, host } = value
      if (this.elementBytes(value) === 8) return Float64Array.from(host.values)
      const numbers = hostArray(dtype, host.values.length)
      numbers.set(Array.from(host.values, number => roundTo(dtype, number)))
      return numbers
    }
    this.flush()
    if (!value.storage && !value.available)
      fail('disposed', 'data', `the value of shape ${show(value.shape)} was overwritten by an update.`)
    this.realize(value)
    return this.runner.read(value.storage as NonNullable<Value['storage']>, value)
  }

  /** Makes a value's storage exist. */
  realize(value: Value): void {
    if (value.storage || value.host) return
    this.flush()
    if (!value.storage)
      this.runOnce(buildPlan({ keep: [value], updates: [], elementBytes: this.elementBytes }))
  }
}

/** Moves a parameter's handle to its next value. */
export function newVersion(target: Parameter, before: Value, after: Value): void {
  before.outdated = true
  target.value = after
  after.storage = before.storage?.retain() ?? null
  after.addHandle()
  before.dropHandle()
}

/** Drops the history of a computed value once nothing alive can be differentiated through it. */
function forgetHistory(value: Value): void {
  const node = value.node
  if (!node || !value.storage) return
  for (const input of node.inputs) if (input.handles === 0) forgetHistory(input)
  if (node.inputs.every(input => input.handles === 0 && input.node === null && !input.recording))
    value.node = null
}
