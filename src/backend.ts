// The interface between a plan and what runs it.
import type { DType, HostArray } from './dtype.ts'
import type { DeviceTraits } from './kernel.ts'
import type { Block, BlockSource, Storage, Workspace } from './memory.ts'
import type { Placement, Plan } from './plan.ts'
import type { Spec } from './tape.ts'

/** What the adapter is, for people and for a run's identity. */
export interface AdapterReport {
  readonly vendor: string
  readonly architecture: string
  readonly description: string
  /** A software rasteriser stands in for a GPU. */
  readonly isFallback: boolean
  readonly features: readonly string[]
  readonly limits: Readonly<Record<string, number>>
}

/** Which kernel variants were measured to be best on an adapter: part of a run's identity. Plain JSON. */
export interface Tuning {
  readonly adapter: string
  /** Variants by what they serve. */
  readonly choices: Readonly<Record<string, string>>
}

/** What has been asked of the backend since init. */
export interface Counters {
  dispatches: number
  submits: number
  pipelines: number
  bindGroups: number
  buffers: number
  uploads: number
  reads: number
}

export const noCounts = (): Counters => ({
  dispatches: 0,
  submits: 0,
  pipelines: 0,
  bindGroups: 0,
  buffers: 0,
  uploads: 0,
  reads: 0,
})

/** Copies the first `bytes` of one storage to another. */
export interface Copy {
  readonly from: Storage
  readonly to: Storage
  readonly bytes: number
}

/** Runs of an executable, all in one submit, and what is copied around them. */
export interface Job {
  /** How many times the plan runs. */
  readonly times: number
  readonly before: readonly Copy[]
  /** After each run, where that is the k-th to `to` + k · `bytes`. */
  readonly after: readonly Copy[]
}

/** A plan made ready: pipelines, bind groups and memory in place. */
export interface Executable {
  /** Asks the plan's host sources for the numbers of so many runs; what one throws comes out before any has been used. */
  stage(times: number): void
  /** Runs the plan with the numbers staged last. Returns at once. */
  run(job: Job): void
}

/** Where a result of a dispatch lies, and until when. */
export interface PlaceReport {
  readonly bytes: number
  /** Numbers the blocks of memory the plan touches, and where in it the result begins, in bytes. */
  readonly block: number
  readonly offset: number
  /** The last dispatch that touches it; null where it outlives the plan. */
  readonly until: number | null
}

/** One line of `.plan()`: a dispatch, or a reference called on the CPU. */
export interface DispatchReport {
  /** The op, or the ops fused into the kernel. */
  readonly op: string
  readonly kernel: string
  readonly variant: string
  /** Of the inputs, then the outputs. */
  readonly shapes: readonly (readonly number[])[]
  readonly workgroups: number
  /** Inputs read and outputs written once; of movement, no more of an input than is written. */
  readonly bytesRead: number
  readonly bytesWritten: number
  /** Floating-point operations: a multiply-add is two, an elementwise op one an element, of all that is fused. */
  readonly operations: number
  readonly places: readonly PlaceReport[]
}

/** Rows an index op found out of range: which op, which row. */
export interface Offence {
  readonly op: string
  readonly row: number
}

export interface Backend extends BlockSource {
  readonly name: 'webgpu' | 'cpu'
  readonly adapter: AdapterReport
  readonly traits: DeviceTraits
  readonly counters: Counters
  /** Kernel variants measured to be best, by what they serve. */
  readonly tuned: Map<string, string>
  /** Throws, in the name of `where`, when the device is lost or a kernel failed. */
  assertUsable(where: string): void
  /** Bytes one element takes in this backend's storage. */
  elementBytes(dtype: DType): number
  /** Throws, in the name of `where`, what this backend cannot hold. */
  checkSpec(where: string, spec: Spec): void
  createBlock(bytes: number): Block
  destroyBlock(block: Block): void
  /** Writes host numbers; `values` has as many elements as `storage` holds of the dtype. */
  write(storage: Storage, dtype: DType, values: ArrayLike<number>): void
  /** Fills a storage with zeros. */
  clear(storage: Storage): void
  /** Copies between storages, in submission order. */
  copy(copies: readonly Copy[]): void
  /** Reads numbers as of now; later updates do not change them. Rejects with an offence first. */
  read(storage: Storage, spec: Spec): Promise<HostArray>
  /** Makes the pipelines a plan needs, asking for all at once, before it is prepared. */
  warmUp(plan: Plan): Promise<void>
  /** Resolves when the errors of what was made so far are known. */
  settled(): Promise<void>
  /** Sizes of the temporary storages each step needs. */
  scratch(plan: Plan): readonly (readonly number[])[]
  /** Makes pipelines, bind groups and parameters; everything that needs memory takes it from `workspace`. */
  prepare(plan: Plan, placement: Placement, workspace: Workspace): Executable
  /** What running a plan would dispatch. */
  describe(plan: Plan): DispatchReport[]
  /** Resolves when all submitted work is done. */
  idle(): Promise<void>
  dispose(): void
}
