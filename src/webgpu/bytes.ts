// Numbers as the bytes the GPU stores, and the buffers they lie in.
import { type DType, type HostArray, halfBits, halfValue } from '../dtype.ts'
import type { Storage } from '../memory.ts'
import { at, sizeOf } from '../shape.ts'
import type { Spec } from '../tape.ts'

export const bufferOf = (storage: Storage): GPUBuffer => storage.block as GPUBuffer

/** Copies and bindings are whole words. */
export const padded = (bytes: number): number => Math.ceil(bytes / 4) * 4

/** Host numbers as the bytes the GPU stores. */
export function encode(dtype: DType, values: ArrayLike<number>): ArrayBuffer {
  if (dtype === 'float32') return bytesOf(values instanceof Float32Array ? values : Float32Array.from(values))
  if (dtype === 'int32') return bytesOf(values instanceof Int32Array ? values : Int32Array.from(values))
  if (dtype === 'uint32') return bytesOf(values instanceof Uint32Array ? values : Uint32Array.from(values))
  if (dtype === 'bool') return Uint32Array.from(values, value => (value ? 1 : 0)).buffer
  const halves = new Uint16Array(Math.ceil(values.length / 2) * 2)
  for (let i = 0; i < values.length; i++) halves[i] = halfBits(at(values, i))
  return halves.buffer
}

function bytesOf(array: Float32Array | Int32Array | Uint32Array): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = array
  return byteOffset === 0 && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer
    ? buffer
    : array.slice().buffer
}

/** GPU bytes as the array people read. */
export function decode(spec: Spec, mapped: ArrayBuffer): HostArray {
  const size = sizeOf(spec.shape)
  if (spec.dtype === 'float32') return new Float32Array(mapped.slice(0, size * 4))
  if (spec.dtype === 'int32') return new Int32Array(mapped.slice(0, size * 4))
  if (spec.dtype === 'uint32') return new Uint32Array(mapped.slice(0, size * 4))
  if (spec.dtype === 'bool') return Uint8Array.from(new Uint32Array(mapped, 0, size))
  return Float32Array.from(new Uint16Array(mapped, 0, size), halfValue)
}
