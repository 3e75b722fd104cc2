// One recording of a compiled function with its plan, its memory and its executable, and how it is replayed.

import { checkResult } from './arguments.ts'
import type { Copy, DispatchReport, Executable } from './backend.ts'
import { type Engine, newVersion } from './engine.ts'
import { fail, must, show } from './errors.ts'
import { type FusionRule, fuse } from './fuse/index.ts'
import { ALIGNMENT, type Storage, Workspace } from './memory.ts'
import { buildPlan, type Plan, type Slot } from './plan.ts'
import { planTable } from './plan_report.ts'
import { checkRange, hold, inRecording, inScope, type Recording, Value } from './tape.ts'
import { eachTensor, mapTensors, Parameter, refusePromise, Tensor } from './tensor.ts'

/** What `.plan(...)` tells before anything runs. As text, a table. */
export interface PlanReport {
  readonly dispatches: number
  /** Bytes of GPU memory the plan itself holds (inputs, intermediates, results), beside captured tensors. */
  readonly bytes: number
  readonly kernels: readonly DispatchReport[]
  toString(): string
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
export class CompiledPlan {
  readonly plan: Plan
  private readonly workspace: Workspace
  private readonly result: unknown
  /** The value that each tensor of the result stood for when the function returned. */
  private readonly results = new Map<Tensor, Value>()
  private readonly outputs: Output[] = []
  /** Slots of tensors the function closes over, and of constants. */
  private readonly captured: readonly Slot[]
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
      stored: new Set(),
      finished: false,
    }
    const { recording } = this
    recording.placeholders.push(
      ...inputs.map(input => new Value(engine, input.shape, input.dtype, null, recording)),
    )
    try {
      const { result, created } = inScope(() => this.record(fn, args))
      this.result = result
      for (const value of this.results.values()) hold(recording, value)
      try {
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
      } finally {
        for (const tensor of created) tensor.dispose()
      }
      this.captured = this.plan.slots.filter(slot => slot.kind === 'stored')
      // What nobody else holds was made, or disposed, inside.
      for (const { value, storage } of this.captured)
        if (storage && value.handles === 1) this.constants.push(storage.retain())
    } finally {
      for (const value of recording.stored) value.dropHandle()
    }

    this.workspace = new Workspace(engine.memoryManager)
  }

  /** Runs the function on placeholders. */
  private record(fn: (...args: readonly unknown[]) => unknown, args: readonly unknown[]): unknown {
    const { engine, recording } = this
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
    const executable = engine.prepare(plan, workspace)
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
    return this.captured.some(slot => slot.storage?.moved)
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
    for (const slot of this.captured) {
      if (slot.storage?.isReleased) {
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
