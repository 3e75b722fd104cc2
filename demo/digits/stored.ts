// A network in a file: what must be known of it before one like it can be made.
import { io } from 'retrograd'
import { CLASSES, PIXELS } from '../mnist_shape.ts'
import { parseSizes, type Settings } from './settings.ts'

/** Under this name a file holds the settings that its numbers do not show. */
export const OWN = 'digits'

/** Hidden layers and dropout of a network in a file. Throws in plain words where it holds none that reads digits. */
export async function describeNetwork(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Pick<Settings, 'hidden' | 'dropout'>> {
  const { tensors, metadata } = await io.readSafetensors(bytes)
  const weights = [...tensors]
    .flatMap(([name, { shape }]) =>
      /^\d+\.weight$/.test(name) ? [{ layer: Number.parseInt(name, 10), shape }] : [],
    )
    .sort((a, b) => a.layer - b.layer)
  const sizes = [weights[0]?.shape[0], ...weights.map(({ shape }) => shape[1])]
  if (sizes[0] !== PIXELS || sizes.at(-1) !== CLASSES)
    throw new Error(
      `This file holds no network that reads digits: one takes ${PIXELS} pixels and gives ${CLASSES} numbers.`,
    )
  if ([...tensors.values()].some(({ values }) => values.some(value => !Number.isFinite(value))))
    throw new Error('The network in this file is spoilt: some of its weights are no numbers.')
  const hidden = parseSizes(sizes.slice(1, -1).join(' '))
  if ('wrong' in hidden) throw new Error(`The network in this file is too large. ${hidden.wrong}`)
  // Layers with dropout are three apart: linear, ReLU, dropout.
  const hasDropout = weights[1]?.layer === 3
  const own = /"dropout":(0\.\d+)/.exec(metadata.get(OWN) ?? '')?.[1]
  return { hidden, dropout: hasDropout ? Number(own ?? 0.5) : 0 }
}
