// compile: record a function once, plan it once, replay it with one submit a call.
import type { DispatchReport, Executable } from './backend.ts'
import { currentEngine, type Engine, newVersion } from './engine.ts'
import { fail, must, show } from './errors.ts'
import { FUSION_RULES, type FusionRule, fuse } from './fuse.ts'
import { ALIGNMENT, type Storage, Workspace } from './memory.ts'
import { integer, parseOptions } from './options.ts'
import { buildPlan, type Plan, place, type Slot } from './plan.ts'
import { checkRange, currentRecording, inRecording, inScope, type Recording, Value } from './tape.ts'
import { eachTensor, mapTensors, Parameter, refusePromise, Tensor } from './tensor.ts'

/** What `.plan(...)` tells before anything runs. */
export interface PlanReport {
  readonly dispatches: number
  /** Bytes of GPU memory the plan itself holds (inputs, intermediates, results), beside captured tensors. */
  readonly bytes: number
  readonly kernels: readonly DispatchReport[]
}

export type Compiled<Arguments extends readonly unknown[], Result> = ((...args: Arguments) => Result) & {
  /** Records for these inputs, unless that was done already, and tells what a call dispatches. */
  plan(...args: Arguments): PlanReport
  /** Frees the plans. */
  dispose(): void
}

export interface CompileOptions {
  /** Plans kept, one for each set of input shapes; the least recently used goes first. Default 16. */
  maxPlans?: number
  /**
   * Whether neighbouring ops share kernels on the GPU: a layer's product, bias and activation, an activation's slope with
   * the product before it, a loss with its slope. The numbers are those of single kernels. False, or the names of some
   * rules, to compare. Default true.
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
    const inputs: Tensor[] = []
    eachTensor(args, tensor => inputs.push(tensor))
    const engine = inputs[0]?.engine ?? currentEngine('compile')
    for (const input of inputs) {
      input.read('compile')
      if (input.engine !== engine)
        fail('engine', 'compile', 'the inputs belong to two engines.', 'Make them on one.')
    }
    const key = `${engine.id} ${signature(args)}`
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
    plan: (...args: Arguments): PlanReport => find(args).plan.report(),
    dispose: (): void => {
      alive = false
      for (const plan of plans.values()) plan.dispose()
      plans.clear()
    },
  })
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

/** What distinguishes one plan from another: shapes and dtypes of tensors, and every other argument. */
function signature(tree: unknown): string {
  if (tree instanceof Tensor) return `${tree.dtype}[${tree.shape}]`
  if (Array.isArray(tree)) return `[${tree.map(signature).join(',')}]`
  if (typeof tree === 'object' && tree !== null) {
    return `{${Object.entries(tree)
      .map(([key, value]) => `${key}:${signature(value)}`)
      .join(',')}}`
  }
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

/** One recording with its plan, its memory and its executable. */
class CompiledPlan {
  private readonly plan: Plan
  private readonly executable: Executable
  private readonly workspace: Workspace
  private readonly result: unknown
  /** The value that each tensor of the result stood for when the function returned. */
  private readonly results = new Map<Tensor, Value>()
  private readonly outputs = new Map<Value, Output>()
  private readonly recording: Recording
  /** Storages of tensors made inside the function: the plan keeps them. */
  private readonly constants: Storage[] = []
  private readonly kernels: readonly DispatchReport[]
  private readonly bytes: number

  constructor(
    private readonly engine: Engine,
    fn: (...args: readonly unknown[]) => unknown,
    args: readonly unknown[],
    inputs: readonly Tensor[],
    rules: readonly FusionRule[],
  ) {
    engine.flush()
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
    const before = engine.memory().liveBytes
    const placement = place(
      this.plan,
      engine.memoryManager,
      this.workspace,
      engine.runner.scratch(this.plan),
      engine.elementBytes,
    )
    this.executable = engine.runner.prepare(this.plan, placement, this.workspace)
    this.bytes = engine.memory().liveBytes - before
    this.kernels = engine.runner.describe(this.plan)
    for (const [value, slot] of this.plan.kept) this.outputs.set(value, { value, slot, lent: null })
  }

  /** True when a captured parameter was moved to another place since the recording. */
  get isStale(): boolean {
    return this.plan.slots.some(slot => slot.kind === 'stored' && slot.storage?.moved)
  }

  report(): PlanReport {
    return { dispatches: this.kernels.length, bytes: this.bytes, kernels: this.kernels }
  }

  run(inputs: readonly Tensor[]): unknown {
    const { engine, plan } = this
    this.checkInputs(inputs)
    this.executable.stage()
    engine.flush()
    const before = this.rescueLent()
    plan.inputs.forEach((slot, index) => {
      if (!slot) return
      const { value } = must(inputs[index], 'input')
      engine.realize(value)
      if (value.storage)
        before.push({ from: value.storage, to: must(slot.storage, 'input slot'), bytes: slot.bytes })
      else
        engine.runner.write(
          must(slot.storage, 'input slot'),
          value.dtype,
          must(value.host, 'host numbers').values,
        )
    })
    const after: { from: Storage; to: Storage; bytes: number }[] = []
    const fresh = new Map<Value, Value>()
    for (const [recorded, output] of this.outputs) {
      const { slot } = output
      const value = new Value(engine, recorded.shape, recorded.dtype)
      const from = must(slot.storage, 'output slot')
      if (slot.kind === 'computed' && slot.bytes > ALIGNMENT) {
        value.storage = from.retain()
        output.lent = new WeakRef(value)
      } else {
        const to =
          slot.bytes > ALIGNMENT
            ? engine.memoryManager.acquire(slot.bytes)
            : engine.memoryManager.acquireSlot(slot.bytes)
        value.storage = to
        after.push({ from, to, bytes: slot.bytes })
      }
      fresh.set(recorded, value)
    }
    this.executable.run({ before, after })
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

  /** Returned handles never change value: what is still held is copied out before the plan's memory is written again. */
  private rescueLent(): { from: Storage; to: Storage; bytes: number }[] {
    const copies: { from: Storage; to: Storage; bytes: number }[] = []
    for (const output of this.outputs.values()) {
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
    this.engine.runner.retire(this.executable)
    for (const { slot } of this.outputs.values()) if (slot.kind === 'computed') slot.storage?.release()
    for (const storage of this.constants) storage.release()
    this.workspace.release()
  }
}
