// compile: record a function once, plan it once, replay it with one submit a call.
import type { Copy, DispatchReport, Executable } from './backend.ts'
import { currentEngine, type Engine, newVersion } from './engine.ts'
import { fail, must, show } from './errors.ts'
import { FUSION_RULES, type FusionRule, fuse } from './fuse/index.ts'
import { ALIGNMENT, type Storage, Workspace } from './memory.ts'
import { integer, parseOptions } from './options.ts'
import { buildPlan, type Plan, place, planTable, type Slot } from './plan.ts'
import { checkRange, currentRecording, inRecording, inScope, type Recording, Value } from './tape.ts'
import { eachTensor, mapTensors, Parameter, refusePromise, Tensor } from './tensor.ts'

/** What `.plan(...)` tells before anything runs. As text, a table. */
export interface PlanReport {
  readonly dispatches: number
  /** Bytes of GPU memory the plan itself holds (inputs, intermediates, results), beside captured tensors. */
  readonly bytes: number
  readonly kernels: readonly DispatchReport[]
  toString(): string
}

export type Compiled<Arguments extends readonly unknown[], Result> = ((...args: Arguments) => Result) & {
  /**
   * Calls it so many times on the same inputs, all in one submit: host scalars are asked for each call beforehand, what
   * each call gives is stacked along a new first axis. The GPU can do nothing else meanwhile: keep it to what takes a
   * tenth of a second.
   */
  run(times: number, ...args: Arguments): Result
  /** Records for these inputs and makes the pipelines, several at a time, so that the first call waits for nothing. */
  warmUp(...args: Arguments): Promise<void>
  /** Records for these inputs, unless that was done already, and tells what a call dispatches. */
  plan(...args: Arguments): PlanReport
  /** Frees the plans. */
  dispose(): void
  /** Internal: the plan for these inputs, for measurements. */
  planned(...args: Arguments): { readonly engine: Engine; readonly plan: Plan }
}

export interface CompileOptions {
  /** Plans kept, one for each set of input shapes; the least recently used goes first. Default 16. */
  maxPlans?: number
  /**
   * Whether neighbouring ops share kernels on the GPU: a layer's product, bias and activation, an activation's slope with
   * the product before it, a loss with its slope. The numbers are those of single kernels, but for what a compiler contracts to
   * fused multiply-adds, and that float16 values may keep float32's precision between fused ops. False, or the names of
   * some rules, to compare. Default true.
   */
  fuse?: boolean | readonly FusionRule[]
}

/**
 * A function of the same shape that replays a plan: `fn` runs once for each set of input shapes and dtypes, on
 * placeholders; later calls submit the recorded work in one go and return at once.
 *
 * Tensors passed (alone, in lists or in objects) are inputs, and tensors `fn` closes over are read anew at each call.
 * Numbers, booleans, strings and branches are constants of the recording; a number that changes is a tensor or
 * `hostScalar(() => number)`. Throws `recording` when `fn` reads a value, makes a parameter or returns a promise.
 */
export function compile<Arguments extends readonly unknown[], Result>(
  fn: (...args: Arguments) => Result,
  options: CompileOptions = {},
): Compiled<Arguments, Result> {
  if (typeof fn !== 'function') fail('value', 'compile', `expected a function, not ${show(fn)}.`)
  const { maxPlans, fuse } = parseOptions('compile', options, {
    maxPlans: integer(16, { min: 1 }),
    fuse: fusionRules,
  })
  const plans = new Map<string, CompiledPlan>()
  let alive = true

  const find = (args: Arguments): { plan: CompiledPlan; inputs: Tensor[] } => {
    if (!alive) fail('disposed', 'compile', 'the compiled function was disposed.', 'Compile it again.')
    // First, since it refuses what cannot be walked through.
    const described = signature(args)
    const inputs: Tensor[] = []
    eachTensor(args, tensor => inputs.push(tensor))
    const engine = inputs[0]?.engine ?? currentEngine('compile')
    for (const input of inputs) {
      input.read('compile')
      if (input.engine !== engine)
        fail('engine', 'compile', 'the inputs belong to two engines.', 'Make them on one.')
    }
    const key = `${engine.id} ${described}`
    let plan = plans.get(key)
    if (plan?.isStale) {
      plan.dispose()
      plan = undefined
    }
    plan ??= new CompiledPlan(engine, fn as (...args: readonly unknown[]) => unknown, args, inputs, fuse)
    // Least recently used first: a map keeps the order of insertion.
    plans.delete(key)
    plans.set(key, plan)
    for (const [oldest, candidate] of plans) {
      if (plans.size <= maxPlans) break
      candidate.dispose()
      plans.delete(oldest)
    }
    return { plan, inputs }
  }

  const call = (...args: Arguments): Result => {
    if (currentRecording()) return fn(...args)
    const { plan, inputs } = find(args)
    return plan.run(inputs) as Result
  }
  return Object.assign(call, {
    run: (times: number, ...args: Arguments): Result => {
      if (!Number.isSafeInteger(times) || times < 1)
        fail('value', 'run', `times is ${show(times)}; it must be a whole number from 1 on.`)
      if (times > MOST_RUNS)
        fail(
          'limit',
          'run',
          `times is ${times}; at most ${MOST_RUNS} runs fit one submit.`,
          'Call it several times.',
        )
      if (currentRecording())
        fail(
          'recording',
          'run',
          'a compiled function cannot be run several times inside another.',
          'Call it.',
        )
      const { plan, inputs } = find(args)
      return plan.run(inputs, times) as Result
    },
    warmUp: async (...args: Arguments): Promise<void> => {
      await find(args).plan.warmUp()
    },
    plan: (...args: Arguments): PlanReport => find(args).plan.report(),
    planned: (...args: Arguments) => find(args).plan,
    dispose: (): void => {
      alive = false
      for (const plan of plans.values()) plan.dispose()
      plans.clear()
    },
  })
}

