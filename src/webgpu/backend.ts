// The WebGPU backend: encodes a plan's dispatches into one compute pass of one submit.
import type { AdapterReport, Backend, Copy, Counters, DispatchReport, Executable } from '../backend.ts'
import { type DType, dtypes, type HostArray } from '../dtype.ts'
import { bug, fail, must, RetrogradError, show } from '../errors.ts'
import type { Binding, DeviceTraits, Dispatch, KernelRequest, Program } from '../kernel.ts'
import { ALIGNMENT, type Block, type Storage, type Workspace } from '../memory.ts'
import { describeStep, type Placement, type Plan, type Step } from '../plan.ts'
import { sizeOf } from '../shape.ts'
import type { Spec } from '../tape.ts'
import { bufferOf, decode, encode, padded } from './bytes.ts'
import type { OpenDevice } from './device.ts'
import { HostBlock } from './hosts.ts'
import { PipelineCache, packParams, paramsLayout } from './kernel.ts'
import type { Meter } from './meter.ts'
import { requestFor } from './tune.ts'

/** Ops that can meet an index out of range share this many status words. */
const STATUS_WORDS = 64
const NO_OFFENCE = 0xffffffff

/** One dispatch, ready to encode. */
interface Encoded {
  readonly pipeline: GPUComputePipeline
  readonly bindGroup: GPUBindGroup
  /** Offsets of the host numbers it reads; k times the block's stride is added for the k-th of several runs. */
  readonly offsets: readonly number[]
  readonly size: readonly [number, number, number]
}

/** A dispatch of a plan with the bindings that get dynamic offsets: host numbers, of which each run has its own. */
interface Lowered {
  readonly step: Step
  readonly index: number
  readonly dispatch: Dispatch
  readonly dynamic: readonly boolean[]
}

export class WebGpuBackend implements Backend {
  readonly name = 'webgpu'
  readonly adapter: AdapterReport
  readonly traits: DeviceTraits
  readonly device: GPUDevice
  readonly counters: Counters = {
    dispatches: 0,
    submits: 0,
    pipelines: 0,
    bindGroups: 0,
    buffers: 0,
    uploads: 0,
    reads: 0,
  }
  /** Kernel variants to use by op name, for proofs and measurements. */
  readonly forced = new Map<string, string>()
  /** Kernel variants that have been measured to be best, by `choiceKey`. */
  readonly tuned = new Map<string, string>()
  /** Fills outputs with NaN patterns before each run, so that what a kernel leaves unwritten shows. */
  poison = false
  /** Repeats and times passes, for measurements. */
  meter: Meter | null = null
  private readonly pipelines: PipelineCache
  private readonly status: GPUBuffer
  private readonly statusWords: string[] = []
  private readonly staging = new Map<number, GPUBuffer[]>()
  private failure: RetrogradError | null = null
  private disposed = false

  constructor({ device, report, traits }: OpenDevice) {
    this.device = device
    this.adapter = report
    this.traits = traits
    this.pipelines = new PipelineCache(device, this.counters, error => {
      // The errors that follow from it may have been told before.
      this.failure = error
    })
    this.status = this.createBlock(STATUS_WORDS * 4)
    this.resetStatus()
    device.addEventListener('uncapturederror', event => {
      const { error } = event as GPUUncapturedErrorEvent
      const code = error instanceof GPUOutOfMemoryError ? 'limit' : 'internal'
      this.failure ??= new RetrogradError(
        code,
        code === 'limit'
          ? `[webgpu] the GPU is out of memory: ${error.message}`
          : `internal: ${error.message}`,
      )
    })
    void device.lost.then(info => {
      if (this.disposed) return
      this.failure = new RetrogradError(
        'lost',
        `[webgpu] the GPU device was lost: ${info.message || info.reason}. Make a new engine with init().`,
      )
    })
  }

  assertUsable(where: string): void {
    if (!this.failure) return
    const { code, message } = this.failure
    throw new RetrogradError(code, message, { cause: where })
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
    this.submit(encoder => encoder.clearBuffer(bufferOf(storage), storage.offset, padded(storage.bytes)))
  }

