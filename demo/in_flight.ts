// Keeps just enough work submitted to a GPU: it accepts far more than it runs, and what waits cannot be called back.

/** Work submitted is at most about this long, ms, but never less than two steps. */
const AHEAD = 100
const MOST_STEPS = 64

/** Steps submitted and not yet finished. */
export class InFlight {
  private readonly waiting: Promise<void>[] = []
  private finished = 0
  private firstFinish = 0

  /** Takes a step that was submitted; resolves once so few are waiting that another may follow. Rejects as they do. */
  async add(step: Promise<unknown>): Promise<void> {
    const finish = step.then(() => {
      if (this.finished++ === 0) this.firstFinish = performance.now()
    })
    finish.catch(() => undefined) // it is awaited below, maybe only after an earlier one
    this.waiting.push(finish)
    while (this.waiting.length >= this.limit) await this.waiting.shift()
  }

  /** Resolves when all have finished. */
  async drain(): Promise<void> {
    await Promise.all(this.waiting.splice(0))
  }

  private get limit(): number {
    if (this.finished < 2) return 2
    const perStep = (performance.now() - this.firstFinish) / (this.finished - 1)
    return Math.min(MOST_STEPS, Math.max(2, Math.floor(AHEAD / perStep)))
  }
}
