// What the adapter can do at most, measured: multiply-adds that touch nothing but registers, copies and reads.
import bytesWgsl from '../../shaders/peak_bytes.wgsl?raw'
import operationsWgsl from '../../shaders/peak_operations.wgsl?raw'
import type { Engine } from '../engine.ts'
import { fail } from '../errors.ts'
import { WORKGROUP_SIZE } from '../kernel.ts'
import { WebGpuBackend } from '../webgpu/backend.ts'

/** The most that kernels made for nothing else reach on an adapter. */
export interface AdapterPeak {
  readonly gigaflopsPerSecond: number
  readonly gigabytesPerSecond: number
}

/** Multiply-adds of vec4s in one turn of the loop, see peak_operations.wgsl. */
const CHAINS = 8

/** Runs all kernels, longer and longer until they take long enough to be timed, and takes the best of five. Throws `unsupported` on the CPU backend. */
export async function measurePeak(engine: Engine): Promise<AdapterPeak> {
  const { runner } = engine
  if (!(runner instanceof WebGpuBackend))
    fail('unsupported', 'measurePeak', 'the CPU backend has no adapter.', 'Use a WebGPU engine.')
  const { device, traits } = runner
  await engine.idle()
  const wanted = traits.isSoftware ? 100 : 20 // ms
  const threads = traits.isSoftware ? 2 ** 12 : 2 ** 20
  const speeds = [
    await multiplyAdds(device, wanted, threads, true),
    await multiplyAdds(device, wanted, threads, false),
  ]
  const bytes = traits.isSoftware ? 2 ** 25 : 2 ** 27
  return {
    gigaflopsPerSecond: Math.max(...speeds),
    gigabytesPerSecond: Math.max(
      await moves(device, wanted, bytes, 1),
      await moves(device, wanted, bytes, 16),
    ),
  }
}

async function multiplyAdds(
  device: GPUDevice,
  wanted: number,
  threads: number,
  fused: boolean,
): Promise<number> {
  const { STORAGE, UNIFORM, COPY_DST } = GPUBufferUsage
  const out = device.createBuffer({ size: threads * 4, usage: STORAGE })
  const params = device.createBuffer({ size: 16, usage: UNIFORM | COPY_DST })
  const run = kernel(device, operationsWgsl, [out, params], { FUSED: Number(fused) })
  const workgroups = threads / WORKGROUP_SIZE
  return best(wanted, async turns => {
    const words = new ArrayBuffer(16)
    new Uint32Array(words, 0, 1)[0] = turns
    // Numbers the compiler cannot foresee, near 1 and small: nothing overflows, nothing is subnormal.
    new Float32Array(words).set([0.999, 0.001], 1)
    device.queue.writeBuffer(params, 0, words)
    const seconds = await run([Math.min(workgroups, 32_768), Math.ceil(workgroups / 32_768)], 1)
    return { seconds, work: threads * turns * CHAINS * 4 * 2 }
  }).finally(() => destroy(out, params))
}

/** Copies a buffer, a vector a thread; or where a thread takes more of them, only reads it. */
async function moves(device: GPUDevice, wanted: number, bytes: number, each: number): Promise<number> {
  const [from, to] = [0, 1].map(() => device.createBuffer({ size: bytes, usage: GPUBufferUsage.STORAGE }))
  const run = kernel(device, bytesWgsl, [from, to] as GPUBuffer[], { READS: Number(each > 1) })
  const workgroups = bytes / 16 / WORKGROUP_SIZE / each
  return best(wanted, async turns => {
    const repeats = Math.min(turns, 1024)
    const seconds = await run([Math.min(workgroups, 32_768), Math.ceil(workgroups / 32_768)], repeats)
    return { seconds, work: repeats * bytes * (each > 1 ? 1 : 2) }
  }).finally(() => destroy(from, to))
}

function destroy(...buffers: (GPUBuffer | undefined)[]): void {
  for (const buffer of buffers) buffer?.destroy()
}

/** Gigas of work a second: doubles the turns until a run takes long enough, then takes the best of five. */
async function best(
  wanted: number,
  run: (turns: number) => Promise<{ seconds: number; work: number }>,
): Promise<number> {
  let turns = 1
  let speed = 0
  while ((await run(turns)).seconds * 1000 < wanted && turns < 2 ** 20) turns *= 2
  for (let i = 0; i < 5; i++) {
    const { seconds, work } = await run(turns)
    speed = Math.max(speed, work / seconds / 1e9)
  }
  return speed
}

/** A kernel on its buffers: gives the seconds from submit to end of so many dispatches. */
function kernel(
  device: GPUDevice,
  code: string,
  buffers: readonly GPUBuffer[],
  constants: Record<string, number> = {},
) {
  const module = device.createShaderModule({ code })
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, constants } })
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  })
  return async ([x, y]: readonly [number, number], repeats: number): Promise<number> => {
    await device.queue.onSubmittedWorkDone()
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, bindGroup)
    for (let i = 0; i < repeats; i++) pass.dispatchWorkgroups(x, y)
    pass.end()
    const start = performance.now()
    device.queue.submit([encoder.finish()])
    await device.queue.onSubmittedWorkDone()
    return (performance.now() - start) / 1000
  }
}
