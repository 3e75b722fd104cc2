// init: chooses a backend and starts an engine on it.
import { CpuBackend, type Precision } from './cpu/backend.ts'
import { Engine } from './engine.ts'
import { RetrogradError } from './errors.ts'
import { checkOptions, integer, oneOf } from './options.ts'
import { WebGpuBackend } from './webgpu/backend.ts'
import { openDevice } from './webgpu/device.ts'

/** Options of `init`. */
export interface InitOptions {
  /** 'auto' takes WebGPU where there is one and else the CPU, saying why in `engine.reason`. */
  backend?: 'auto' | 'webgpu' | 'cpu'
  /** Another GPU object, such as Dawn's in Node.js. */
  gpu?: GPU
  /** A device of yours. */
  device?: GPUDevice
  /** Seeds the random stream. Default 0. */
  seed?: number
  /** Internal: how the CPU stores floats, for gradient checks. */
  precision?: Precision
}

/** Starts an engine. Throws `unsupported` when WebGPU is asked for and cannot be had, with the reason. */
export async function init(options: InitOptions = {}): Promise<Engine> {
  checkOptions('init', options, ['backend', 'gpu', 'device', 'seed', 'precision'])
  const context = (name: string) => ({ where: 'init', name, rank: 0 })
  const backend = oneOf(['auto', 'webgpu', 'cpu'], 'auto')(options.backend, context('backend'))
  const precision = oneOf(['float32', 'float64'], 'float32')(options.precision, context('precision'))
  const seed = integer(0)(options.seed, context('seed'))
  if (backend === 'cpu') return new Engine(new CpuBackend(precision), null, seed)
  try {
    return new Engine(new WebGpuBackend(await openDevice(options.gpu, options.device)), null, seed)
  } catch (error) {
    const expected = error instanceof RetrogradError && error.code === 'unsupported'
    if (backend === 'webgpu' || !expected) throw error
    return new Engine(new CpuBackend(precision), error.message, seed)
  }
}
