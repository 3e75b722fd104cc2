// From the samples of an op to numbers and calls: seeded, so that every engine is given the same.
import { type DType, isFloat, roundTo } from '../dtype.ts'
import type { Engine } from '../engine.ts'
import type { AnyOp, Call, OpDefinition, Sample, SampleInput } from '../op.ts'
import { tensor } from '../ops/create.ts'
import { parameter } from '../ops/parameter.ts'
import { eachRandom, randomKey, unitFloat } from '../random.ts'
import { at, sizeOf } from '../shape.ts'
import { Tensor } from '../tensor.ts'

/** Numbers drawn "clear of integers" are at least this far from each. */
export const CLEARANCE = 0.2

/** The numbers of one input of a sample, with the shape and dtype they stand in. */
export interface Drawn {
  readonly shape: readonly number[]
  readonly dtype: DType
  readonly numbers: Float64Array
}

/** Draws the numbers of a sample's inputs; the same seed gives the same. Inputs that name no dtype are of `float`. */
export function drawInputs(sample: Sample, seed: number, float: DType = 'float32'): Drawn[] {
  return sample.inputs.map((input, stream) => {
    const dtype = input.dtype ?? float
    const { shape, values } = input
    const numbers = new Float64Array(sizeOf(shape))
    if (values)
      for (let i = 0; i < numbers.length; i++) numbers[i] = roundTo(dtype, at(values, i % values.length))
    else
      eachUnit(seed, stream, numbers.length, (unit, i) => {
        numbers[i] = roundTo(dtype, drawNumber(input, dtype, unit))
      })
    return { shape, dtype, numbers }
  })
}

/** Calls `visit` with seeded numbers in [0, 1). */
function eachUnit(
  seed: number,
  stream: number,
  count: number,
  visit: (unit: number, index: number) => void,
): void {
  eachRandom(randomKey(seed, stream), count, (bits, index) => visit(unitFloat(bits), index))
}

function drawNumber(input: SampleInput, dtype: DType, unit: number): number {
  if (dtype === 'bool') return unit < 0.5 ? 0 : 1
  const low = input.low ?? (isFloat(dtype) ? -1 : 0)
  const high = input.high ?? (isFloat(dtype) ? 1 : 10)
  const drawn = low + (high - low) * unit
  if (!isFloat(dtype)) return Math.floor(drawn)
  if (!input.clearOfIntegers) return drawn
  const below = Math.floor(drawn)
  return below + CLEARANCE + (1 - 2 * CLEARANCE) * (drawn - below)
}

/** Streams of weights begin here, so that none is an input's. */
const WEIGHT_STREAMS = 1000

/** Seeded numbers in ±[0.5, 1.5), to weigh outputs with: none is near 0, so no gradient hides. */
export function drawWeights(shape: readonly number[], seed: number, stream: number): Float64Array {
  const weights = new Float64Array(sizeOf(shape))
  eachUnit(seed, WEIGHT_STREAMS + stream, weights.length, (unit, i) => {
    weights[i] = unit < 0.5 ? 0.5 + 2 * unit : 0.5 - 2 * unit
  })
  return weights
}

/** A tensor of drawn numbers on an engine. */
export function upload(engine: Engine, { shape, dtype, numbers }: Drawn): Tensor {
  return tensor(numbers, { shape, dtype, engine })
}

/** The entry of an op as the rules of a primitive, or null for a composite or a plain function. */
export function primitiveOf(op: AnyOp): OpDefinition | null {
  const { definition } = op
  return 'parse' in definition && 'infer' in definition ? (definition as unknown as OpDefinition) : null
}

/** Drawn inputs as tensors of an engine; those that the op overwrites as parameters. */
export function uploadInputs(op: AnyOp, sample: Sample, engine: Engine, drawn: readonly Drawn[]): Tensor[] {
  const updates = sample.call ? [] : (op.definition.updates ?? [])
  return drawn.map((input, index) => {
    const x = upload(engine, input)
    if (!updates.includes(index)) return x
    const target = parameter(x)
    x.dispose()
    return target
  })
}

/** What a primitive makes of an argument list. */
export function parseCall(primitive: OpDefinition, args: readonly unknown[]): Call<object> {
  return (primitive.parse as unknown as (...args: readonly unknown[]) => Call<object>)(...args)
}

/** The argument list of a sample's call. */
export function argumentsOf(sample: Sample, tensors: readonly Tensor[]): readonly unknown[] {
  if (sample.call) return sample.call(...tensors)
  return sample.options === undefined ? tensors : [...tensors, sample.options]
}

/** Calls an op with any argument list. Several outputs come as a list, an update's (none) as an empty one. */
export function callOp(op: AnyOp, args: readonly unknown[]): Tensor[] {
  const result: unknown = (op as unknown as (...args: readonly unknown[]) => unknown)(...args)
  return (Array.isArray(result) ? result : [result]).filter(item => item instanceof Tensor)
}

/** A sample in words: its shapes and options. */
export function describeSample(sample: Sample): string {
  const inputs = sample.inputs.map(({ shape, dtype }) => `${dtype ?? ''}[${shape.join(', ')}]`).join(' ')
  return sample.options === undefined ? inputs : `${inputs} ${JSON.stringify(sample.options)}`
}
