// Random numbers: drawn by counter, so a seed repeats them on every backend.
import philoxWgsl from '../../shaders/philox.wgsl?raw'
import bernoulliWgsl from '../../shaders/random/bernoulli.wgsl?raw'
import normalWgsl from '../../shaders/random/normal.wgsl?raw'
import uniformWgsl from '../../shaders/random/uniform.wgsl?raw'
import randomWgsl from '../../shaders/random.wgsl?raw'
import { type DType, dtypes, type NumericArray } from '../dtype.ts'
import type { Engine } from '../engine.ts'
import { fail, must } from '../errors.ts'
import { evaluated } from '../host.ts'
import { type Program, shader, WORKGROUP_SIZE } from '../kernel.ts'
import { defineOp, type Op, type Sample, type Tolerance } from '../op.ts'
import { integer, number } from '../options.ts'
import { eachRandom, randomKey, unitFloat } from '../random.ts'
import { at, checkShape, type Shape, sizeOf } from '../shape.ts'
import type { Spec } from '../tape.ts'
import { Tensor } from '../tensor.ts'
import { type CreateOptions, creation } from './create.ts'
import { ULP } from './samples.ts'

/** What every random op takes: its own seed, beside where the tensor is made. */
export interface SeedOptions extends CreateOptions {
  /** Draws from a stream of its own, the same at each call. Default: the engine's stream, which moves on. */
  seed?: number
}

/** What a random op's key is. */
const KEY: Spec = { shape: [4], dtype: 'uint32' }

/** The stream of a random op: that of an explicit seed, or the next of the engine's (anew at each replay). */
export function keyFor(where: string, engine: Engine, seed: number | undefined): Tensor {
  if (seed === undefined)
    return evaluated(
      where,
      engine,
      KEY,
      () => engine.nextRandomKey(),
      count => engine.returnRandomKeys(count),
    )
  const whole = integer(0)(seed, { where, name: 'seed', rank: 0 })
  return evaluated(where, engine, KEY, () => randomKey(whole, 0))
}

/** One dispatch in which each thread draws four numbers for its elements, from a key and two numbers or tensors. */
export function drawing(
  skeleton: string,
  fragments: readonly string[],
  types: Readonly<Record<string, string>>,
  { shape }: Spec,
): Program {
  const size = sizeOf(shape)
  const source = { skeleton: shader(skeleton), fragments: [philoxWgsl, ...fragments].map(shader), types }
  return {
    dispatches: [
      {
        source,
        overrides: { WORKGROUP_SIZE },
        bindings: [{ input: 0 }, { input: 1 }, { input: 2 }, { output: 0 }],
        params: { size },
        workgroups: Math.ceil(size / 4 / WORKGROUP_SIZE),
      },
    ],
  }
}

export interface RandomAttributes {
  readonly shape: Shape
  readonly dtype: DType
}

export interface Distribution<O extends object> {
  readonly name: string
  readonly fragment: string
  /** The two numbers that shape it, from the options. */
  readonly numbers: (options: O) => readonly [number, number]
  readonly known: readonly (keyof O & string)[]
  /** The numbers of a block from its bits. */
  readonly draw: (bits: readonly number[], first: number, second: number) => readonly number[]
  readonly tolerance: () => Tolerance
  readonly samples: readonly O[]
  readonly dtypes: readonly DType[]
}

/** The shape that random ops are timed on. */
const LARGE: Shape = [1024, 1024]

type Creator<O extends object> = Op<[shape: Shape, options?: O & SeedOptions]>

