// A run's losses for a chart: however many steps, a bounded number of points, each the mean of as many steps.

const MOST_POINTS = 1000

export interface Curve {
  readonly steps: readonly number[]
  readonly losses: readonly number[]
  /** The last known loss on test digits at each point; null before the first. */
  readonly tests: readonly (number | null)[]
}

export class LossCurve {
  private steps: number[] = []
  private losses: number[] = []
  private tests: (number | null)[] = []
  /** Steps a point stands for. */
  private bucket = 1
  private sum = 0
  private count = 0
  private step = 0
  private test: number | null = null

  /** The losses of the next steps. */
  add(losses: Iterable<number>): void {
    for (const loss of losses) {
      this.step++
      this.sum += loss
      this.count++
      if (this.count < this.bucket) continue
      this.steps.push(this.step)
      this.losses.push(this.sum / this.count)
      this.tests.push(this.test)
      this.sum = 0
      this.count = 0
      if (this.steps.length === MOST_POINTS) this.halve()
    }
  }

  /** The loss on test digits, from the last point on. */
  judge(loss: number): void {
    this.test = loss
    if (this.tests.length > 0) this.tests[this.tests.length - 1] = loss
  }

  /** Forgets what came after `step`. */
  rewind(step: number): void {
    const length = this.steps.filter(known => known <= step).length
    for (const list of [this.steps, this.losses, this.tests]) list.length = length
    this.test = this.tests.at(-1) ?? null
    this.step = step
    this.sum = 0
    this.count = 0
    if (length === 0) this.bucket = 1
  }

  /** New arrays, for the chart to draw. */
  points(): Curve {
    return { steps: [...this.steps], losses: [...this.losses], tests: [...this.tests] }
  }

  private halve(): void {
    const odd = (_: unknown, i: number): boolean => i % 2 === 1
    this.losses = this.losses.map((loss, i) => (loss + (this.losses[i - 1] ?? loss)) / 2).filter(odd)
    this.steps = this.steps.filter(odd)
    this.tests = this.tests.filter(odd)
    this.bucket *= 2
  }
}
