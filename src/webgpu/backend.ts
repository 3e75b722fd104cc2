// The WebGPU backend: a device with its memory, and plans run on it, each in one submit.
import {
  type AdapterReport,
  type Backend,
  type Copy,
  type DispatchReport,
  type Executable,
  noCounts,
} from '../backend.ts'
import { type DType, dtypes, type HostArray } from '../dtype.ts'
import { fail, must, show } from '../errors.ts'
import type { DeviceTraits } from '../kernel.ts'
import type { Block, Storage, Workspace } from '../memory.ts'
import type { Placement, Plan } from '../plan.ts'
import { sizeOf } from '../shape.ts'
import type { Spec } from '../tape.ts'
import { BoundPlan } from './bound_plan.ts'
import { bufferOf, encode, padded } from './bytes.ts'
import type { OpenDevice } from './device.ts'
import { Health } from './health.ts'
import { HostBlock } from './hosts.ts'
import { PipelineCache } from './kernel.ts'
import { Lowering } from './lowering.ts'
import type { Meter } from './meter.ts'
import { Staging } from './staging.ts'
import { STATUS_BYTES, Status } from './status.ts'

export class WebGpuBackend implements Backend {
  readonly name = 'webgpu'
  readonly adapter: AdapterReport
  readonly traits: DeviceTraits
  readonly device: GPUDevice
  readonly counters = noCounts()
  /** Kernel variants to use by op name, for proofs and measurements. */
  readonly forced = new Map<string, string>()
  /** Kernel variants that have been measured to be best, by `choiceKey`. */
  readonly tuned = new Map<string, string>()
  /** Fills outputs with NaN patterns before each run, so that what a kernel leaves unwritten shows. */
  poison = false
  /** Repeats and times passes, for measurements. */
  meter: Meter | null = null
  private readonly health: Health
  private readonly pipelines: PipelineCache
  private readonly status: Status
  private readonly staging: Staging
  private readonly lowering: Lowering

  constructor({ device, report, traits }: OpenDevice) {
    this.device = device
    this.adapter = report
    this.traits = traits
    this.health = new Health(device)
    this.pipelines = new PipelineCache(device, this.counters, error => this.health.report(error))
    this.status = new Status(device.queue, this.createBlock(STATUS_BYTES))
    this.staging = new Staging(device, this.counters, this.status.buffer)
    this.lowering = new Lowering(this)
  }

  assertUsable(where: string): void {
    this.health.assert(where)
  }

  elementBytes(dtype: DType): number {
    return dtypes[dtype].gpuBytes
  }

  checkSpec(where: string, spec: Spec): void {
    if (spec.dtype === 'float16' && !this.traits.float16) {
      fail(
        'unsupported',
        where,
        `float16 needs the feature shader-f16, which the adapter (${this.adapter.description}) does not have.`,
        'Use float32.',
      )
    }
    const bytes = sizeOf(spec.shape) * this.elementBytes(spec.dtype)
    for (const name of ['maxStorageBufferBindingSize', 'maxBufferSize'] as const) {
      const limit = this.device.limits[name]
      if (bytes > limit) {
        fail(
          'limit',
          where,
          `shape ${show(spec.shape)} of ${spec.dtype} takes ${bytes} bytes; the adapter's ${name} is ${limit}.`,
          'Split the tensor.',
        )
      }
    }
  }

  createBlock(bytes: number): GPUBuffer {
    this.counters.buffers++
    const { STORAGE, UNIFORM, COPY_SRC, COPY_DST } = GPUBufferUsage
    return this.device.createBuffer({ size: bytes, usage: STORAGE | UNIFORM | COPY_SRC | COPY_DST })
  }

  destroyBlock(block: Block): void {
    ;(block as GPUBuffer).destroy()
  }

  write(storage: Storage, dtype: DType, values: ArrayLike<number>): void {
    this.counters.uploads++
    this.device.queue.writeBuffer(bufferOf(storage), storage.offset, encode(dtype, values))
  }

  clear(storage: Storage): void {
    this.submit(encoder => encodeClear(encoder, storage))
  }