/** A creator that fills a tensor from a random stream. */
function random<O extends object>(entry: Distribution<O>): Creator<O> {
  const { name } = entry
  return defineOp<RandomAttributes, [shape: Shape, options?: O & SeedOptions]>({
    name,
    family: 'random',
    method: false,
    mixed: true,
    parse: (shape, options = {} as O & SeedOptions) => {
      const { engine, dtype } = creation(name, options, 'float32', ['seed', ...entry.known])
      if (!entry.dtypes.includes(dtype))
        fail('dtype', name, `it makes ${entry.dtypes.join(', ')}, not ${dtype}.`)
      for (const key of entry.known) {
        const value = options[key] as unknown
        if (value !== undefined) number(0)(value, { where: name, name: key, rank: 0 })
      }
      const constants = entry
        .numbers(options)
        .map(value => new Tensor(engine.constant(name, value, 'float32')))
      return {
        inputs: [keyFor(name, engine, options.seed), ...constants],
        attributes: { shape: checkShape(name, shape), dtype },
      }
    },
    infer: (_inputs, { shape, dtype }) => ({ shape, dtype }),
    reference: (inputs, outputs) => {
      const [key, first, second] = inputs as [NumericArray, NumericArray, NumericArray]
      const out = must(outputs[0], 'output')
      const bits: number[] = []
      eachRandom(key, Math.ceil(out.length / 4) * 4, (word, index) => {
        bits[index % 4] = word
        if (index % 4 !== 3) return
        entry.draw(bits, at(first, 0), at(second, 0)).forEach((value, lane) => {
          if (index - 3 + lane < out.length) out[index - 3 + lane] = value
        })
      })
    },
    kernel: {
      variants: ['philox'],
      program: ({ outputs: [output] }) =>
        drawing(
          randomWgsl,
          [entry.fragment],
          { Out: dtypes[must(output, 'output').dtype].wgsl },
          output as Spec,
        ),
    },
    gradient: 'none',
    tolerance: entry.tolerance,
    samples: entry.samples.flatMap((options, i) =>
      [[], [1], [67], [3, 5], [0], ...(i === 0 ? [LARGE] : [])].map(
        (shape): Sample<[Shape, (O & SeedOptions)?]> => ({
          // The input only says which engine to draw on.
          inputs: [{ shape: [] }],
          call: anchor => [
            shape,
            { ...options, seed: 7, engine: (anchor as Tensor).engine } as O & SeedOptions,
          ],
          gradient: false,
          note: 'random numbers depend on no tensor',
          benchmark: shape === LARGE,
        }),
      ),
    ),
  })
}

/** Uniform numbers in [low, high), by default [0, 1). */
export const uniform: Creator<{ low?: number; high?: number }> = random({
  name: 'uniform',
  fragment: uniformWgsl,
  known: ['low', 'high'],
  dtypes: ['float32', 'float16'],
  numbers: ({ low = 0, high = 1 }) => {
    if (!(low <= high)) fail('value', 'uniform', `low ${low} is above high ${high}.`)
    return [low, high]
  },
  draw: (bits, low, high) => bits.map(word => low + (high - low) * unitFloat(word)),
  tolerance: () => ({ relative: 2 * ULP, absolute: 8 * ULP }),
  samples: [{}, { low: -3, high: 2 }],
})

/** Normal numbers, by default of mean 0 and deviation 1. */
export const normal: Creator<{ mean?: number; std?: number }> = random({
  name: 'normal',
  fragment: normalWgsl,
  known: ['mean', 'std'],
  dtypes: ['float32', 'float16'],
  numbers: ({ mean = 0, std = 1 }) => {
    if (!(std >= 0)) fail('value', 'normal', `std ${std} is below 0.`)
    return [mean, std]
  },
  draw: (bits, mean, deviation) =>
    [0, 2].flatMap(lane => {
      const radius = Math.sqrt(-2 * Math.log(1 - unitFloat(at(bits, lane))))
      const angle = 2 * Math.PI * (unitFloat(at(bits, lane + 1)) - 0.5)
      return [mean + deviation * radius * Math.cos(angle), mean + deviation * radius * Math.sin(angle)]
    }),
  // WGSL's cos and sin are within 2⁻¹¹; the radius is at most √(−2 ln 2⁻²⁴) = 5.8, the largest deviation here 2.
  // Near u = 0 the logarithm's 2⁻²¹ under the root is at most √(2·2⁻²¹) = 2⁻¹⁰.
  tolerance: () => ({ relative: 0, absolute: 2 * (5.8 * 2 ** -11 + 2 ** -10) }),
  samples: [{}, { mean: 3, std: 2 }],
})

/** 1 with `probability` (default ½), else 0. */
export const bernoulli: Creator<{ probability?: number }> = random({
  name: 'bernoulli',
  fragment: bernoulliWgsl,
  known: ['probability'],
  dtypes: ['float32', 'float16', 'int32', 'uint32', 'bool'],
  numbers: ({ probability = 0.5 }) => {
    if (!(probability >= 0 && probability <= 1))
      fail('value', 'bernoulli', `probability ${probability} is outside [0, 1].`)
    return [probability, 0]
  },
  draw: (bits, probability) => bits.map(word => Number(unitFloat(word) < probability)),
  tolerance: () => ({ relative: 0, absolute: 0 }),
  samples: [{}, { probability: 0.2 }],
})