  copy(copies: readonly Copy[]): void {
    if (copies.length > 0) this.submit(encoder => encodeCopies(encoder, copies))
  }

  async read(storage: Storage, spec: Spec): Promise<HostArray> {
    // Where errors come at once, as in Dawn, the one that says why may still be on its way.
    if (this.failure) await this.pipelines.settled()
    this.assertUsable('data')
    this.counters.reads++
    const bytes = padded(storage.bytes)
    const size = Math.max(ALIGNMENT, 2 ** Math.ceil(Math.log2(bytes + STATUS_WORDS * 4)))
    const staging = this.staging.get(size)?.pop() ?? this.createStaging(size)
    this.submit(encoder => {
      encoder.copyBufferToBuffer(this.status, 0, staging, 0, STATUS_WORDS * 4)
      encoder.copyBufferToBuffer(bufferOf(storage), storage.offset, staging, STATUS_WORDS * 4, bytes)
    })
    await this.untilLost('data', staging.mapAsync(GPUMapMode.READ, 0, STATUS_WORDS * 4 + bytes))
    const words = new Uint32Array(staging.getMappedRange(0, STATUS_WORDS * 4).slice(0))
    const numbers = decode(spec, staging.getMappedRange(STATUS_WORDS * 4, bytes))
    staging.unmap()
    const pool = this.staging.get(size)
    if (pool) pool.push(staging)
    else this.staging.set(size, [staging])
    await this.pipelines.settled()
    this.assertUsable('data')
    this.refuseOffence(words)
    return numbers
  }

  scratch(plan: Plan): readonly (readonly number[])[] {
    return plan.steps.map(step => this.program(step).program.scratch ?? [])
  }

  async warmUp(plan: Plan): Promise<void> {
    await Promise.all(this.lower(plan).map(({ dispatch, dynamic }) => this.pipelines.make(dispatch, dynamic)))
  }

  async settled(): Promise<void> {
    await this.pipelines.settled()
  }

  prepare(plan: Plan, placement: Placement, workspace: Workspace): Executable {
    const lowered = this.lower(plan)
    const hosts = new HostBlock(
      plan,
      placement.host,
      workspace,
      this.device.limits.maxStorageBufferBindingSize,
    )
    const uniforms = new Uniforms(lowered.map(({ dispatch }) => dispatch))
    const params = lowered.length > 0 ? workspace.reserve(uniforms.bytes) : null
    const encodeAll = (): Encoded[] => (params ? this.encode(lowered, placement, uniforms, params) : [])
    let encoded = encodeAll()
    let fresh = true
    if (this.poison) this.poisonOutputs(plan)
    const zeroed = plan.steps.filter(step => step.node.op.layout).flatMap(step => step.outputs)
    return {
      stage: times => {
        if (hosts.stage(times)) encoded = encodeAll()
      },
      run: ({ times, before, after }) => {
        if (hosts.write(this.device.queue)) this.counters.uploads++
        this.submit(encoder => {
          if (fresh) {
            for (const slot of zeroed) {
              const storage = must(slot.storage, 'storage')
              encoder.clearBuffer(bufferOf(storage), storage.offset, padded(storage.bytes))
            }
          }
          encodeCopies(encoder, before)
          for (let run = 0; run < times; run++) {
            if (encoded.length > 0) this.encodePass(encoder, encoded, run * hosts.stride)
            encodeCopies(encoder, after, run, hosts)
          }
        })
        fresh = false
      },
    }
  }

  describe(plan: Plan): DispatchReport[] {
    const programs = plan.steps.map(step => this.program(step))
    const counts = programs.map(({ program }) => program.dispatches.filter(hasWork).length)
    return plan.steps.flatMap((step, index) => {
      const { program, request } = must(programs[index], 'program')
      const facts = describeStep(plan, step, counts)
      return program.dispatches.filter(hasWork).map((dispatch, i) => ({
        op: step.node.op.name,
        kernel: dispatch.source.skeleton.path,
        variant: request.variant,
        workgroups: dispatch.workgroups,
        ...facts,
        // A second pass does no work that has not been counted.
        ...(i > 0 ? { operations: 0, bytesRead: 0, bytesWritten: 0 } : {}),
      }))
    })
  }

