// How weights start: drawn on the host by the engine's random stream, so that a seed repeats them on every backend.
import { currentEngine } from '../engine.ts'
import { fail, show } from '../errors.ts'
import { tensor } from '../ops/create.ts'
import { drawFrom, normalNumber } from '../random.ts'
import { at, type Shape, sizeOf } from '../shape.ts'
import type { Tensor } from '../tensor.ts'

/** Uniform numbers in [0, 1), one at each call. */
export type Draw = () => number

/** Gives the numbers of a weight of shape [inputs, outputs], row by row. */
export type Initializer = (shape: Shape, draw: Draw) => Float32Array

const fill = (shape: Shape, next: () => number): Float32Array =>
  Float32Array.from({ length: sizeOf(shape) }, next)

function checkNumbers(where: string, numbers: readonly unknown[]): void {
  if (numbers.every(Number.isFinite)) return
  fail('value', where, `it takes finite numbers, not ${numbers.map(show).join(', ')}.`)
}

/** All weights the same. */
export function constant(value: number): Initializer {
  checkNumbers('constant', [value])
  return shape => fill(shape, () => value)
}

/** Uniform in [low, high). */
export function uniform(low: number, high: number): Initializer {
  checkNumbers('uniform', [low, high])
  if (low > high) fail('value', 'uniform', `low ${low} is above high ${high}.`)
  return (shape, draw) => fill(shape, () => low + (high - low) * draw())
}

/** Normal with mean 0 and a standard deviation: normal(0.01) is the "small random" of old. */
export function normal(deviation: number): Initializer {
  checkNumbers('normal', [deviation])
  if (deviation < 0) fail('value', 'normal', `the deviation is ${deviation}; it must be 0 or more.`)
  return (shape, draw) => fill(shape, () => deviation * normalNumber(draw))
}

/** Of the weight's inputs and outputs. */
type Variance = (inputs: number, outputs: number) => number

/** Draws of a variance that depends on the shape, uniform (in ±√(3·variance)) or normal. */
function scaled(variance: Variance, kind: 'uniform' | 'normal'): Initializer {
  return (shape, draw) => {
    const found = variance(Math.max(1, shape[0] ?? 1), Math.max(1, shape[1] ?? 1))
    const limit = Math.sqrt(3 * found)
    return (kind === 'uniform' ? uniform(-limit, limit) : normal(Math.sqrt(found)))(shape, draw)
  }
}

const glorot: Variance = (inputs, outputs) => 2 / (inputs + outputs)
const he: Variance = inputs => 2 / inputs
const lecun: Variance = inputs => 1 / inputs

/** A normal matrix by Gram and Schmidt, which gives every rotation the same chance. */
function orthogonal(shape: Shape, draw: Draw): Float32Array {
  if (shape.length !== 2)
    fail('shape', 'orthogonal', `the weight is ${show(shape)}; it must be [inputs, outputs].`)
  const [inputs, outputs] = [at(shape, 0), at(shape, 1)]
  const length = Math.max(inputs, outputs)
  const vectors: Float64Array[] = []
  while (vectors.length < Math.min(inputs, outputs)) {
    const vector = Float64Array.from({ length }, () => normalNumber(draw))
    for (const other of vectors) {
      const along = dot(vector, other)
      for (let i = 0; i < length; i++) vector[i] = at(vector, i) - along * at(other, i)
    }
    const size = Math.sqrt(dot(vector, vector))
    // Draws that nearly lie among the others are drawn again: rounding would be all that is left of them.
    if (size > 1e-6) vectors.push(vector.map(x => x / size))
  }
  return Float32Array.from({ length: inputs * outputs }, (_, k) => {
    const [i, j] = [Math.floor(k / outputs), k % outputs]
    return inputs < outputs ? at(vectors[i] ?? [], j) : at(vectors[j] ?? [], i)
  })
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += at(a, i) * at(b, i)
  return sum
}

/** The initialisers by name. */
export const initializers = {
  /** Uniform in ±√(6 / (inputs + outputs)): Glorot and Bengio 2010. */
  glorotUniform: scaled(glorot, 'uniform'),
  /** Normal with variance 2 / (inputs + outputs). */
  glorotNormal: scaled(glorot, 'normal'),
  /** Uniform in ±√(6 / inputs): He et al. 2015, for rectifiers. */
  heUniform: scaled(he, 'uniform'),
  /** Normal with variance 2 / inputs. */
  heNormal: scaled(he, 'normal'),
  /** Uniform in ±√(3 / inputs): LeCun et al. 1998; for selu as well. */
  lecunUniform: scaled(lecun, 'uniform'),
  /** Normal with variance 1 / inputs. */
  lecunNormal: scaled(lecun, 'normal'),
  /**
   * Orthonormal rows or columns, whichever there are fewer of: Saxe et al. 2014. Takes inputs·outputs·min(inputs, outputs)
   * steps on the host. Throws `shape` for what is no matrix.
   */
  orthogonal,
  /** All 0: the units of a layer stay equal for ever. */
  zeros: constant(0),
  /** All 1. */
  ones: constant(1),
} satisfies Record<string, Initializer>

/** Initializers by name, for layers. */
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
      `Known: ${Object.keys(initializers).join(', ')}, or a function such as constant(0.5).`,
    )
  }
  const values = rule(shape, drawFrom(currentEngine(where).nextRandomKey())) as Float32Array | undefined
  if (values?.length !== sizeOf(shape))
    fail(
      'shape',
      where,
      `the initializer gave ${values?.length ?? 'no'} numbers for shape ${show(shape)}.`,
      'It takes (shape, draw) and gives a Float32Array.',
    )
  return tensor(values, { shape })
}
