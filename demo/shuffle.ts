// The order in which an epoch takes the digits.
import { hostRandom } from '../src/random.ts'

/** Streams far from those the engine counts up from 0 for weights and dropout. */
const FIRST_STREAM = 2 ** 40

/** 0, 1, …, count − 1 in an order that depends on the seed and the epoch alone: Fisher and Yates' shuffle. */
export function shuffled(count: number, seed: number, epoch: number): Int32Array {
  const random = hostRandom(seed, FIRST_STREAM + epoch)
  const order = Int32Array.from({ length: count }, (_, i) => i)
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const taken = order[other] as number
    order[other] = order[last] as number
    order[last] = taken
  }
  return order
}
