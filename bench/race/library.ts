// What a library has to offer to be raced.
import type { Numbers } from './numbers.ts'
import type { Workload } from './workloads.ts'

/** A library in the race. */
export type LibraryName = 'retrograd' | 'jax-js' | 'tfjs' | 'retrograd cpu'

/** A workload in a library's hands: its numbers uploaded, nothing compiled yet. */
export interface Task {
  /** Compiles what a call needs, where the library can be asked to: it counts as a part of the first call. */
  warmUp?(): Promise<void>
  /** Starts one step or operation; what the one before gave is let go. Returns as soon as the library does. */
  call(): void
  /** Of a library that only starts work when asked to: asks, and resolves once that is under way, not done. */
  start?(): Promise<void>
  /** Waits until all calls are done and reads one number of the last: the loss, or the first element. */
  read(): Promise<number>
  /** Every number that the last call gave, for comparison; of a training step the loss alone. */
  result(): Promise<Float32Array>
  dispose(): void
}

export interface Library {
  readonly name: LibraryName
  /** Where it cannot take part in a workload, why. */
  declines?(workload: Workload): string | null
  prepare(workload: Workload, numbers: Numbers): Promise<Task>
  dispose(): Promise<void>
}
