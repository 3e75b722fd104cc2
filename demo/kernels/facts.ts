// What the page and its worker tell each other: the ops there are, what proving one found, how fast it is.
import type { AdapterPeak, AdapterReport, BenchmarkRow } from 'retrograd'
import type { Notice } from '../page/gpu.ts'

/** An op of the table. */
export interface OpFacts {
  readonly name: string
  readonly family: string
  /** Its kernel's variants; none where it is made of other ops. */
  readonly variants: readonly string[]
  /** Whether its entry has samples to be timed. */
  readonly isTimed: boolean
  /** Whether something is dispatched for it, which can be broken. */
  readonly canBreak: boolean
}

/** One result that is not the reference's. */
export interface Failure {
  readonly dtype: 'float32' | 'float16'
  readonly variant: string
  /** 'forward', or 'gradient of input 0'; null of a case that threw. */
  readonly result: string | null
  readonly sample: string
  readonly shape: readonly number[]
  readonly index: readonly number[]
  /** As text: JSON has no NaN. */
  readonly expected: string
  readonly actual: string
  /** In one line; of a case that threw, why. */
  readonly message: string
}

/** What proving an op found. */
export interface Proof {
  readonly cases: number
  readonly gradients: number
  /** Cases that the variant, or this adapter, does not serve. */
  readonly skipped: number
  /** The largest relative error, see `VerifyReport.errors`. */
  readonly error: number
  /** How many results were wrong, and the first of them. */
  readonly wrong: number
  readonly failures: readonly Failure[]
  readonly isBroken: boolean
}

/** What runs the kernels, and which there are. */
export interface Machine {
  readonly backend: 'webgpu' | 'cpu'
  readonly notice: Notice | null
  readonly adapter: AdapterReport
  readonly ops: readonly OpFacts[]
}

export type { AdapterPeak, AdapterReport, BenchmarkRow }