  async idle(): Promise<void> {
    await this.untilLost('idle', this.device.queue.onSubmittedWorkDone())
    await this.pipelines.settled()
    this.assertUsable('idle')
  }

  /** Waits for the GPU. Throws `lost`, with the reason, where the device goes away meanwhile. */
  private async untilLost(where: string, work: Promise<unknown>): Promise<void> {
    try {
      await work
    } catch (error) {
      // The rejection arrives before `lost` does: let that tell the reason.
      await Promise.race([this.device.lost, new Promise(resolve => setTimeout(resolve, 100))])
      this.assertUsable(where)
      throw new RetrogradError(
        this.disposed ? 'disposed' : 'internal',
        `[${where}] the GPU gave up: ${String(error)}`,
        { cause: error },
      )
    }
  }

  dispose(): void {
    this.disposed = true
    this.device.destroy()
  }

  private program(step: Step): { program: Program; request: KernelRequest } {
    const { node } = step
    if (node.outputs.every(output => sizeOf(output.shape) === 0)) {
      return { program: { dispatches: [] }, request: { ...node, device: this.traits, variant: 'none' } }
    }
    const request = requestFor(node, this.traits, this.forced, this.tuned)
    const program = node.op.kernel.program(request)
    if (!node.op.layout) return { program, request }
    // A layout op has one dispatch an input; those whose producers wrote in place need none.
    return {
      program: { ...program, dispatches: program.dispatches.filter((_, i) => step.pending.includes(i)) },
      request,
    }
  }

  /** The dispatches of a plan. */
  private lower(plan: Plan): Lowered[] {
    const most = this.device.limits.maxDynamicStorageBuffersPerPipelineLayout
    return plan.steps.flatMap((step, index) =>
      this.program(step)
        .program.dispatches.filter(hasWork)
        .map(dispatch => {
          const dynamic = dispatch.bindings.map(
            binding => 'input' in binding && step.inputs[binding.input]?.kind === 'host',
          )
          if (dynamic.filter(Boolean).length > most)
            fail(
              'limit',
              step.node.op.name,
              `it reads ${dynamic.filter(Boolean).length} host scalars; the adapter's maxDynamicStorageBuffersPerPipelineLayout is ${most}.`,
              'Combine some of them on the host.',
            )
          return { step, index, dispatch, dynamic }
        }),
    )
  }

  private encode(
    lowered: readonly Lowered[],
    placement: Placement,
    uniforms: Uniforms,
    params: Storage,
  ): Encoded[] {
    const bytes = new DataView(new ArrayBuffer(params.bytes))
    const encoded = lowered.map(({ step, index, dispatch, dynamic }, i): Encoded => {
      const { op } = step.node
      const watched = dispatch.bindings.some(binding => 'status' in binding)
      const status = watched ? { status_word: this.statusWord(op.blamed ?? op.name) } : {}
      const { offset, size } = uniforms.place(i)
      packParams({ ...dispatch, params: { ...dispatch.params, ...status } }, bytes, offset)
      const { pipeline, layout } = this.pipelines.get(dispatch, dynamic)
      const resources = dispatch.bindings.map(binding =>
        this.resource(binding, step, placement.scratch[index] ?? []),
      )
      const uniform = { buffer: bufferOf(params), offset: params.offset + offset, size }
      const offsets = resources.flatMap(({ offset = 0 }, k) => (dynamic[k] ? [offset] : []))
      const bound = resources.map((resource, k) => (dynamic[k] ? { ...resource, offset: 0 } : resource))
      return {
        pipeline,
        bindGroup: this.bindGroup(op.name, layout, [...bound, uniform]),
        offsets,
        size: this.fold(dispatch.workgroups),
      }
    })
    this.device.queue.writeBuffer(bufferOf(params), params.offset, bytes.buffer)
    this.counters.uploads++
    return encoded
  }

  private bindGroup(
    label: string,
    layout: GPUBindGroupLayout,
    resources: readonly GPUBufferBinding[],
  ): GPUBindGroup {
    this.counters.bindGroups++
    return this.device.createBindGroup({
      label,
      layout,
      entries: resources.map((resource, binding) => ({ binding, resource })),
    })
  }

