// Keeps just enough work submitted to a GPU: it accepts far more than it runs, and what waits cannot be called back.

/** Work submitted is at most about this long, ms, but never less than two submits. */
const AHEAD = 100
/** A submit is about this long, ms: a page draws frames between two. */
const SUBMIT = 16
const MOST_STEPS = 64
/** On the CPU nothing else lets a page breathe: it gets a turn this often, ms. */
const BREATH = 50

/** Steps submitted and not yet finished, and how many of them the next submit had better take. */
export class Pace {
  private readonly waiting: { steps: number; done: Promise<void> }[] = []
  private pending = 0
  /** Milliseconds a step, smoothed; null until a second submit has finished, since pipelines are made for the first. */
  private perStep: number | null = null
  private lastFinish: number | null = null
  private breath = performance.now()

  /** Steps for the next submit: one until it is known how long they take. */
  get chunk(): number {
    const { perStep } = this
    return perStep === null ? 1 : Math.max(1, Math.min(MOST_STEPS, Math.round(SUBMIT / perStep)))
  }

  /** Takes steps that were submitted; resolves once so few are waiting that others may follow. Rejects as they do. */
  async add(steps: number, result: Promise<unknown>): Promise<void> {
    const start = performance.now()
    const done = result.then(() => this.finish(steps, start))
    done.catch(() => undefined) // it is awaited below or by drain, maybe only after an earlier one
    this.waiting.push({ steps, done })
    this.pending += steps
    while (this.waiting.length >= 2 && this.isAhead) await this.next()
    if (performance.now() - this.breath < BREATH) return
    await new Promise(resolve => setTimeout(resolve))
    this.breath = performance.now()
  }

  /** Resolves when all have finished. */
  async drain(): Promise<void> {
    while (this.waiting.length > 0) await this.next()
  }

  /** Resolves when all have ended, well or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.waiting.splice(0).map(({ done }) => done))
  }

  private get isAhead(): boolean {
    return this.perStep === null || this.pending * this.perStep >= AHEAD
  }

  private finish(steps: number, start: number): void {
    const now = performance.now()
    if (this.lastFinish !== null) {
      const took = (now - Math.max(start, this.lastFinish)) / steps
      this.perStep = this.perStep === null ? took : 0.7 * this.perStep + 0.3 * took
    }
    this.lastFinish = now
  }

  private async next(): Promise<void> {
    const first = this.waiting.shift()
    this.pending -= first?.steps ?? 0
    await first?.done
    this.breath = performance.now()
  }
}
