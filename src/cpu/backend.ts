// The reference backend: runs a plan by calling each op's reference, on plain arrays.
import {
  type AdapterReport,
  type Backend,
  type Copy,
  type DispatchReport,
  type Executable,
  noCounts,
  type Offence,
} from '../backend.ts'
import { type DType, type HostArray, isFloat, roundTo } from '../dtype.ts'
import { bug, fail, must } from '../errors.ts'
import type { DeviceTraits } from '../kernel.ts'
import type { Storage } from '../memory.ts'
import { hostSlots, type Placement, type Plan, type Slot, type Step } from '../plan.ts'
import { describeStep } from '../plan_report.ts'
import { sizeOf } from '../shape.ts'
import { askHosts, type Spec } from '../tape.ts'

/** How floats are stored: as people see them, or in double precision for gradient checks. */
export type Precision = 'float32' | 'float64'

export class CpuBackend implements Backend {
  readonly name = 'cpu'
  readonly adapter: AdapterReport = {
    vendor: 'retrograd',
    architecture: 'cpu',
    description: 'CPU reference',
    isFallback: false,
    features: ['shader-f16'],
    limits: {},
  }
  readonly tuned = new Map<string, string>()
  readonly traits: DeviceTraits = {
    isSoftware: true,
    subgroups: false,
    subgroupMinSize: 1,
    subgroupId: false,
    float16: true,
    maxInvocations: 1,
    maxWorkgroupBytes: 0,
    maxStorageBuffers: 0,
  }
  readonly counters = noCounts()
  private offence: Offence | null = null

  constructor(private readonly precision: Precision = 'float32') {}

  assertUsable(): void {
    // Plain memory is never lost.
  }

  elementBytes(dtype: DType): number {
    if (dtype === 'bool') return 1
    return this.precision === 'float64' && isFloat(dtype) ? 8 : 4
  }

  checkSpec(where: string, spec: Spec): void {
    const bytes = sizeOf(spec.shape) * this.elementBytes(spec.dtype)
    if (bytes > 2 ** 32)
      fail(
        'limit',
        where,
        `shape [${spec.shape.join(', ')}] takes ${bytes} bytes; an ArrayBuffer holds 4294967296.`,
        'Use smaller tensors.',
      )
  }

  createBlock(bytes: number): ArrayBuffer {
    this.counters.buffers++
    return new ArrayBuffer(bytes)
  }

  destroyBlock(): void {
    // The garbage collector does it.
  }

  write(storage: Storage, dtype: DType, values: ArrayLike<number>): void {
    this.counters.uploads++
    this.fill(storage, dtype, values)
  }

  /** Stores numbers as their dtype has them. */
  private fill(storage: Storage, dtype: DType, values: ArrayLike<number>): void {
    const target = this.view(storage, dtype, values.length)
    if (dtype === 'float16')
      for (let i = 0; i < values.length; i++) target[i] = this.round(dtype, values[i] as number)
    else if (dtype === 'bool') for (let i = 0; i < values.length; i++) target[i] = values[i] ? 1 : 0
    else target.set(values)
  }

  clear(storage: Storage): void {
    new Uint8Array(storage.block as ArrayBuffer, storage.offset, storage.bytes).fill(0)
  }

  copy(copies: readonly Copy[]): void {
    for (const { from, to, bytes } of copies) {
      new Uint8Array(to.block as ArrayBuffer, to.offset, bytes).set(
        new Uint8Array(from.block as ArrayBuffer, from.offset, bytes),
      )
    }
  }

  async read(storage: Storage, spec: Spec): Promise<HostArray> {
    this.counters.reads++
    const { offence } = this
    this.offence = null
    const numbers = this.view(storage, spec.dtype, sizeOf(spec.shape)).slice()
    if (offence)
      fail(
        'index',
        offence.op,
        `an index at row ${offence.row} was out of range.`,
        'Check the labels or indices.',
      )
    return numbers
  }

  scratch(plan: Plan): readonly (readonly number[])[] {
    return plan.steps.map(() => [])
  }

