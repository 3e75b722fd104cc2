// What a run of training prints: a progress bar on stderr, losses and results on stdout, or one JSON object there.
import type { train } from '../src/index.ts'
import { TRAINING_DIGITS } from './mnist.ts'
import type { TrainSettings } from './options.ts'
import { grouped, Progress as ProgressBar } from './progress.ts'
import type { AdapterName, Progress, TrainResult } from './train_page.ts'

/** Losses printed in a run, evenly spaced. */
const MILESTONES = 20

/** Prints a run; with `json`, lines for people go to stderr. */
export class Printer {
  private readonly bar = new ProgressBar()

  constructor(private readonly json: boolean) {}

  /** Prints a line for people; the bar moves below it. */
  line(text: string): void {
    this.bar.line(text, this.json ? process.stderr : process.stdout)
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
    if (progress.kind === 'training') this.line(`Adapter: ${describe(progress.adapter)}`)
    else if (progress.kind === 'step') this.step(progress)
    else this.testing(progress.digits)
  }

  private step(event: train.StepEvent): void {
    this.bar.step(event)
    const { step, steps, loss } = event
    if (steps === null) return
    const milestone = (at: number): number => Math.floor((at * MILESTONES) / steps)
    if (milestone(step) === milestone(step - 1) && step > 1) return
    this.line(`step ${`${step}`.padStart(`${steps}`.length)}/${steps}  loss ${loss.toFixed(6)}`)
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
    this.bar.end()
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
