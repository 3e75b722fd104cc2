// What training leaves behind: the loss of every step, a record of every epoch, and the events told on the way.
import type { Scores } from './evaluate.ts'

/** One epoch of the history. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number
  /** The training loss, averaged over the rows of the epoch as they were trained on. */
  readonly loss: number
  /** Of the epoch's last step. */
  readonly learningRate: number
  /** Since training began. */
  readonly seconds: number
  /** Loss and metrics of the validation set, where there is one. */
  readonly validation?: Scores
}

/** How a run went. */
export interface History {
  /** The loss of every step. */
  readonly losses: number[]
  readonly epochs: EpochRecord[]
}

/** Told as steps finish. */
export interface StepEvent {
  readonly kind: 'step'
  /** Counted from 1, over all epochs. */
  readonly step: number
  /** Steps there will be if nothing stops training, or null for a stream. */
  readonly steps: number | null
  readonly epoch: number
  readonly loss: number
  readonly samplesPerSecond: number
}

/** Told at the end of each epoch. */
export interface EpochEvent extends EpochRecord {
  readonly kind: 'epoch'
}

/** What a run tells while it goes on. */
export type FitEvent = StepEvent | EpochEvent

/** Events for one loop over them: kept from its begin until they are asked for, however late. */
export class EventQueue {
  private readonly events: FitEvent[] = []
  private wake: (() => void) | null = null
  private ended = false

  push(event: FitEvent): void {
    this.events.push(event)
    this.wake?.()
  }

  end(): void {
    this.ended = true
    this.wake?.()
  }

  /** All events in order; leaving the loop calls `leave`, and what training rejects with comes out at its end. */
  async *iterate(run: Promise<unknown>, leave: () => void): AsyncGenerator<FitEvent, void, undefined> {
    let isDone = false
    try {
      while (true) {
        const event = this.events.shift()
        if (event) yield event
        else if (this.ended) break
        else
          await new Promise<void>(resolve => {
            this.wake = resolve
          })
      }
      isDone = true
      await run
    } finally {
      if (!isDone) leave()
    }
  }
}
