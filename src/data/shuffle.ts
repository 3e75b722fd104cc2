// The order in which an epoch takes the rows of a set.
import { integer, parseOptions } from '../options.ts'
import { hostRandom } from '../random.ts'

/**
 * Streams of random numbers in this room, each use its own, all far from those an engine counts up from 0 for weights
 * and dropout. Epochs are added to the first.
 */
export const streams = { epochs: 2 ** 40, split: 2 ** 41, folds: 2 ** 41 + 1, generators: 2 ** 41 + 2 }

/** Brings a list into random order, in place: Fisher and Yates' shuffle. */
export function shuffle<T extends Int32Array | number[]>(list: T, random: () => number): T {
  for (let last = list.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const taken = list[other] as number
    list[other] = list[last] as number
    list[last] = taken
  }
  return list
}

/** 0, 1, …, count − 1 in an order that depends on the seed and the epoch (both from 0) alone. */
export function shuffledRows(count: number, seed = 0, epoch = 0): Int32Array {
  const whole = { count: integer(undefined), seed: integer(0), epoch: integer(0, { max: 2 ** 40 - 1 }) }
  const checked = parseOptions('shuffledRows', { count, seed, epoch }, whole)
  const random = hostRandom(checked.seed, streams.epochs + checked.epoch)
  return shuffle(
    Int32Array.from({ length: checked.count }, (_, i) => i),
    random,
  )
}
