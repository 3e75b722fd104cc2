// The safetensors format: header length (u64), JSON header, bytes. Source: huggingface.co/docs/safetensors.
import { type HostArray, isFloat, roundTo } from '../dtype.ts'
import { fail, show } from '../errors.ts'
import { type Shape, sameShape, sizeOf } from '../shape.ts'
import type { Spec } from '../tape.ts'
import { type StoredName, storedType } from './dtypes.ts'

/** What the reference implementation allows, too. */
const HEADER_LIMIT = 100_000_000 // bytes
const PREFIX = 8 // bytes, of the header's length
export const METADATA = '__metadata__'

const DAMAGED = 'Is it a safetensors file, and complete?'

function broken(where: string, what: string): never {
  fail('value', where, what, DAMAGED)
}

/** Bytes of a file, wherever they come from. */
export type Source = Uint8Array | ArrayBuffer | Blob

/** A tensor of a file. */
export interface Entry {
  readonly type: StoredName
  readonly shape: Shape
  readonly bytes: Uint8Array
}

/** A file taken apart; nothing is decoded yet. Names are keys of maps only: any text may be one. */
export interface Parsed {
  readonly tensors: ReadonlyMap<string, Entry>
  readonly metadata: ReadonlyMap<string, string>
}

/** All bytes of a source. Throws `value` for anything else, and for a blob that cannot be read. */
export async function bytesOf(where: string, source: Source): Promise<Uint8Array> {
  // A Buffer of Node.js as the bytes it is: its own slices are no copies.
  if (source instanceof Uint8Array) return new Uint8Array(source.buffer, source.byteOffset, source.length)
  if (source instanceof ArrayBuffer) return new Uint8Array(source)
  if (!(source instanceof Blob))
    fail(
      'value',
      where,
      `expected the bytes of a file, not ${show(source)}.`,
      'Pass a Uint8Array, ArrayBuffer or Blob.',
    )
  const buffer = await source
    .arrayBuffer()
    .catch((error: unknown) => fail('value', where, `the blob could not be read: ${error}.`))
  return new Uint8Array(buffer)
}

/** Takes a file apart, in the order of its bytes. Throws `value`, `dtype` or `shape` where it breaks the format. */
export function parse(where: string, bytes: Uint8Array): Parsed {
  const header = readHeader(where, bytes)
  const length = bytes.length - PREFIX - header.length // of the data
  const metadata = new Map<string, string>()
  const found: { name: string; begin: number; end: number; type: StoredName; shape: Shape }[] = []
  for (const [name, value] of header.entries) {
    if (name === METADATA) {
      for (const [key, text] of fieldsOf(value) ?? broken(where, `${METADATA} is ${show(value)}.`)) {
        if (typeof text !== 'string')
          broken(where, `${METADATA} has ${show(text)} at ${show(key)}, not a text.`)
        metadata.set(key, text)
      }
      continue
    }
    const fields = new Map(fieldsOf(value) ?? broken(where, `tensor ${show(name)} is ${show(value)}.`))
    const { bytes: width } = storedType(where, name, fields.get('dtype'))
    const shape = sizes(fields.get('shape'))
    if (!shape) fail('shape', where, `tensor ${show(name)} has shape ${show(fields.get('shape'))}.`, DAMAGED)
    const offsets = sizes(fields.get('data_offsets'))
    const [begin, end] = offsets ?? []
    if (offsets?.length !== 2 || begin === undefined || end === undefined || begin > end || end > length)
      broken(
        where,
        `tensor ${show(name)} has offsets ${show(fields.get('data_offsets'))} in ${length} bytes of data.`,
      )
    if (end - begin !== sizeOf(shape) * width)
      broken(
        where,
        `tensor ${show(name)} has ${end - begin} bytes for shape ${show(shape)} of ${fields.get('dtype')}.`,
      )
    found.push({ name, begin, end, shape, type: fields.get('dtype') as StoredName })
  }
  found.sort((a, b) => a.begin - b.begin || a.end - b.end)
  let reached = 0
  const tensors = new Map<string, Entry>()
  for (const { name, begin, end, type, shape } of found) {
    if (begin !== reached)
      broken(
        where,
        begin < reached
          ? `tensor ${show(name)} overlaps the one before it: it begins at ${begin}, that ends at ${reached}.`
          : `bytes ${reached} to ${begin}, before tensor ${show(name)}, belong to none.`,
      )
    reached = end
    const start = bytes.length - length
    tensors.set(name, { type, shape, bytes: bytes.subarray(start + begin, start + end) })
  }
  if (reached !== length) broken(where, `the last ${length - reached} bytes belong to no tensor.`)
  return { tensors, metadata }
}

