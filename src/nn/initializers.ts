// How weights start: drawn on the host by the engine's random stream, so that a seed repeats them on every backend.
import { currentEngine } from '../engine.ts'
import { fail, show } from '../errors.ts'
import { tensor } from '../ops/create.ts'
import { philox, unitFloat } from '../random.ts'
import { at, type Shape, sizeOf } from '../shape.ts'
import type { Tensor } from '../tensor.ts'

/** Uniform numbers in [0, 1), one at each call. */
export type Draw = () => number

/** Gives the numbers of a weight of shape [inputs, outputs]. */
export type Initializer = (shape: Shape, draw: Draw) => Float32Array

const fill = (shape: Shape, next: () => number): Float32Array =>
  Float32Array.from({ length: sizeOf(shape) }, next)

const fanIn = (shape: Shape): number => Math.max(1, shape[0] ?? 1)
const fanOut = (shape: Shape): number => Math.max(1, shape[1] ?? 1)

const uniformIn = (shape: Shape, limit: number, draw: Draw): Float32Array =>
  fill(shape, () => limit * (2 * draw() - 1))

/** By Box and Muller 1958. */
const normalOf = (shape: Shape, deviation: number, draw: Draw): Float32Array =>
  fill(shape, () => deviation * Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw()))

/** The initialisers by name. */
export const initializers = {
  /** Uniform in ±√(6 / (inputs + outputs)): Glorot and Bengio 2010. */
  glorotUniform: (shape, draw) => uniformIn(shape, Math.sqrt(6 / (fanIn(shape) + fanOut(shape))), draw),
  /** Normal with variance 2 / (inputs + outputs). */
  glorotNormal: (shape, draw) => normalOf(shape, Math.sqrt(2 / (fanIn(shape) + fanOut(shape))), draw),
  /** Uniform in ±√(6 / inputs): He et al. 2015, for rectifiers. */
  heUniform: (shape, draw) => uniformIn(shape, Math.sqrt(6 / fanIn(shape)), draw),
  /** Normal with variance 2 / inputs. */
  heNormal: (shape, draw) => normalOf(shape, Math.sqrt(2 / fanIn(shape)), draw),
  zeros: shape => fill(shape, () => 0),
  ones: shape => fill(shape, () => 1),
} satisfies Record<string, Initializer>

export type InitializerName = keyof typeof initializers

/** A new weight on the current engine. Throws `option` for an unknown initialiser. */
export function initialize(where: string, shape: Shape, initializer: InitializerName | Initializer): Tensor {
  const rule: Initializer | undefined =
    typeof initializer === 'function'
      ? initializer
      : Object.hasOwn(initializers, initializer)
        ? initializers[initializer]
        : undefined
  if (!rule) {
    fail(
      'option',
      where,
      `unknown initializer ${show(initializer)}.`,
      `Known: ${Object.keys(initializers).join(', ')}, or a function of your own.`,
    )
  }
  const values = rule(shape, drawFrom(currentEngine(where).nextRandomKey()))
  if (values.length !== sizeOf(shape))
    fail('shape', where, `the initializer gave ${values.length} numbers for shape ${show(shape)}.`)
  return tensor(values, { shape })
}

/** The stream of a key, number by number. */
function drawFrom(key: readonly number[]): Draw {
  let lanes: number[] = []
  let block = 0
  return () => {
    if (lanes.length === 0) lanes = philox([block++, 0, at(key, 2), at(key, 3)], key).reverse()
    return unitFloat(lanes.pop() as number)
  }
}
