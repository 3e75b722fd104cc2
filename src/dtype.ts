// The element types a tensor can have, and how each is laid out on the host and on the GPU.

/** What a tensor's elements are: float32, float16, int32, uint32 or bool, which takes 4 bytes on the GPU. */
export type DType = 'float32' | 'float16' | 'int32' | 'uint32' | 'bool'

/** The typed array `data()` gives for a dtype (float16 as Float32Array, bool as Uint8Array). */
export type HostArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array

/** Any array of numbers a reference can read and write. */
export interface NumericArray {
  readonly length: number
  [index: number]: number
}

interface DTypeTraits {
  /** Bytes per element on the GPU: bool is a u32 there, since WGSL's bool is not host-shareable. */
  readonly gpuBytes: number
  /** The WGSL type of a stored element. */
  readonly wgsl: string
  /** The WGSL type that arithmetic on it is done in. */
  readonly compute: string
  readonly isFloat: boolean
}

export const dtypes: Readonly<Record<DType, DTypeTraits>> = {
  float32: { gpuBytes: 4, wgsl: 'f32', compute: 'f32', isFloat: true },
  float16: { gpuBytes: 2, wgsl: 'f16', compute: 'f32', isFloat: true },
  int32: { gpuBytes: 4, wgsl: 'i32', compute: 'i32', isFloat: false },
  uint32: { gpuBytes: 4, wgsl: 'u32', compute: 'u32', isFloat: false },
  bool: { gpuBytes: 4, wgsl: 'u32', compute: 'u32', isFloat: false },
}

export const isFloat = (dtype: DType): boolean => dtypes[dtype].isFloat

/** The dtype true division, means and transcendental functions give: floats stay, all else becomes float32. */
export const floatOf = (dtype: DType): DType => (isFloat(dtype) ? dtype : 'float32')

/** A new host array for `length` elements of a dtype. */
export function hostArray(dtype: DType, length: number): HostArray {
  if (dtype === 'int32') return new Int32Array(length)
  if (dtype === 'uint32') return new Uint32Array(length)
  if (dtype === 'bool') return new Uint8Array(length)
  return new Float32Array(length)
}

const scratch = new DataView(new ArrayBuffer(4))

/** Bits of the nearest IEEE half, ties to even. */
export function halfBits(value: number): number {
  scratch.setFloat32(0, value)
  const bits = scratch.getUint32(0)
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  if (magnitude >= 0x477ff000) return sign | 0x7c00 // 65520 and above round to infinity
  if (magnitude < 0x38800000) {
    // Subnormal halves are multiples of 2⁻²⁴; Math.round rounds ties up, so mend the odd ones.
    const scaled = Math.abs(value) * 2 ** 24
    const floor = Math.floor(scaled)
    const rest = scaled - floor
    return sign | (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor)
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1)
  return sign | ((rounded - 0x38000000) >>> 13)
}

/** The number an IEEE half stands for. */
export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >>> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** The nearest number a dtype can hold, as a store to it would leave it. */
export function roundTo(dtype: DType, value: number): number {
  if (dtype === 'float32') return Math.fround(value)
  if (dtype === 'float16') return halfValue(halfBits(Math.fround(value)))
  if (dtype === 'int32') return value | 0
  if (dtype === 'uint32') return value >>> 0
  return value ? 1 : 0
}
