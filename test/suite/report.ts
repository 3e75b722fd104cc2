// What the kernel suites print and expect, whichever WebGPU they ran on.
import type { VerifyReport } from '../../src/proof/index.ts'
import type { SuiteReport } from './index.ts'

/** Adds up reports, to be printed at the end: a suite that silently ran nothing must show. */
export class Tally {
  cases = 0
  gradients = 0
  skipped = 0

  add(report: VerifyReport): void {
    this.cases += report.cases
    this.gradients += report.gradients
    this.skipped += report.skipped
  }

  /** One line for people. */
  line(where: string, { adapter, ops, kernels, variants }: SuiteReport): string {
    return `${where} on ${adapter}: ${ops} ops, ${kernels} kernels, ${variants} variants, ${this.cases} cases, ${this.gradients} gradients, ${this.skipped} not supported there`
  }
}

/** Why a report fails, most telling lines first; empty when it passes. */
export function complaints(report: VerifyReport): string[] {
  const lines = report.failures.slice(0, 5).map(failure => failure.message)
  if (report.failures.length > 5) lines.push(`… and ${report.failures.length - 5} more`)
  if (report.failures.length === 0 && report.cases === 0 && report.dtype === 'float32')
    lines.push(`[${report.op}] no case ran`)
  return lines
}