/** Throws `value` for what is no compiled function, or no list of its arguments. */
export function checkCompiled(where: string, step: unknown, args: unknown): void {
  if (typeof (step as { planned?: unknown } | undefined)?.planned !== 'function')
    fail('value', where, `expected a compiled function, not ${show(step)}.`, 'Make it with compile(fn).')
  if (!Array.isArray(args))
    fail('value', where, `the arguments are ${show(args)}.`, `Pass them as a list: ${where}(step, [x, y]).`)
}

/** Tensors are looked for in lists and plain objects alone: what might hide one is refused. */
function refuseOddObject(tree: object, what: string): void {
  if (Object.getPrototypeOf(tree) === Object.prototype) return
  const kind = tree.constructor?.name ?? 'an object without prototype'
  fail(
    'recording',
    'compile',
    `${what} is ${kind}, in which tensors are not looked for.`,
    'Pass and return tensors, lists and plain objects.',
  )
}

/** Refuses a result that hides what is in it. */
function checkResult(tree: unknown): void {
  if (typeof tree !== 'object' || tree === null || tree instanceof Tensor) return
  if (Array.isArray(tree)) for (const item of tree) checkResult(item)
  else {
    refuseOddObject(tree, 'a result')
    for (const item of Object.values(tree)) checkResult(item)
  }
}

/** The rules an option names. */
function fusionRules(value: unknown): readonly FusionRule[] {
  if (value === undefined || value === true) return FUSION_RULES
  if (value === false) return []
  const known = (name: unknown): name is FusionRule => FUSION_RULES.some(rule => rule === name)
  if (Array.isArray(value) && value.every(known)) return value
  return fail(
    'option',
    'compile',
    `fuse is ${show(value)}.`,
    `It must be true, false or a list of ${FUSION_RULES.join(', ')}.`,
  )
}

/** Runs of one submit: more would take the GPU, and the encoding, for seconds. */
const MOST_RUNS = 10_000

/** What distinguishes one plan from another: shapes and dtypes of tensors, and every other argument. */
function signature(tree: unknown, around: readonly unknown[] = []): string {
  if (tree instanceof Tensor) return `${tree.dtype}[${tree.shape}]`
  if (around.includes(tree)) fail('recording', 'compile', 'an argument contains itself.', 'Pass a tree.')
  const within = [...around, tree]
  if (Array.isArray(tree)) return `[${tree.map(item => signature(item, within)).join(',')}]`
  if (typeof tree === 'object' && tree !== null) {
    refuseOddObject(tree, 'an argument')
    return `{${Object.entries(tree)
      .map(([key, value]) => `${JSON.stringify(key)}:${signature(value, within)}`)
      .join(',')}}`
  }
  if (typeof tree === 'bigint') return `${tree}n`
  if (Object.is(tree, -0)) return '-0'
  if (typeof tree === 'function' || typeof tree === 'symbol') {
    fail('recording', 'compile', `an argument is a ${typeof tree}.`, 'Close over it instead of passing it.')
  }
  return typeof tree === 'string' ? JSON.stringify(tree) : String(tree)
}

