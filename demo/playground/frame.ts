// What a run tells the page of itself, some times a second.
import type { Picture } from './view.ts'

/** How well the network does after an epoch. */
export interface Scores {
  readonly epoch: number
  /** Null where a network was put in: it is not known how it came about. */
  readonly train: number | null
  /** Null where no rows are held out for it. */
  readonly validation: number | null
  readonly test: number
  /** Share of test rows that are recognised; null where a number is predicted. */
  readonly accuracy: number | null
}

/** What the page is shown of a run, some times a second. */
export interface Frame {
  readonly picture: Picture
  /** Neurons drawn of each column. */
  readonly drawn: readonly number[]
  readonly epoch: number
  /** Of the network as it is. */
  readonly scores: Scores
  readonly curves: Curves
  readonly learningRate: number
  readonly isPlaying: boolean
  /** Why training has ended, if it has. */
  readonly ended: string | null
}

export interface Curves {
  readonly epochs: readonly number[]
  readonly train: readonly (number | null)[]
  readonly validation: readonly (number | null)[]
  readonly test: readonly number[]
}

export interface RunEvents {
  onFrame(frame: Frame): Promise<void>
  /** Weights for the page to keep, should the GPU go away. */
  onKeep(weights: Uint8Array<ArrayBuffer>, epoch: number): Promise<void>
  onError(error: unknown): void
}

/** In the place of why training has ended: an error was told. */
export const FAILED = 'an error'

const POINTS = 400 // of a curve

/** Curves of so many points that eyes miss none, the last among them. */
export function curvesOf(records: readonly Scores[]): Curves {
  const every = Math.ceil(records.length / POINTS)
  const shown = records.filter((_, i) => i % every === 0 || i === records.length - 1)
  return {
    epochs: shown.map(({ epoch }) => epoch),
    train: shown.map(({ train }) => train),
    validation: shown.map(({ validation }) => validation),
    test: shown.map(({ test }) => test),
  }
}
