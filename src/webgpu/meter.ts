// Measuring kernels: passes timed by the GPU's own clock, whole and repeated, or dispatch by dispatch.
import { must } from '../errors.ts'

/** While a backend has a meter, its passes are timed: each as a whole, or a pass for each of so many dispatches. */
export class Meter {
  /** How many times over a pass is encoded. */
  repetitions = 1
  private readonly queries: GPUQuerySet | null
  private readonly resolved: GPUBuffer | null
  private readonly count: number

  constructor(
    private readonly device: GPUDevice,
    /** Dispatches to time one by one; 0 for whole passes. */
    private readonly dispatches = 0,
  ) {
    const timed = device.features.has('timestamp-query')
    this.count = 2 * Math.max(1, dispatches)
    this.queries = timed ? device.createQuerySet({ type: 'timestamp', count: this.count }) : null
    const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC
    this.resolved = timed ? device.createBuffer({ size: 8 * this.count, usage }) : null
  }

  /** Whether each dispatch gets a pass of its own. */
  get timesEach(): boolean {
    return this.dispatches > 0
  }

  /** What the pass, or that of the `index`-th dispatch, is begun with. */
  pass(index: number): GPUComputePassDescriptor {
    if (!this.queries) return {}
    const [beginningOfPassWriteIndex, endOfPassWriteIndex] = [2 * index, 2 * index + 1]
    return { timestampWrites: { querySet: this.queries, beginningOfPassWriteIndex, endOfPassWriteIndex } }
  }

  /** Milliseconds the last passes took by the GPU's clock; null where there is none. */
  async milliseconds(): Promise<number[] | null> {
    if (!this.queries) return null
    const size = 8 * this.count
    const resolved = must(this.resolved, 'timestamps')
    const staging = this.device.createBuffer({
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    })
    const encoder = this.device.createCommandEncoder()
    encoder.resolveQuerySet(this.queries, 0, this.count, resolved, 0)
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, size)
    this.device.queue.submit([encoder.finish()])
    await staging.mapAsync(GPUMapMode.READ)
    const times = new BigUint64Array(staging.getMappedRange().slice(0))
    staging.destroy()
    return Array.from(
      { length: this.count / 2 },
      (_, i) => Number((times[2 * i + 1] ?? 0n) - (times[2 * i] ?? 0n)) / 1e6,
    )
  }

  dispose(): void {
    this.queries?.destroy()
    this.resolved?.destroy()
  }
}
