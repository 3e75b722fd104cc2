// Measures the kernels of one op at a time: this part runs in the page.
import type { Engine } from '../src/engine.ts'
import { init } from '../src/init.ts'
import { ops } from '../src/ops/table.ts'
import { type BenchmarkRow, benchmark } from '../src/proof/index.ts'

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

/** Verifies and times every variant of an op's kernel. Throws when one is wrong. */
export async function measure(name: string, repetitions: number): Promise<BenchmarkRow[]> {
  const op = ops[name]
  if (!engines || !op) throw new Error(`internal: nothing to measure for ${name}`)
  return benchmark(op, { engine: engines.webgpu, reference: engines.cpu, repetitions })
}
