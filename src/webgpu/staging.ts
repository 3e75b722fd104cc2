// Reading back: numbers are copied to a buffer that the host may map, and buffers are used again.
import type { Counters } from '../backend.ts'
import type { HostArray } from '../dtype.ts'
import { ALIGNMENT, type Storage } from '../memory.ts'
import type { Spec } from '../tape.ts'
import { bufferOf, decode, padded } from './bytes.ts'
import { STATUS_BYTES } from './status.ts'

/** Numbers that were read, and the status words as of then. */
export interface Reading {
  readonly numbers: HostArray
  readonly words: Uint32Array
}

/** Buffers for reading, by size. */
export class Staging {
  private readonly unused = new Map<number, GPUBuffer[]>()

  constructor(
    private readonly device: GPUDevice,
    private readonly counters: Counters,
    private readonly status: GPUBuffer,
  ) {}

  /** The numbers of a storage as of the work submitted before; `until` waits for the GPU. */
  async read(
    storage: Storage,
    spec: Spec,
    submit: (encode: (encoder: GPUCommandEncoder) => void) => void,
    until: (work: Promise<void>) => Promise<void>,
  ): Promise<Reading> {
    this.counters.reads++
    const bytes = padded(storage.bytes)
    const size = Math.max(ALIGNMENT, 2 ** Math.ceil(Math.log2(bytes + STATUS_BYTES)))
    const buffers = this.unused.get(size) ?? []
    this.unused.set(size, buffers)
    const buffer = buffers.pop() ?? this.create(size)
    submit(encoder => {
      encoder.copyBufferToBuffer(this.status, 0, buffer, 0, STATUS_BYTES)
      encoder.copyBufferToBuffer(bufferOf(storage), storage.offset, buffer, STATUS_BYTES, bytes)
    })
    await until(buffer.mapAsync(GPUMapMode.READ, 0, STATUS_BYTES + bytes))
    const words = new Uint32Array(buffer.getMappedRange(0, STATUS_BYTES).slice(0))
    const numbers = decode(spec, buffer.getMappedRange(STATUS_BYTES, bytes))
    buffer.unmap()
    buffers.push(buffer)
    return { numbers, words }
  }

  private create(size: number): GPUBuffer {
    this.counters.buffers++
    return this.device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
  }
}
