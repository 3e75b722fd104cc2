// Options that the benchmarks share.
import { InvalidArgumentError, Option } from 'commander'
import { nearest } from '../src/errors.ts'
import { findWorkloads, type Workload, workloadNames, workloads } from './race/workloads.ts'

/** Reads names of workloads with commas between; a group's name stands for all of it. */
export function workloadList(text: string): readonly Workload[] {
  const chosen = new Set<Workload>()
  for (const name of text.split(',').map(part => part.trim())) {
    const found = findWorkloads(name)
    if (found.length === 0) {
      const near = nearest(name, workloadNames)
      throw new InvalidArgumentError(
        `There is no workload ${name}. ${near ? `Did you mean ${near}?` : `There are: ${workloadNames.join(', ')}.`}`,
      )
    }
    for (const workload of found) chosen.add(workload)
  }
  // In the order of the table.
  return workloads.filter(workload => chosen.has(workload))
}

/** `--workload`, with an example of names; all unless it is given. */
export const workloadOption = (example: string): Option =>
  new Option('--workload <names>', `only these: ${example}`).argParser(workloadList).default(workloads, 'all')

/** Reads a number of batches. */
export function repetitionCount(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= 1000) return count
  throw new InvalidArgumentError('It must be a whole number from 1 to 1000.')
}
