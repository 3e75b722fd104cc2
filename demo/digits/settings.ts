// What a visitor sets before training, what it starts as on each kind of machine, and how layer sizes are read.
import { CLASSES, PIXELS, TRAINING_DIGITS } from '../mnist_shape.ts'

export interface Settings {
  /** Units of each hidden layer; none is a single layer of weights. */
  readonly hidden: readonly number[]
  readonly learningRate: number
  readonly batchSize: number
  /** Share of the hidden units left out at each step. */
  readonly dropout: number
  readonly epochs: number
  /** How many of the training digits are learnt from. */
  readonly digits: number
  /** How many of the test digits it is judged by. */
  readonly tests: number
  readonly seed: number
}

/** A graphics card, or the processor in its place. */
export type Machine = 'fast' | 'slow'

/** What a page begins with: on the processor few digits and a small network, so that something is seen within seconds. */
export const DEFAULTS: Readonly<Record<Machine, Settings>> = {
  fast: {
    hidden: [1024, 1024],
    learningRate: 0.001,
    batchSize: 128,
    dropout: 0.2,
    epochs: 20,
    digits: TRAINING_DIGITS,
    tests: 10_000,
    seed: 1,
  },
  slow: {
    hidden: [64],
    learningRate: 0.002,
    batchSize: 64,
    dropout: 0,
    epochs: 10,
    digits: 4000,
    tests: 1000,
    seed: 1,
  },
}

/** Adam keeps two numbers beside each weight, and a copy of all three crosses to the page now and then. */
const MOST_WEIGHTS = 20_000_000
const MOST_UNITS = 4096
const MOST_LAYERS = 8

/** The sizes that a text such as "256, 128" lists, or what is wrong with it in words for the visitor. */
export function parseSizes(text: string): readonly number[] | { readonly wrong: string } {
  const words = text.split(/[\s,;×x]+/).filter(word => word !== '')
  for (const word of words) {
    const size = /^\d+$/.test(word) ? Number(word) : Number.NaN
    if (!(size >= 1 && size <= MOST_UNITS))
      return { wrong: `“${word}” is not a whole number from 1 to ${MOST_UNITS}. Write sizes as in 256, 128.` }
  }
  if (words.length > MOST_LAYERS)
    return { wrong: `These are ${words.length} layers; ${MOST_LAYERS} are the most.` }
  const hidden = words.map(Number)
  const weights = weightsOf(hidden)
  if (weights > MOST_WEIGHTS)
    return {
      wrong: `These layers have ${weights.toLocaleString('en')} weights; ${MOST_WEIGHTS.toLocaleString('en')} are the most.`,
    }
  return hidden
}

/** Weights and biases of a network with these hidden layers. */
export function weightsOf(hidden: readonly number[]): number {
  const sizes = sizesOf(hidden)
  return sizes.slice(1).reduce((sum, outputs, i) => sum + ((sizes[i] as number) + 1) * outputs, 0)
}

/** All sizes: the pixels, the hidden layers, the ten digits. */
export const sizesOf = (hidden: readonly number[]): number[] => [PIXELS, ...hidden, CLASSES]
