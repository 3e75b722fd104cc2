// Counter-based random numbers: Philox4x32-10, the same stream of bits on the CPU and the GPU.
// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
import { at } from './shape.ts'

/** Names one random op's stream: [seed low, seed high, counter low, counter high] as uint32. */
export type RandomKey = ArrayLike<number>

/** Where random ops and initialisers draw from: each takes the next counter. */
export interface RandomStream {
  readonly seed: number
  counter: number
}

/** The 64-bit key and counter of a stream, from whole numbers below 2⁵³. */
export function randomKey(seed: number, counter: number): number[] {
  return [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, counter >>> 0, Math.floor(counter / 2 ** 32) >>> 0]
}

function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const carry = aLow * bHigh + (middle & 0xffff)
  return (aHigh * bHigh + (middle >>> 16) + (carry >>> 16)) >>> 0
}

/** Four uint32 for one 128-bit counter and 64-bit key. */
export function philox(counter: readonly number[], key: readonly number[]): number[] {
  let [x0, x1, x2, x3] = counter as [number, number, number, number]
  let [k0, k1] = key as [number, number]
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, x0)
    const low0 = Math.imul(0xd2511f53, x0) >>> 0
    const high1 = multiplyHigh(0xcd9e8d57, x2)
    const low1 = Math.imul(0xcd9e8d57, x2) >>> 0
    x0 = (high1 ^ x1 ^ k0) >>> 0
    x1 = low1
    x2 = (high0 ^ x3 ^ k1) >>> 0
    x3 = low0
    k0 = (k0 + 0x9e3779b9) >>> 0
    k1 = (k1 + 0xbb67ae85) >>> 0
  }
  return [x0, x1, x2, x3]
}

/** Calls `visit` with the 32 random bits of each of `size` elements: element i is lane i mod 4 of block i div 4. */
export function eachRandom(key: RandomKey, size: number, visit: (bits: number, index: number) => void): void {
  const seed = [at(key, 0), at(key, 1)]
  for (let block = 0; block * 4 < size; block++) {
    const lanes = philox([block, 0, at(key, 2), at(key, 3)], seed)
    for (let lane = 0; lane < 4 && block * 4 + lane < size; lane++) visit(at(lanes, lane), block * 4 + lane)
  }
}

/** Uniform in [0, 1): the top 24 bits, exact in float32. */
export const unitFloat = (bits: number): number => (bits >>> 8) * 2 ** -24

/** A number of the normal distribution, mean 0 and deviation 1: Box and Muller 1958. */
export const normalNumber = (draw: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw())

/** A stream on the host, number by number in [0, 1). Streams of one key but another `kind` differ. */
export function drawFrom(key: RandomKey, kind = 0): () => number {
  const seed = [at(key, 0), at(key, 1)]
  let lanes: number[] = []
  let block = 0
  return () => {
    if (lanes.length === 0) lanes = philox([block++, kind, at(key, 2), at(key, 3)], seed).reverse()
    return unitFloat(lanes.pop() as number)
  }
}

/** The host's numbers for shuffles and the like: of another kind, so that no random op of an engine draws the same. */
export const hostRandom = (seed: number, stream = 0): (() => number) => drawFrom(randomKey(seed, stream), 1)