function readHeader(where: string, bytes: Uint8Array): { length: number; entries: [string, unknown][] } {
  if (bytes.length < PREFIX) broken(where, `it has ${bytes.length} bytes; the header's length alone takes 8.`)
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, PREFIX).getBigUint64(0, true))
  if (length > HEADER_LIMIT)
    broken(where, `its header would take ${length} bytes; at most ${HEADER_LIMIT} are allowed.`)
  if (length > bytes.length - PREFIX)
    broken(where, `its header takes ${length} bytes, but only ${bytes.length - PREFIX} follow.`)
  let header: unknown
  try {
    // A copy: decoders refuse memory that is shared.
    const text = bytes.slice(PREFIX, PREFIX + length)
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text))
  } catch (error) {
    broken(where, `its header is no JSON: ${error instanceof Error ? error.message : error}.`)
  }
  return { length, entries: fieldsOf(header) ?? broken(where, `its header is ${show(header)}.`) }
}

/** The entries of a JSON object, or null for any other value. */
const fieldsOf = (value: unknown): [string, unknown][] | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : null

const sizes = (value: unknown): readonly number[] | null =>
  Array.isArray(value) && value.every(size => Number.isSafeInteger(size) && size >= 0) ? value : null

/** The numbers of a tensor. Throws `dtype` for a 64-bit number that 32 bits cannot hold. */
export function decode(where: string, name: string, { type, bytes }: Entry): HostArray {
  // Sliced: numbers of 2 bytes and more lie at multiples of their size in memory, in a file they may not.
  const own = bytes.slice()
  return storedType(where, name, type).read(own.buffer as ArrayBuffer, value =>
    fail(
      'dtype',
      where,
      `tensor ${show(name)} holds ${value}, beyond 32 bits.`,
      'Save it as a smaller or a float dtype.',
    ),
  )
}

/** The numbers of a tensor as one of a model takes them: floats of any width as floats, all else in its own dtype. */
export function fitted(where: string, name: string, entry: Entry, { shape, dtype }: Spec): HostArray {
  if (!sameShape(entry.shape, shape))
    fail(
      'shape',
      where,
      `tensor ${show(name)} is ${show(entry.shape)} in the file, ${show(shape)} in the model.`,
      'Load it into the model it was saved from.',
    )
  const { dtype: found } = storedType(where, name, entry.type)
  if (found !== dtype && !(isFloat(found) && isFloat(dtype)))
    fail('dtype', where, `tensor ${show(name)} is ${entry.type} in the file, ${dtype} in the model.`)
  const values = decode(where, name, entry)
  if (found === dtype && !(values instanceof Float64Array)) return values
  const lost = values.find(value => Number.isFinite(value) && !Number.isFinite(roundTo(dtype, value)))
  if (lost !== undefined)
    fail('dtype', where, `tensor ${show(name)} holds ${lost}, beyond ${dtype}.`, 'Use a wider model.')
  return values
}

/** The text of a JSON object of entries, in their order. `JSON.stringify` of an object would move and lose names. */
export const objectText = (entries: Iterable<readonly [string, unknown]>): string =>
  `{${[...entries].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`

/** The entries of a JSON object in the metadata. Throws `value` for any other text. */
export function textFields(where: string, key: string, text: string): [string, unknown][] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {}
  return fieldsOf(value) ?? broken(where, `the metadata's ${key} is no JSON object.`)
}

/** Puts a file together. The widest numbers come first, so that all lie at multiples of their size. */
export function compose({ tensors, metadata }: Parsed): Uint8Array<ArrayBuffer> {
  const width = ({ type }: Entry) => storedType('saveSafetensors', '', type).bytes
  const sorted = [...tensors].sort(([, a], [, b]) => width(b) - width(a))
  const header: [string, unknown][] = metadata.size > 0 ? [[METADATA, Object.fromEntries(metadata)]] : []
  let length = 0
  for (const [name, { type, shape, bytes }] of sorted) {
    header.push([name, { dtype: type, shape, data_offsets: [length, length + bytes.length] }])
    length += bytes.length
  }
  const text = new TextEncoder().encode(objectText(header))
  const start = PREFIX + Math.ceil(text.length / 8) * 8
  const file = new Uint8Array(start + length).fill(0x20, PREFIX, start)
  new DataView(file.buffer).setBigUint64(0, BigInt(start - PREFIX), true)
  file.set(text, PREFIX)
  let place = start
  for (const [, { bytes }] of sorted) {
    file.set(bytes, place)
    place += bytes.length
  }
  return file
}
