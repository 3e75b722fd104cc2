// What an example is: a function that runs a small experiment and says what it shows, with the figures that bear it.
import type { train } from 'retrograd'

/** What an example is given. */
export interface Context {
  readonly seed: number
  /** Whether to take all the data and time it can use; else it is done in half a minute on a software GPU. */
  readonly full: boolean
  /** Prints a line. */
  log(text: string): void
  /** Moves the progress bar: pass it to fit as `onStep`. */
  progress(event: train.StepEvent): void
  /** Writes a picture, SVG text, to a file of this name. */
  picture(name: string, svg: string): void
}

/** What an example shows. */
export interface Claim {
  readonly claim: string
  /** What bears it, by name. */
  readonly figures: Readonly<Record<string, number | string>>
  readonly holds: boolean
}

export type Example = (context: Context) => Promise<Claim>
