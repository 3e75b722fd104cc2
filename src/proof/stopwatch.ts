// A stopwatch for work on an engine: batches long enough for the clock, timed by the GPU itself where it can.
import type { Engine } from '../engine.ts'
import { WebGpuBackend } from '../webgpu/backend.ts'
import { Meter } from '../webgpu/meter.ts'

/** A batch takes this long: shorter ones drown in the clock's grain. */
export const BATCH_MILLISECONDS = 16

/** How long a batch took, and by whose clock: the GPU's own, or this thread's. */
export interface Timing {
  readonly milliseconds: number
  readonly clock: 'gpu' | 'wall'
}

/** The middle one of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** Times work that `work` submits in one pass. */
export class Stopwatch {
  private readonly meter: Meter | null

  constructor(
    private readonly engine: Engine,
    private readonly work: () => void,
  ) {
    const { runner } = engine
    this.meter = runner instanceof WebGpuBackend ? new Meter(runner.device) : null
  }

  /** Times so many calls: on a GPU one pass of as many dispatches, by its own clock where it has one. */
  async batch(calls: number): Promise<Timing> {
    const { runner } = this.engine
    await this.engine.idle()
    const start = performance.now()
    this.engine.flush()
    if (this.meter && runner instanceof WebGpuBackend) {
      this.meter.repetitions = calls
      runner.meter = this.meter
      try {
        this.work()
      } finally {
        runner.meter = null
      }
    } else {
      for (let i = 0; i < calls; i++) this.work()
    }
    await this.engine.idle()
    const wall = performance.now() - start
    // A clock too coarse for the batch says 0.
    const [own = 0] = (await this.meter?.milliseconds()) ?? []
    return own > 0 ? { milliseconds: own, clock: 'gpu' } : { milliseconds: wall, clock: 'wall' }
  }

  /** Runs until pipelines and caches are warm, and gives the number of calls that fill a batch. */
  async warmUp(): Promise<number> {
    await this.batch(1)
    let calls = 1
    for (let attempt = 0; attempt < 4; attempt++) {
      const { milliseconds } = await this.batch(calls)
      if (milliseconds >= 0.75 * BATCH_MILLISECONDS) break
      calls = Math.min(10_000, Math.ceil((calls * BATCH_MILLISECONDS) / Math.max(milliseconds, 0.01)))
    }
    return calls
  }

  dispose(): void {
    this.meter?.dispose()
  }
}
