// What the network is to learn, as the page and the run know it: sets on the engine, and a plane to look at it from.
import type { data, Parameter } from 'retrograd'
import type { Task } from './network.ts'
import type { Settings } from './settings.ts'
import { GRID, MAP } from './sizes.ts'

/** Rows as they are drawn on the map. */
export interface Points {
  readonly x: readonly number[]
  readonly y: readonly number[]
  /** The class, or the number to predict. */
  readonly label: readonly number[]
}

export interface Axis {
  readonly name: string
  readonly low: number
  readonly high: number
}

/** From where maps look at the problem. */
export interface Aim {
  readonly axes: readonly [Axis, Axis]
  readonly train: Points
  /** Rows that the network does not learn from: those held out, then those of the test. */
  readonly unseen: Points
}

/** What the page shows of a problem. */
export interface ProblemView extends Aim {
  readonly task: Task
  readonly inputs: readonly string[]
  /** Rows that are trained on, held out of these to judge by, and tested on. */
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number }
  /** Where a number is predicted: what 0 and 1 stand for. */
  readonly target: { readonly mean: number; readonly deviation: number }
  /** What became of the data, in words. */
  readonly story: readonly string[]
}

/** Sets of rows by what they are for. */
export interface Parts {
  readonly train: data.Dataset
  /** Where settings judge on the way: that must not see the test. */
  readonly validation: data.Dataset | null
  readonly test: data.Dataset
}

export interface Problem extends Parts {
  readonly view: ProblemView
  /** [GRID², inputs], row by row from the top left: the largest y first. */
  readonly grid: Parameter
  /** Looks at it over two inputs of these names, as far as there is a choice. */
  aim(map: Settings['map']): Promise<Aim>
  dispose(): void
}

/** How many rows each part has. */
export const sizesOf = ({ train, validation, test }: Parts): ProblemView['rows'] => ({
  train: train.size,
  validation: validation?.size ?? 0,
  test: test.size,
})

/** Rows of a grid over two columns; the others stay at `base`. */
export function gridRows(
  [across, up]: readonly [Axis, Axis],
  base: readonly number[],
  [first, second]: readonly [number, number],
): number[][] {
  return Array.from({ length: MAP }, (_, i) => {
    const row = [...base]
    row[first] = across.low + ((across.high - across.low) * ((i % GRID) + 0.5)) / GRID
    if (second !== first) row[second] = up.high - ((up.high - up.low) * (Math.floor(i / GRID) + 0.5)) / GRID
    return row
  })
}

/** Both, one behind the other. */
export const joined = (a: Points, b: Points): Points => ({
  x: [...a.x, ...b.x],
  y: [...a.y, ...b.y],
  label: [...a.label, ...b.label],
})
