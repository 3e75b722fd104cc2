// A plan bound to its memory: pipelines, bind groups and params made beforehand, encoded into a compute pass at each run.
import type { Counters } from '../backend.ts'
import { must } from '../errors.ts'
import type { Binding } from '../kernel.ts'
import { ALIGNMENT, type Storage, type Workspace } from '../memory.ts'
import type { Placement, Step } from '../plan.ts'
import { bufferOf } from './bytes.ts'
import { type PipelineCache, packParams, paramsLayout } from './kernel.ts'
import type { Lowered } from './lowering.ts'
import type { Meter } from './meter.ts'
import type { Status } from './status.ts'

/** A device, and what is counted of it. */
interface Gpu {
  readonly device: GPUDevice
  readonly counters: Counters
}

/** One dispatch, ready to encode. */
interface Bound {
  readonly pipeline: GPUComputePipeline
  readonly bindGroup: GPUBindGroup
  /** Offsets of the host numbers it reads; k times the block's stride is added for the k-th of several runs. */
  readonly offsets: readonly number[]
  readonly size: readonly [number, number, number]
}

/** Where the params of a dispatch lie in the plan's one uniform buffer. */
interface Place {
  readonly offset: number
  readonly size: number
}

/** The dispatches of a plan with all they need. */
export class BoundPlan {
  private dispatches: readonly Bound[] = []
  private readonly places: readonly Place[]
  private readonly params: Storage | null

  constructor(
    private readonly gpu: Gpu,
    private readonly pipelines: PipelineCache,
    private readonly status: Status,
    private readonly lowered: readonly Lowered[],
    private readonly placement: Placement,
    workspace: Workspace,
  ) {
    let end = 0
    this.places = lowered.map(({ dispatch }) => {
      const { bytes: size } = paramsLayout(dispatch.source)
      const offset = end
      end += Math.ceil(size / ALIGNMENT) * ALIGNMENT
      return { offset, size }
    })
    this.params = end > 0 ? workspace.reserve(end) : null
    this.bind()
  }

  /** Makes the bind groups, anew where memory has moved. */
  bind(): void {
    const { params } = this
    if (!params) return
    const { device, counters } = this.gpu
    const bytes = new DataView(new ArrayBuffer(params.bytes))
    this.dispatches = this.lowered.map((lowered, i) =>
      this.bound(lowered, params, must(this.places[i], 'params'), bytes),
    )
    device.queue.writeBuffer(bufferOf(params), params.offset, bytes.buffer)
    counters.uploads++
  }

  /** Binds one dispatch, whose params are packed into `bytes`. */
  private bound(
    { step, index, dispatch, dynamic }: Lowered,
    params: Storage,
    { offset, size }: Place,
    bytes: DataView,
  ): Bound {
    const { device, counters } = this.gpu
    const { op } = step.node
    const isWatched = dispatch.bindings.some(binding => 'status' in binding)
    const word = isWatched ? { status_word: this.status.wordOf(op.blamed ?? op.name) } : {}
    packParams({ ...dispatch, params: { ...dispatch.params, ...word } }, bytes, offset)
    const { pipeline, layout } = this.pipelines.get(dispatch, dynamic)
    const resources = dispatch.bindings.map(binding =>
      this.resource(binding, step, this.placement.scratch[index] ?? []),
    )
    const bound = resources.map((resource, k) => (dynamic[k] ? { ...resource, offset: 0 } : resource))
    const uniform = { buffer: bufferOf(params), offset: params.offset + offset, size }
    counters.bindGroups++
    return {
      pipeline,
      bindGroup: device.createBindGroup({
        label: op.name,
        layout,
        entries: [...bound, uniform].map((resource, binding) => ({ binding, resource })),
      }),
      offsets: resources.flatMap(({ offset = 0 }, k) => (dynamic[k] ? [offset] : [])),
      size: fold(dispatch.workgroups, device.limits.maxComputeWorkgroupsPerDimension),
    }
  }

  private resource(binding: Binding, step: Step, scratch: readonly Storage[]): GPUBufferBinding {
    if ('status' in binding) return { buffer: this.status.buffer }
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

  /** Encodes one compute pass, or while a meter times each dispatch, one for each. */
  encode(encoder: GPUCommandEncoder, hostOffset: number, meter: Meter | null): void {
    const { dispatches } = this
    if (dispatches.length === 0) return
    const repetitions = meter?.repetitions ?? 1
    let pass = encoder.beginComputePass(meter?.pass(0))
    let current: GPUComputePipeline | null = null
    for (let repetition = 0; repetition < repetitions; repetition++) {
      for (let i = 0; i < dispatches.length; i++) {
        const { pipeline, bindGroup, offsets, size } = dispatches[i] as Bound
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
    this.gpu.counters.dispatches += dispatches.length * repetitions
  }
}

/** Spreads workgroups over the dimensions a dispatch allows. */
function fold(workgroups: number, most: number): [number, number, number] {
  const x = Math.min(workgroups, most)
  const y = Math.min(Math.ceil(workgroups / x), most)
  return [x, y, Math.ceil(workgroups / (x * y))]
}
