// Measures the kernels of one op at a time: this part runs in the page.
import type { Engine } from '../../src/engine.ts'
import { init } from '../../src/init.ts'
import { ops } from '../../src/ops/table.ts'
import { benchmark } from '../../src/proof/index.ts'

interface Engines {
  readonly webgpu: Engine
  readonly cpu: Engine
}

let engines: Engines | null = null

/** Starts the engines; tells the adapter, its features and its limits. */
export async function open(): Promise<Engine['adapter']> {
  engines = { webgpu: await init({ backend: 'webgpu' }), cpu: await init({ backend: 'cpu' }) }
  return engines.webgpu.adapter
}

/** Verifies and times every variant of an op's kernel, reporting each row. Throws when one is wrong. */
export async function measure(name: string, repetitions: number): Promise<void> {
  const op = ops[name]
  if (!engines || !op) throw new Error(`internal: nothing to measure for ${name}`)
  const { webgpu: engine, cpu: reference } = engines
  for (const sample of op.definition.samples) {
    if (!sample.benchmark) continue
    const rows = await benchmark(op, { engine, reference, repetitions, samples: [sample] })
    for (const row of rows) report(row)
  }
}