  prepare(plan: Plan, _placement: Placement): Executable {
    const hosts = hostSlots(plan).map(slot => ({ slot, source: must(slot.value.host, 'host source') }))
    const steps = plan.steps.map(step => this.bind(step))
    let staged: ArrayLike<number>[][] = []
    return {
      stage: times => {
        const sources = hosts.map(({ source }) => source)
        staged = askHosts(sources, times).map(list => list.map(numbers => Array.from(numbers)))
      },
      run: ({ times, before, after }) => {
        this.copy(before)
        for (let run = 0; run < times; run++) {
          hosts.forEach(({ slot }, i) => {
            this.fill(
              must(slot.storage, 'host place'),
              slot.value.dtype,
              must(staged[run]?.[i], 'host numbers'),
            )
          })
          for (const step of steps) step()
          for (const { from, to, bytes } of after)
            this.copy([{ from, to: to.view(run * bytes, bytes), bytes }])
        }
        this.counters.submits++
        this.counters.dispatches += times * steps.length
      },
    }
  }

  async settled(): Promise<void> {
    // Errors come at the call.
  }

  async warmUp(): Promise<void> {
    // References are plain functions.
  }

  describe(plan: Plan): DispatchReport[] {
    return plan.steps.map(step => ({
      op: step.node.op.name,
      kernel: 'reference',
      variant: 'reference',
      workgroups: 1,
      ...describeStep(
        plan,
        step,
        plan.steps.map(() => 1),
      ),
    }))
  }

  async idle(): Promise<void> {
    // Work is done when run() returns.
  }

  dispose(): void {
    // Nothing to give back.
  }

  private bind(step: Step): () => void {
    const { node } = step
    const numbers = (slot: Slot, spec: Spec): HostArray =>
      this.view(must(slot.storage, 'storage'), spec.dtype, sizeOf(spec.shape))
    const inputs = step.inputs.map((slot, i) => numbers(slot, must(node.inputs[i], 'input')))
    const outputs = step.outputs.map((slot, i) => numbers(slot, must(node.outputs[i], 'output')))
    const context = {
      inputs: node.inputs,
      outputs: node.outputs,
      attributes: node.attributes,
      reportRow: (row: number) => {
        if (!this.offence || row < this.offence.row) this.offence = { op: node.op.name, row }
      },
    }
    return () => {
      if (node.op.layout)
        for (const slot of step.outputs) this.clearPadding(slot, node.op.layout(node.inputs), node.inputs)
      node.op.reference(inputs, outputs, context)
      outputs.forEach((output, i) => {
        const { dtype } = must(node.outputs[i], 'output')
        if (dtype === 'float16')
          for (let k = 0; k < output.length; k++) output[k] = this.round(dtype, output[k] as number)
      })
    }
  }

  /** What lies between the members of a layout is zero. */
  private clearPadding(slot: Slot, offsets: readonly number[], members: readonly Spec[]): void {
    const whole = this.view(must(slot.storage, 'storage'), slot.value.dtype, sizeOf(slot.value.shape))
    offsets.forEach((offset, i) => {
      const end = offset + sizeOf(must(members[i], 'member').shape)
      whole.fill(0, end, offsets[i + 1] ?? whole.length)
    })
  }

  private round(dtype: DType, value: number): number {
    return this.precision === 'float64' ? value : roundTo(dtype, value)
  }

  private view(storage: Storage, dtype: DType, length: number): HostArray {
    const block = storage.block
    if (!(block instanceof ArrayBuffer)) bug('a block that is no ArrayBuffer on the CPU')
    if (dtype === 'int32') return new Int32Array(block, storage.offset, length)
    if (dtype === 'uint32') return new Uint32Array(block, storage.offset, length)
    if (dtype === 'bool') return new Uint8Array(block, storage.offset, length)
    return this.precision === 'float64'
      ? new Float64Array(block, storage.offset, length)
      : new Float32Array(block, storage.offset, length)
  }
}