interface Output {
  readonly value: Value
  readonly slot: Slot
  /** The value last returned whose numbers still lie in the plan's own memory. */
  lent: WeakRef<Value> | null
}

/** Places, pipelines and bind groups of a plan. */
interface Prepared {
  readonly executable: Executable
  readonly bytes: number
  readonly kernels: readonly DispatchReport[]
}

/** One recording with its plan, its memory and its executable. */
class CompiledPlan {
  readonly plan: Plan
  private readonly workspace: Workspace
  private readonly result: unknown
  /** The value that each tensor of the result stood for when the function returned. */
  private readonly results = new Map<Tensor, Value>()
  private readonly outputs: Output[] = []
  private readonly recording: Recording
  /** Storages of tensors made inside the function: the plan keeps them. */
  private readonly constants: Storage[] = []
  private prepared: Prepared | null = null
  private isDisposed = false
  private readonly tuningVersion: number

  constructor(
    readonly engine: Engine,
    fn: (...args: readonly unknown[]) => unknown,
    args: readonly unknown[],
    inputs: readonly Tensor[],
    rules: readonly FusionRule[],
  ) {
    engine.flush()
    this.tuningVersion = engine.tuningVersion
    this.recording = {
      engine,
      nodes: [],
      placeholders: [],
      checks: [],
      updated: new Map(),
      outdated: new Set(),
      finished: false,
    }
    const { recording } = this
    recording.placeholders.push(
      ...inputs.map(input => new Value(engine, input.shape, input.dtype, null, recording)),
    )
    const { result, created } = inScope(() => {
      const placeholders = [...recording.placeholders]
      const stand = mapTensors(
        args,
        () => new Tensor(must(placeholders.shift(), 'placeholder')),
      ) as readonly unknown[]
      try {
        return inRecording(recording, () => {
          const value = engine.use(() => fn(...stand))
          refusePromise('compile', value)
          checkResult(value)
          // Now, while an updated parameter still stands for what the update gives.
          eachTensor(value, tensor => this.results.set(tensor, tensor.value))
          return value
        })
      } finally {
        // The recording only pretended to update: the parameters still hold what they held.
        for (const [parameter, before] of recording.updated) {
          const after = parameter.value
          parameter.value = before
          recording.updated.set(parameter, after)
        }
      }
    })
    this.result = result
    this.plan = buildPlan({
      keep: [...new Set(this.results.values())],
      updates: recording.nodes.filter(node => node.op.updates),
      placeholders: recording.placeholders,
      elementBytes: engine.elementBytes,
      // The CPU backend calls references op by op.
      ...(engine.backend === 'webgpu' && rules.length > 0
        ? { rewrite: (nodes, keep) => fuse(nodes, keep, engine.runner.traits, rules) }
        : {}),
    })
    for (const slot of this.plan.slots) {
      if (slot.kind !== 'stored' || !slot.storage) continue
      const mine = [...created].some(tensor => tensor instanceof Tensor && tensor.value === slot.value)
      if (mine) this.constants.push(slot.storage.retain())
    }
    for (const tensor of created) tensor.dispose()

    this.workspace = new Workspace(engine.memoryManager)
  }

  /** Makes the pipelines while the GPU process has threads to spare, then the rest. */
  async warmUp(): Promise<void> {
    const { engine } = this
    await engine.runner.warmUp(this.plan)
    engine.assertAlive('warmUp')
    if (this.isDisposed) fail('disposed', 'warmUp', 'the compiled function was disposed meanwhile.')
    this.prepare()
    await engine.runner.settled()
    engine.assertAlive('warmUp')
  }

  /** Gives everything its place, once. */
  private prepare(): Prepared {
    if (this.prepared) return this.prepared
    const { engine, plan, workspace } = this
    const before = engine.memory().liveBytes
    const placement = place(
      plan,
      engine.memoryManager,
      workspace,
      engine.runner.scratch(plan),
      engine.elementBytes,
    )
    const executable = engine.runner.prepare(plan, placement, workspace)
    for (const [value, slot] of plan.kept) this.outputs.push({ value, slot, lent: null })
    this.prepared = {
      executable,
      bytes: engine.memory().liveBytes - before,
      kernels: engine.runner.describe(plan),
    }
    return this.prepared
  }

  /** True when a captured parameter was moved to another place, or kernels were tuned, since the recording. */
  get isStale(): boolean {
    if (this.tuningVersion !== this.engine.tuningVersion) return true
    return this.plan.slots.some(slot => slot.kind === 'stored' && slot.storage?.moved)
  }