  private resource(binding: Binding, step: Step, scratch: readonly Storage[]): GPUBufferBinding {
    if ('status' in binding) return { buffer: this.status }
    const storage =
      'scratch' in binding
        ? scratch[binding.scratch]
        : 'input' in binding
          ? step.inputs[binding.input]?.storage
          : step.outputs[binding.output]?.storage
    const { block, offset, bytes } = must(storage, `storage of ${step.node.op.name}`)
    // Whole vec4s: blocks are longer than what they hold, so reading a last odd one stays inside.
    return { buffer: block as GPUBuffer, offset, size: Math.max(16, Math.ceil(bytes / 16) * 16) }
  }

  /** Spreads workgroups over the dimensions a dispatch allows. */
  private fold(workgroups: number): [number, number, number] {
    const most = this.device.limits.maxComputeWorkgroupsPerDimension
    const x = Math.min(workgroups, most)
    const y = Math.min(Math.ceil(workgroups / x), most)
    return [x, y, Math.ceil(workgroups / (x * y))]
  }

  /** One compute pass, or while a meter times each dispatch, one for each. */
  private encodePass(encoder: GPUCommandEncoder, encoded: readonly Encoded[], hostOffset: number): void {
    const { meter } = this
    const repetitions = meter?.repetitions ?? 1
    let pass = encoder.beginComputePass(meter?.pass(0))
    let current: GPUComputePipeline | null = null
    for (let repetition = 0; repetition < repetitions; repetition++) {
      for (let i = 0; i < encoded.length; i++) {
        const { pipeline, bindGroup, offsets, size } = encoded[i] as Encoded
        if (meter?.timesEach && i > 0) {
          pass.end()
          pass = encoder.beginComputePass(meter.pass(i))
          current = null
        }
        if (pipeline !== current) pass.setPipeline(pipeline)
        current = pipeline
        if (offsets.length === 0) pass.setBindGroup(0, bindGroup)
        else
          pass.setBindGroup(
            0,
            bindGroup,
            hostOffset === 0 ? offsets : offsets.map(offset => offset + hostOffset),
          )
        pass.dispatchWorkgroups(size[0], size[1], size[2])
      }
    }
    pass.end()
    this.counters.dispatches += encoded.length * repetitions
  }

  private submit(encode: (encoder: GPUCommandEncoder) => void): void {
    const encoder = this.device.createCommandEncoder()
    encode(encoder)
    this.device.queue.submit([encoder.finish()])
    this.counters.submits++
  }

  private createStaging(size: number): GPUBuffer {
    this.counters.buffers++
    return this.device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
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

  /** The status word of an op, by name. */
  private statusWord(op: string): number {
    const known = this.statusWords.indexOf(op)
    if (known >= 0) return known
    if (this.statusWords.length === STATUS_WORDS) bug('more index ops than status words')
    return this.statusWords.push(op) - 1
  }

  private resetStatus(): void {
    this.device.queue.writeBuffer(this.status, 0, new Uint32Array(STATUS_WORDS).fill(NO_OFFENCE))
  }

  private refuseOffence(words: Uint32Array): void {
    const word = words.findIndex(row => row !== NO_OFFENCE)
    if (word < 0) return
    this.resetStatus()
    fail(
      'index',
      this.statusWords[word] ?? 'data',
      `an index at row ${words[word]} was out of range.`,
      'Check the labels or indices.',
    )
  }
}

const hasWork = (dispatch: Dispatch): boolean => dispatch.workgroups > 0

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

/** Where the params of each dispatch lie in the plan's one uniform buffer. */
class Uniforms {
  readonly bytes: number
  private readonly places: readonly { readonly offset: number; readonly size: number }[]

  constructor(dispatches: readonly Dispatch[]) {
    let end = 0
    this.places = dispatches.map(({ source }) => {
      const { bytes: size } = paramsLayout(source)
      const offset = end
      end += Math.ceil(size / ALIGNMENT) * ALIGNMENT
      return { offset, size }
    })
    this.bytes = end
  }

  place(dispatch: number): { readonly offset: number; readonly size: number } {
    return must(this.places[dispatch], 'uniform')
  }
}