  copy(copies: readonly Copy[]): void {
    if (copies.length > 0) this.submit(encoder => encodeCopies(encoder, copies))
  }

  async read(storage: Storage, spec: Spec): Promise<HostArray> {
    const where = 'data'
    // Where errors come at once, as in Dawn, the one that says why may still be on its way.
    if (this.health.hasFailed) await this.pipelines.settled()
    this.assertUsable(where)
    const { numbers, words } = await this.staging.read(
      storage,
      spec,
      encode => this.submit(encode),
      work => this.health.until(where, work),
    )
    await this.pipelines.settled()
    this.assertUsable(where)
    this.status.refuse(words)
    return numbers
  }

  scratch(plan: Plan): readonly (readonly number[])[] {
    return this.lowering.scratch(plan)
  }

  async warmUp(plan: Plan): Promise<void> {
    const lowered = this.lowering.lower(plan)
    await Promise.all(lowered.map(({ dispatch, dynamic }) => this.pipelines.make(dispatch, dynamic)))
  }

  async settled(): Promise<void> {
    await this.pipelines.settled()
  }

  prepare(plan: Plan, placement: Placement, workspace: Workspace): Executable {
    const hosts = new HostBlock(
      plan,
      placement.host,
      workspace,
      this.device.limits.maxStorageBufferBindingSize,
    )
    const bound = new BoundPlan(
      this,
      this.pipelines,
      this.status,
      this.lowering.lower(plan),
      placement,
      workspace,
    )
    if (this.poison) this.poisonOutputs(plan)
    // The padding of a layout must be zero, and no kernel writes it: cleared before the first run.
    let toClear = plan.steps.filter(step => step.node.op.layout).flatMap(step => step.outputs)
    return {
      stage: times => {
        if (hosts.stage(times)) bound.bind()
      },
      run: ({ times, before, after }) => {
        if (hosts.write(this.device.queue)) this.counters.uploads++
        this.submit(encoder => {
          for (const slot of toClear) encodeClear(encoder, must(slot.storage, 'storage'))
          toClear = []
          encodeCopies(encoder, before)
          for (let run = 0; run < times; run++) {
            bound.encode(encoder, run * hosts.stride, this.meter)
            encodeCopies(encoder, after, run, hosts)
          }
        })
      },
    }
  }

  describe(plan: Plan): DispatchReport[] {
    return this.lowering.describe(plan)
  }

  async idle(): Promise<void> {
    await this.health.until('idle', this.device.queue.onSubmittedWorkDone())
    await this.pipelines.settled()
    this.assertUsable('idle')
  }

  dispose(): void {
    this.health.dispose()
  }

  private submit(encode: (encoder: GPUCommandEncoder) => void): void {
    const encoder = this.device.createCommandEncoder()
    encode(encoder)
    this.device.queue.submit([encoder.finish()])
    this.counters.submits++
  }

  private poisonOutputs(plan: Plan): void {
    for (const step of plan.steps) {
      if (step.node.op.updates || step.node.op.layout) continue
      for (const { storage, parent } of step.outputs) {
        if (!storage || parent) continue
        this.device.queue.writeBuffer(
          bufferOf(storage),
          storage.offset,
          new Uint8Array(padded(storage.bytes)).fill(0xff),
        )
      }
    }
  }
}

/** Fills a storage with zeros. */
function encodeClear(encoder: GPUCommandEncoder, storage: Storage): void {
  encoder.clearBuffer(bufferOf(storage), storage.offset, padded(storage.bytes))
}

/** Encodes copies; those after the `run`-th of several runs go to a place of their own, host numbers come from one. */
function encodeCopies(
  encoder: GPUCommandEncoder,
  copies: readonly Copy[],
  run = 0,
  hosts: HostBlock | null = null,
): void {
  for (const { from, to, bytes } of copies) {
    if (bytes === 0) continue
    const start = from.offset + run * (hosts?.strideOf(from) ?? 0)
    encoder.copyBufferToBuffer(bufferOf(from), start, bufferOf(to), to.offset + run * bytes, padded(bytes))
  }
}
