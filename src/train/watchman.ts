// The watchman of fit: keeps the flags of steps, looks at them now and then, and says what made a step NaN or infinite.
import { fail, must } from '../errors.ts'
import { tensor } from '../ops/create.ts'
import { parameterFrom } from '../ops/parameter.ts'
import type { Parameter, Tensor } from '../tensor.ts'
import { findCulprit, type Replay, type Suspect } from './watch.ts'

/** Steps of one submit whose flags have not been looked at. */
export interface Watched {
  /** Whether all was finite so far, after each step. */
  readonly finite: Tensor
  readonly losses: ArrayLike<number>
  readonly epoch: number
  /** The number of its first step, counted from 1. */
  readonly first: number
  replay(index: number): Replay
  /** Frees what was kept for that. */
  dispose(): void
}

/** A step that was not finite. */
interface BadStep {
  readonly step: number
  readonly epoch: number
  readonly loss: number
  readonly replay: Replay
}

/** Submits whose flags are looked at together: reading each would cost more than the watch itself. */
const TOGETHER = 16

/** Looks at flags when it is worth while: one that is false stays so, and the last tells of all before it. */
export class Watchman {
  /** Whether every loss and gradient was finite so far, for the optimizer's steps. */
  readonly finite: Parameter
  private readonly waiting: Watched[] = []
  /** What came of a step that was not finite. */
  private failure: Promise<never> | null = null

  /** `onBad` hears the number of the first step that was not finite before anybody else does. */
  constructor(
    private readonly suspect: Omit<Suspect, 'replay'>,
    private readonly onBad: (step: number) => void,
  ) {
    const { engine } = must(suspect.parameters[0], 'parameter')
    this.finite = parameterFrom(tensor(true, { engine }))
  }

  /** Rejects with what made a step NaN or infinite, once one is known. */
  async check(): Promise<void> {
    if (this.failure) await this.failure
  }

  /** Takes the flags of a submit, and looks when it is time or a loss tells that it is. */
  async add(watched: Watched): Promise<void> {
    const isTime = this.waiting.push(watched) >= TOGETHER
    if (isTime || Array.from(watched.losses).some(loss => !Number.isFinite(loss))) await this.look()
  }

  /** Looks at all flags it keeps, and rejects with what made a step NaN or infinite. */
  async look(): Promise<void> {
    const waiting = this.waiting.splice(0)
    const last = waiting.at(-1)
    if (!last) return
    try {
      if ((await last.finite.data()).at(-1) !== 0) return
      for (const { finite, losses, epoch, first, replay } of waiting) {
        const i = (await finite.data()).indexOf(0)
        if (i < 0) continue
        this.failure = this.explain({ step: first + i, epoch, loss: losses[i] as number, replay: replay(i) })
        this.onBad(first + i)
        return await this.failure
      }
    } finally {
      free(waiting)
    }
  }

  private async explain({ step, epoch, loss, replay }: BadStep): Promise<never> {
    const { what, remedy } = await findCulprit({ ...this.suspect, replay })
    const found = Number.isFinite(loss) ? 'A gradient is not finite' : `The loss is ${loss}`
    return fail(
      'value',
      'fit',
      `step ${step} (epoch ${epoch}): ${what} ${found}; that step and all after it were skipped.`,
      remedy,
    )
  }

  dispose(): void {
    this.finite.dispose()
    free(this.waiting.splice(0))
  }
}

function free(watched: readonly Watched[]): void {
  for (const { finite, dispose } of watched) {
    finite.dispose()
    dispose()
  }
}
