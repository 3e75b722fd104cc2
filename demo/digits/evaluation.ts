// What a network's outputs for the test digits tell: loss, accuracy, which digits it confuses, and where it is most wrong.
import type { Digits } from '../mnist.ts'
import { CLASSES, PIXELS } from '../mnist_shape.ts'

/** A test digit that the network took for another. */
export interface WrongDigit {
  /** Its place in the test set. */
  readonly row: number
  /** [PIXELS] bytes. */
  readonly pixels: Uint8Array<ArrayBuffer>
  readonly actual: number
  readonly predicted: number
  /** −log of the probability it gave to what is right. */
  readonly loss: number
}

export interface Evaluation {
  /** Epochs finished so far. */
  readonly epoch: number
  /** Mean over the test digits, in nats. */
  readonly loss: number
  readonly accuracy: number
  /** Test digits judged. */
  readonly count: number
  /** confusion[actual][predicted]: how many. */
  readonly confusion: readonly (readonly number[])[]
  /** Highest loss first. */
  readonly wrong: readonly WrongDigit[]
  /** Weights of the first units to each pixel, [units × PIXELS], each from −1 to 1. */
  readonly weights: Float32Array<ArrayBuffer>
}

/** Digits and units shown. */
const MOST_WRONG = 16
const UNITS_SHOWN = 36

const LARGE = Number.MAX_VALUE / 2 // whose differences are finite

/**
 * Probabilities of a row's classes, from its outputs. Of a network that has grown beyond what numbers hold, infinity counts
 * as the largest number and NaN as the smallest.
 */
export function softmaxOf(outputs: ArrayLike<number>, start = 0): number[] {
  const row = Array.from({ length: CLASSES }, (_, i) => {
    const output = outputs[start + i] as number
    return Number.isNaN(output) ? -LARGE : Math.max(-LARGE, Math.min(LARGE, output))
  })
  const most = Math.max(...row)
  const powers = row.map(output => Math.exp(output - most))
  const sum = powers.reduce((total, power) => total + power, 0)
  return powers.map(power => power / sum)
}

/** Judges outputs, [count × CLASSES], for the first `count` digits. */
export function judge(
  outputs: ArrayLike<number>,
  { pixels, labels }: Digits,
  count: number,
): Omit<Evaluation, 'epoch' | 'weights'> {
  const confusion = Array.from({ length: CLASSES }, () => new Array<number>(CLASSES).fill(0))
  const wrong: Omit<WrongDigit, 'pixels'>[] = []
  let total = 0
  let right = 0
  for (let row = 0; row < count; row++) {
    const actual = labels[row] as number
    const shares = softmaxOf(outputs, row * CLASSES)
    const predicted = shares.indexOf(Math.max(...shares))
    const loss = -Math.log(Math.max(shares[actual] as number, Number.MIN_VALUE))
    total += loss
    const line = confusion[actual] as number[]
    line[predicted] = (line[predicted] ?? 0) + 1
    if (predicted === actual) right++
    else wrong.push({ row, actual, predicted, loss })
  }
  wrong.sort((a, b) => b.loss - a.loss)
  return {
    loss: total / count,
    accuracy: right / count,
    count,
    confusion,
    wrong: wrong.slice(0, MOST_WRONG).map(found => ({
      ...found,
      pixels: pixels.slice(found.row * PIXELS, (found.row + 1) * PIXELS) as Uint8Array<ArrayBuffer>,
    })),
  }
}

/** Pictures of the first units' weights, [units × PIXELS], each by its largest; `weights` is [PIXELS × width]. */
export function pictureWeights(weights: ArrayLike<number>): Float32Array<ArrayBuffer> {
  const width = weights.length / PIXELS
  const units = Math.min(width, UNITS_SHOWN)
  const pictures = new Float32Array(units * PIXELS)
  for (let unit = 0; unit < units; unit++) {
    let most = Number.MIN_VALUE
    for (let pixel = 0; pixel < PIXELS; pixel++)
      most = Math.max(most, Math.abs(weights[pixel * width + unit] as number))
    for (let pixel = 0; pixel < PIXELS; pixel++)
      pictures[unit * PIXELS + pixel] = (weights[pixel * width + unit] as number) / most
  }
  return pictures
}