  report(): PlanReport {
    const { kernels, bytes } = this.prepare()
    return { dispatches: kernels.length, bytes, kernels, toString: () => planTable(kernels, bytes) }
  }

  /** One call, or several in one submit, whose results are stacked. */
  run(inputs: readonly Tensor[], times: number | null = null): unknown {
    const { engine, plan } = this
    const { executable } = this.prepare()
    this.checkInputs(inputs)
    if (times !== null) this.checkStacked(times)
    executable.stage(times ?? 1)
    engine.flush()
    const before = this.rescueLent()
    plan.inputs.forEach((slot, index) => {
      if (!slot) return
      const { value } = must(inputs[index], 'input')
      const to = must(slot.storage, 'input slot')
      engine.realize(value)
      if (value.storage) before.push({ from: value.storage, to, bytes: slot.bytes })
      else engine.runner.write(to, value.dtype, must(value.host, 'host numbers').values)
    })
    const after: Copy[] = []
    const fresh = new Map<Value, Value>()
    for (const output of this.outputs) {
      const { shape, dtype } = output.value
      const value = new Value(engine, times === null ? shape : [times, ...shape], dtype)
      this.receive(output, value, times, after)
      fresh.set(output.value, value)
    }
    executable.run({ times: times ?? 1, before, after })
    for (const [parameter] of this.recording.updated) {
      if (!(parameter instanceof Parameter)) continue
      const value = parameter.value
      newVersion(parameter, value, new Value(engine, value.shape, value.dtype))
    }
    return mapTensors(
      this.result,
      tensor => new Tensor(must(fresh.get(must(this.results.get(tensor), 'result')), 'result')),
    )
  }

  /** Gives the value of a result its storage: a place the plan copies to, or for one large result the plan's own. */
  private receive(output: Output, value: Value, times: number | null, after: Copy[]): void {
    const { slot } = output
    const { memoryManager } = this.engine
    const from = must(slot.storage, 'output slot')
    if (times === null && slot.kind === 'computed' && slot.bytes > ALIGNMENT) {
      value.storage = from.retain()
      output.lent = new WeakRef(value)
      return
    }
    const isSmall = times === null && slot.bytes <= ALIGNMENT
    const to = isSmall
      ? memoryManager.acquireSlot(slot.bytes)
      : memoryManager.acquire(slot.bytes * (times ?? 1))
    value.storage = to
    after.push({ from, to, bytes: slot.bytes })
  }

  /** Results of several calls lie one after another, in whole words. */
  private checkStacked(times: number): void {
    for (const { value, slot } of this.outputs) {
      this.engine.runner.checkSpec('run', { shape: [times, ...value.shape], dtype: value.dtype })
      if (slot.bytes % 4 === 0 || this.engine.backend === 'cpu') continue
      fail(
        'unsupported',
        'run',
        `a result is ${value.dtype} ${show(value.shape)}, ${slot.bytes} bytes, which is no multiple of 4.`,
        "Return cast(x, 'float32').",
      )
    }
  }

  /** Returned handles never change value: what is still held is copied out before the plan's memory is written again. */
  private rescueLent(): Copy[] {
    const copies: Copy[] = []
    for (const output of this.outputs) {
      const value = output.lent?.deref()
      output.lent = null
      const from = value?.storage
      if (!value || !from || value.handles === 0) continue
      const to = this.engine.memoryManager.acquire(from.bytes)
      copies.push({ from, to, bytes: from.bytes })
      value.storage = to
      from.release()
    }
    return copies
  }

  private checkInputs(inputs: readonly Tensor[]): void {
    const { placeholders, checks } = this.recording
    for (const { op, value, bound } of checks) {
      const index = placeholders.indexOf(value)
      if (index >= 0) checkRange(op, inputs[index]?.value.range ?? null, bound)
    }
    for (const slot of this.plan.slots) {
      if (slot.kind === 'stored' && slot.storage?.isReleased) {
        fail(
          'disposed',
          'compile',
          `a captured tensor of shape ${show(slot.value.shape)} was disposed.`,
          'Keep the tensors the function closes over, or pass them as inputs.',
        )
      }
    }
  }

  dispose(): void {
    if (this.isDisposed) return
    this.isDisposed = true
    // Results that are one under two shapes share a slot.
    for (const slot of new Set(this.outputs.map(output => output.slot)))
      if (slot.kind === 'computed') slot.storage?.release()
    for (const storage of this.constants) storage.release()
    this.workspace.release()
  }
}
