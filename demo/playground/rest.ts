// Rest between two epochs: what is done to a network waits for it, and the next epoch waits for what is done.

export class Rest {
  /** Resolved while it rests. */
  private rest: Promise<void> = Promise.resolve()
  private arrived: () => void = () => {}
  private work: Promise<unknown> = Promise.resolve()

  /** An epoch begins. */
  leave(): void {
    this.rest = new Promise(resolve => {
      this.arrived = resolve
    })
  }

  /** It is over. Resolved when all is done that waited for it. */
  async arrive(): Promise<void> {
    this.arrived()
    let done: unknown
    do {
      done = this.work
      await done // while more may be asked for
    } while (done !== this.work)
  }

  /** Does something as soon as it rests, behind what was asked for before. */
  use<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = Promise.all([this.rest, this.work]).then(work)
    this.work = done.catch(() => {})
    return done
  }
}
