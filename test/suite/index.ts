// The suite of a WebGPU implementation, run in Chrome and under Dawn by the same calls: every op, and the mechanism.
import type { Engine } from '../../src/engine.ts'
import { init } from '../../src/index.ts'
import { ops } from '../../src/ops/table.ts'
import { type VerifyReport, verify } from '../../src/proof/index.ts'
import { primitiveOf } from '../../src/proof/samples.ts'
import { device } from './device.ts'
import { fusion } from './fusion.ts'
import { measure } from './measure.ts'
import { recording } from './recording.ts'
import { refused } from './refused.ts'
import { replay } from './replay.ts'
import { scaling } from './scaling.ts'
import { values } from './values.ts'

export const mechanism = { ...values, ...recording, ...replay, ...fusion, ...measure, ...scaling, ...refused }

/** What the suite runs on, and how much there is to run. */
export interface SuiteReport {
  readonly adapter: string
  readonly float16: boolean
  readonly ops: number
  /** WGSL kernels: ops with a kernel of their own. */
  readonly kernels: number
  readonly variants: number
}

let engine: Engine | null = null
let reference: Engine | null = null
let gpuObject: GPU | undefined

/** Starts the engine of the suite, anew after a test has broken it. `gpu`: where there is no navigator.gpu. */
export async function open(gpu?: GPU): Promise<SuiteReport> {
  gpuObject = gpu
  const started = await current()
  const primitives = Object.values(ops).flatMap(op => primitiveOf(op) ?? [])
  return {
    adapter:
      `${started.adapter.vendor} ${started.adapter.architecture} ${started.adapter.description}`.trim(),
    float16: started.runner.traits.float16,
    ops: Object.keys(ops).length,
    kernels: primitives.length,
    variants: primitives.reduce((sum, { kernel }) => sum + kernel.variants.length, 0),
  }
}

async function current(): Promise<Engine> {
  try {
    engine?.assertAlive('suite')
  } catch {
    engine?.dispose()
    engine = null
  }
  engine ??= await init({ backend: 'webgpu', ...(gpuObject ? { gpu: gpuObject } : {}) })
  return engine
}

/** Proves one op on this implementation: on its small samples, or on those that are there to be timed. */
export async function verifyOp(
  name: string,
  dtype: 'float32' | 'float16' = 'float32',
  size: 'small' | 'large' = 'small',
): Promise<VerifyReport> {
  const op = ops[name]
  if (!op) throw new Error(`there is no op ${name}`)
  reference ??= await init({ backend: 'cpu' })
  const samples = op.definition.samples.filter(sample => (sample.benchmark === true) === (size === 'large'))
  return verify(op, { engine: await current(), reference, dtype, samples })
}

/** Runs one case of the mechanism. */
export async function runCase(name: string): Promise<void> {
  const run = mechanism[name as keyof typeof mechanism]
  if (!run) throw new Error(`there is no case ${name}`)
  await run(await current())
}

/** Runs one case that needs a device. */
export async function runDeviceCase(name: string): Promise<void> {
  const run = device[name]
  if (!run) throw new Error(`there is no case ${name}`)
  await run(gpuObject ?? navigator.gpu)
}
