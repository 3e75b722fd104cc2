// The element types of a safetensors file: how each is read, and as which ours are written.
import { type DType, type HostArray, halfBits, halfValue, hostArray } from '../dtype.ts'
import { fail, show } from '../errors.ts'
import { at } from '../shape.ts'

interface StoredType {
  readonly bytes: number
  /** The dtype of a tensor made of it. */
  readonly dtype: DType
  /** Its numbers, from bytes of its own; throws by `refuse` what the dtype cannot hold. Hosts are little-endian, as the file is. */
  readonly read: (bytes: ArrayBuffer, refuse: (value: bigint) => never) => HostArray
}

const narrowed =
  (dtype: DType, View: BigInt64ArrayConstructor | BigUint64ArrayConstructor): StoredType['read'] =>
  (bytes, refuse) => {
    const wide = new View(bytes)
    const numbers = hostArray(dtype, wide.length)
    wide.forEach((value, i) => {
      numbers[i] = Number(value)
      if (BigInt(at(numbers, i)) !== value) refuse(value)
    })
    return numbers
  }

const storedTypes = {
  F64: { bytes: 8, dtype: 'float32', read: bytes => new Float64Array(bytes) },
  F32: { bytes: 4, dtype: 'float32', read: bytes => new Float32Array(bytes) },
  F16: { bytes: 2, dtype: 'float16', read: bytes => Float32Array.from(new Uint16Array(bytes), halfValue) },
  // The upper half of a float32.
  BF16: {
    bytes: 2,
    dtype: 'float32',
    read: bytes => new Float32Array(Uint32Array.from(new Uint16Array(bytes), bits => bits << 16).buffer),
  },
  I64: { bytes: 8, dtype: 'int32', read: narrowed('int32', BigInt64Array) },
  I32: { bytes: 4, dtype: 'int32', read: bytes => new Int32Array(bytes) },
  I16: { bytes: 2, dtype: 'int32', read: bytes => Int32Array.from(new Int16Array(bytes)) },
  I8: { bytes: 1, dtype: 'int32', read: bytes => Int32Array.from(new Int8Array(bytes)) },
  U64: { bytes: 8, dtype: 'uint32', read: narrowed('uint32', BigUint64Array) },
  U32: { bytes: 4, dtype: 'uint32', read: bytes => new Uint32Array(bytes) },
  U16: { bytes: 2, dtype: 'uint32', read: bytes => Uint32Array.from(new Uint16Array(bytes)) },
  U8: { bytes: 1, dtype: 'uint32', read: bytes => Uint32Array.from(new Uint8Array(bytes)) },
  BOOL: { bytes: 1, dtype: 'bool', read: bytes => Uint8Array.from(new Uint8Array(bytes), byte => +!!byte) },
} satisfies Record<string, StoredType>

/** The element types that can be read, as the format names them. */
export type StoredName = keyof typeof storedTypes

/** A type by its name in the file. Throws `dtype` for one that cannot be read. */
export function storedType(where: string, name: string, type: unknown): StoredType {
  if (typeof type === 'string' && Object.hasOwn(storedTypes, type)) return storedTypes[type as StoredName]
  return fail(
    'dtype',
    where,
    `tensor ${show(name)} has dtype ${show(type)}.`,
    `Readable: ${Object.keys(storedTypes).join(', ')}.`,
  )
}

const names: Readonly<Record<DType, StoredName>> = {
  float32: 'F32',
  float16: 'F16',
  int32: 'I32',
  uint32: 'U32',
  bool: 'BOOL',
}

/** A tensor's numbers as the file stores them. Those of a float64 engine stay 64 bits wide. */
export function encode(dtype: DType, values: HostArray): { type: StoredName; bytes: Uint8Array } {
  const type = dtype === 'float32' && values instanceof Float64Array ? 'F64' : names[dtype]
  const { buffer, byteOffset, byteLength } = dtype === 'float16' ? Uint16Array.from(values, halfBits) : values
  return { type, bytes: new Uint8Array(buffer, byteOffset, byteLength) }
}
