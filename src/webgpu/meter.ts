// Measuring kernels: a pass repeated many times, and how long that took by the GPU's own clock.
import { must } from '../errors.ts'

/** While a backend has a meter, each of its passes is encoded `repetitions` times over and timed. */
export class Meter {
  repetitions = 1
  private readonly queries: GPUQuerySet | null
  private readonly resolved: GPUBuffer | null

  constructor(private readonly device: GPUDevice) {
    const timed = device.features.has('timestamp-query')
    this.queries = timed ? device.createQuerySet({ type: 'timestamp', count: 2 }) : null
    const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC
    this.resolved = timed ? device.createBuffer({ size: 16, usage }) : null
  }

  get pass(): GPUComputePassDescriptor {
    const { queries } = this
    if (!queries) return {}
    return { timestampWrites: { querySet: queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } }
  }

  /** Milliseconds the last pass took by the GPU's clock; null where there is none, or it says nothing. */
  async milliseconds(): Promise<number | null> {
    if (!this.queries) return null
    const resolved = must(this.resolved, 'timestamps')
    const staging = this.device.createBuffer({
      size: 16,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    })
    const encoder = this.device.createCommandEncoder()
    encoder.resolveQuerySet(this.queries, 0, 2, resolved, 0)
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, 16)
    this.device.queue.submit([encoder.finish()])
    await staging.mapAsync(GPUMapMode.READ)
    const [start = 0n, end = 0n] = new BigUint64Array(staging.getMappedRange().slice(0))
    staging.destroy()
    return end > start ? Number(end - start) / 1e6 : null
  }

  dispose(): void {
    this.queries?.destroy()
    this.resolved?.destroy()
  }
}
