// The progress bar of a terminal, fed by the events of train.fit.
import { SingleBar } from 'cli-progress'
import type { train } from '../src/index.ts'

/** A number with commas between the thousands. */
export const grouped = (number: number): string => Math.round(number).toLocaleString('en')

/** Shows how far training is, on stderr where that is a terminal; a run after another has a bar of its own. */
export class Progress {
  private bar: SingleBar | null = null
  private steps = 0
  private start = 0
  private shown = { step: 0, loss: '-', rate: '-', left: '-' }

  /** Shows a step. */
  step({ step, steps, loss, samplesPerSecond }: train.StepEvent): void {
    if (!process.stderr.isTTY || steps === null) return
    if (steps !== this.steps || step < this.shown.step) this.end()
    if (!this.bar) {
      this.start = performance.now()
      this.steps = steps
    }
    const left = ((performance.now() - this.start) / step / 1000) * (steps - step)
    this.shown = { step, loss: loss.toFixed(4), rate: grouped(samplesPerSecond), left: grouped(left) }
    if (this.bar) this.bar.update(step, this.shown)
    else this.draw()
    if (step === steps) this.end()
  }

  /** Prints a line; the bar moves below it. */
  line(text: string, stream: NodeJS.WriteStream): void {
    const moved = this.bar !== null
    this.bar?.stop()
    stream.write(`${text}\n`)
    if (moved) this.draw()
  }

  /** Leaves the terminal as it was. */
  end(): void {
    this.bar?.stop()
    this.bar = null
    this.shown = { ...this.shown, step: 0 }
  }

  private draw(): void {
    this.bar = new SingleBar({
      format: '{bar} {percentage}% | loss {loss} | {rate} samples/s | {left} s left',
      barsize: 24,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: true,
      clearOnComplete: true,
    })
    this.bar.start(this.steps, this.shown.step, this.shown)
  }
}
