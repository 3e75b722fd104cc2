// What a run of training prints: a progress bar on stderr, losses and results on stdout, or one JSON object there.
import { SingleBar } from 'cli-progress'
import { TRAINING_DIGITS } from './mnist.ts'
import type { TrainSettings } from './options.ts'
import type { AdapterName, Progress, TrainResult } from './train_page.ts'

/** Losses printed in a run, evenly spaced. */
const MILESTONES = 20

const grouped = (number: number): string => Math.round(number).toLocaleString('en')

/** Prints a run; with `json`, lines for people go to stderr. */
export class Printer {
  private bar: SingleBar | null = null
  private steps = 0
  private start = 0 // of training, ms
  /** What the bar shows. */
  private done = { step: 0, loss: '-', rate: '-', left: '-' }

  constructor(private readonly json: boolean) {}

  /** Prints a line for people; the bar moves below it. */
  line(text: string): void {
    this.bar?.stop()
    const stream = this.json ? process.stderr : process.stdout
    stream.write(`${text}\n`)
    this.bar?.start(this.steps, this.done.step, this.done)
  }

  /** What will be done, and why with a share of the digits where a slow machine is the reason. */
  plan(settings: TrainSettings, machine: 'gpu' | 'software' | 'cpu'): void {
    const { hidden, activation, samples, epochs, batchSize, dropout, precision } = settings
    const traits = [
      activation,
      ...(dropout > 0 ? [`dropout ${dropout}`] : []),
      ...(precision === 'mixed' ? ['mixed precision'] : []),
    ]
    const network = `784-${hidden.join('-')}-10 (${traits.join(', ')})`
    const passes = `${epochs} epoch${epochs === 1 ? '' : 's'} of ${grouped(Math.ceil(samples / batchSize))} steps`
    const digits = `${grouped(samples)} of ${grouped(TRAINING_DIGITS)} digits`
    this.line(`Training ${network} on ${digits}: ${passes}, ${batchSize} digits a step.`)
    if (machine === 'gpu' || samples === TRAINING_DIGITS) return
    const reason = { software: 'the adapter is software, not a GPU', cpu: 'the CPU reference is slow' }[
      machine
    ]
    this.line(`That is a share of them, since ${reason}; --samples ${TRAINING_DIGITS} takes all.`)
  }

  progress(progress: Progress): void {
    if (progress.kind === 'training') this.begin(progress.adapter, progress.steps)
    else if (progress.kind === 'step') this.step(progress.step, progress.loss, progress.samplesPerSecond)
    else this.testing(progress.digits)
  }

  private begin(adapter: AdapterName, steps: number): void {
    this.steps = steps
    this.start = performance.now()
    this.line(`Adapter: ${describe(adapter)}`)
    if (!process.stderr.isTTY) return
    this.bar = new SingleBar({
      format: '{bar} {percentage}% | loss {loss} | {rate} samples/s | {left} s left',
      barsize: 24,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: true,
      clearOnComplete: true,
    })
    this.bar.start(steps, 0, this.done)
  }

  private step(step: number, loss: number, samplesPerSecond: number): void {
    const left = ((performance.now() - this.start) / step / 1000) * (this.steps - step)
    this.done = { step, loss: loss.toFixed(4), rate: grouped(samplesPerSecond), left: grouped(left) }
    this.bar?.update(step, this.done)
    const milestone = (at: number): number => Math.floor((at * MILESTONES) / this.steps)
    if (milestone(step) === milestone(step - 1) && step > 1) return
    const place = `${step}`.padStart(`${this.steps}`.length)
    this.line(`step ${place}/${this.steps}  loss ${loss.toFixed(6)}`)
  }

  private testing(digits: number): void {
    this.end()
    if (process.stderr.isTTY) process.stderr.write(`Testing on ${grouped(digits)} digits …\n`)
  }

  /** The results, for people and with `json` also as one JSON object. */
  result(result: TrainResult, settings: TrainSettings): void {
    this.end()
    const { adapter, backend, losses, samplesPerSecond, accuracy, confusion, seconds } = result
    this.line(
      `Speed: ${grouped(samplesPerSecond)} samples/s on ${backend}, ${describe(adapter)}; ${seconds.toFixed(1)} s in all`,
    )
    this.line(`\n${confusionTable(confusion)}\n`)
    this.line(`Loss of the last step: ${(losses.at(-1) ?? Number.NaN).toFixed(6)}`)
    this.line(`Test accuracy: ${accuracy.toFixed(4)} (all ${grouped(total(confusion.flat()))} test digits)`)
    if (!this.json) return
    const report = {
      adapter,
      backend,
      options: settings,
      losses,
      samplesPerSecond,
      accuracy,
      confusion,
      seconds,
    }
    process.stdout.write(`${JSON.stringify(report)}\n`)
  }

  /** Leaves the terminal as it was. */
  end(): void {
    this.bar?.stop()
    this.bar = null
  }
}

function describe({ vendor, architecture, description, isFallback }: AdapterName): string {
  const name = description || `${vendor} ${architecture}`.trim() || 'unnamed'
  return isFallback ? `${name} (software)` : name
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0)

/** Rows are what the digits are, columns what the network took them for; recall is the share recognised. */
export function confusionTable(confusion: readonly (readonly number[])[]): string {
  const width = Math.max(4, ...confusion.flat().map(count => `${count}`.length)) + 2
  const cell = (content: number | string): string => `${content}`.padStart(width)
  const head = `actual${confusion.map((_, digit) => cell(digit)).join('')}    recall`
  const rows = confusion.map((row, digit) => {
    const recall = (row[digit] ?? 0) / total(row)
    return `${`${digit}`.padStart(6)}${row.map(cell).join('')}    ${recall.toFixed(4)}`
  })
  return [`${' '.repeat(6 + width - 1)}predicted`, head, ...rows].join('\n')
}
