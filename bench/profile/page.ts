// Profiles a training step of a workload: this part runs in the page, or in Node.js on Dawn.
import type { Profile } from '../../src/index.ts'
import { drawNumbers } from '../race/numbers.ts'
import { profileTraining, startRetrograd } from '../race/retrograd.ts'
import { findWorkloads } from '../race/workloads.ts'

/** A profile as text, picture and data. */
export interface Shown {
  readonly table: string
  readonly picture: string
  readonly data: Profile
}

/** Times the kernels of a training workload's step over so many calls. */
export async function profileOf(name: string, calls: number): Promise<Shown> {
  const [workload] = findWorkloads(name)
  if (workload?.kind !== 'training') throw new Error(`internal: ${name} is no training workload`)
  const { engine, dispose } = await startRetrograd({ backend: 'webgpu' })
  try {
    const found = await engine.use(() => profileTraining(workload, drawNumbers(workload), calls))
    return {
      table: String(found),
      picture: found.toSVG(),
      data: JSON.parse(JSON.stringify(found)) as Profile,
    }
  } finally {
    await dispose()
  }
}
