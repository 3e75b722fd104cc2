// What entries of elementwise ops have in common: of one operand, and of two.
import { type DType, floatOf } from '../dtype.ts'
import { fail } from '../errors.ts'
import { shader } from '../kernel.ts'
import { defineOp, type Sample, type Tolerance } from '../op.ts'
import { broadcastShapes } from '../shape.ts'
import { map, mapReference } from '../skeletons/map.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { draw, isSpecial, tooLarge } from './samples.ts'
import { type Binary, type Operand, oneTensor, twoOperands, type Unary } from './signature.ts'

/** The same numbers as another dtype. */
const integers = (dtype: DType, values: readonly number[]): Sample<[Tensor]> => ({
  inputs: [{ shape: [values.length], dtype, values }],
  gradient: false,
  note: 'integers have no gradient',
})

export const INTEGERS: readonly Sample<[Tensor]>[] = [
  integers('int32', [0, 1, -1, 7, -2147483647, 2147483647]),
  integers('uint32', [0, 1, 7, 4294967295]),
]

export interface UnaryEntry {
  readonly name: string
  /** 'float': integers become float32. 'same': numbers keep their dtype. 'bool': a test. */
  readonly result: 'float' | 'same' | 'bool'
  readonly reference: (x: number) => number
  /** Where integers are computed otherwise. */
  readonly integer?: (x: number) => number
  readonly kernel: string | ((dtype: DType) => string)
  /** dx from x, y and the incoming g; null where the slope is 0 everywhere or there is none. */
  readonly gradient: ((x: Tensor, y: Tensor, g: Tensor) => Tensor) | null
  readonly tolerance: () => Tolerance
  readonly samples: readonly Sample<[Tensor]>[]
  readonly family?: string
}

/** An elementwise op of one operand. */
export function unary(entry: UnaryEntry): Unary {
  const { name, result, kernel, gradient } = entry
  return defineOp<object, [Tensor]>({
    name,
    family: entry.family ?? 'unary',
    parse: oneTensor(name),
    infer: ([x]) => inferUnary(name, result, x as Spec),
    reference: mapReference(entry.reference, result === 'same' ? entry.integer : undefined),
    kernel: map(
      request => shader(typeof kernel === 'string' ? kernel : kernel((request.inputs[0] as Spec).dtype)),
      { float: result === 'float' },
    ),
    gradient: gradient ? ([x], [y], [g]) => [gradient(x as Tensor, y as Tensor, g as Tensor)] : 'none',
    samples: entry.samples,
    tolerance: entry.tolerance,
  })
}

export function inferUnary(name: string, result: UnaryEntry['result'], x: Spec): Spec {
  if (result === 'bool') return { shape: x.shape, dtype: 'bool' }
  if (result === 'float') return { shape: x.shape, dtype: floatOf(x.dtype) }
  if (x.dtype === 'bool')
    fail('dtype', name, 'x is bool; it must be a number.', "Use cast(x, 'int32') first.")
  return x
}
export interface BinaryEntry {
  readonly name: string
  /** 'number': as the operands. 'float': true division. 'bool': a test. */
  readonly result: 'number' | 'float' | 'bool'
  readonly reference: (a: number, b: number) => number
  readonly integer?: (a: number, b: number) => number
  readonly kernel: string | ((dtype: DType) => string)
  /** Gradients before broadcasting is undone; null where the slopes are 0. */
  readonly gradient: ((a: Tensor, b: Tensor, y: Tensor, g: Tensor) => [Tensor, Tensor]) | null
  readonly tolerance: () => Tolerance
  /** Range to draw operands from, and whether ties must be avoided. */
  readonly draw?: { low: number; high: number }
  readonly ties?: 'avoid'
  readonly integers?: boolean
}

/** Shapes every binary op is proven on: equal, scalars on either side, broadcasting rows, columns and both. */
function binarySamples({
  draw: range = draw,
  ties,
  integers = true,
  result,
}: BinaryEntry): Sample<[Operand, Operand]>[] {
  const shapes = [
    [[], []],
    [[1], [1]],
    [[67], [67]],
    [[3, 5], []],
    [[], [3, 5]],
    [[3, 5], [5]],
    [
      [4, 1, 3],
      [2, 1],
    ],
    [
      [2, 3, 4],
      [2, 1, 4],
    ],
    [[0, 3], [3]],
    // In vectors: alike, a row for all, a number a row.
    [
      [4, 8],
      [4, 8],
    ],
    [[3, 8], [8]],
    [
      [3, 8],
      [3, 1],
    ],
    [
      [3, 4],
      [3, 1],
    ],
  ]
  const samples: Sample<[Operand, Operand]>[] = shapes.map(([a = [], b = []]) => ({
    inputs: [
      { shape: a, ...range, ...(ties ? { clearOfIntegers: true } : {}) },
      // Operands a third apart never tie.
      { shape: b, ...range, ...(ties ? { values: [-2, 1, 0, 2, -1] } : {}) },
    ],
  }))
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 1, -1, 2.5]
  samples.push({
    inputs: [
      { shape: [7, 1], values },
      { shape: [1, 7], values },
    ],
    ...isSpecial,
  })
  samples.push({
    inputs: [
      { shape: [128, 1024], ...range },
      { shape: [1024], ...range },
    ],
    benchmark: true,
    ...tooLarge,
  })
  samples.push({
    inputs: [
      { shape: [128, 1024], ...range },
      { shape: [128, 1024], ...range },
    ],
    benchmark: true,
    ...tooLarge,
  })
  if (!integers) return samples
  for (const dtype of ['int32', 'uint32'] as const) {
    const operands =
      dtype === 'int32' ? [0, 1, -1, 7, -3, 46341, 2147483647] : [0, 1, 7, 3, 65537, 4294967295]
    samples.push({
      inputs: [
        { shape: [operands.length, 1], dtype, values: operands },
        { shape: [operands.length], dtype, values: result === 'float' ? [1, 2, 3] : operands },
      ],
      gradient: false,
      note: 'integers have no gradient',
    })
  }
  return samples
}

/** An elementwise op of two operands. */
export function binary(entry: BinaryEntry): Binary {
  const { name, result, kernel, gradient } = entry
  return defineOp<object, [a: Operand, b: Operand]>({
    name,
    family: result === 'bool' ? 'comparison' : 'binary',
    parse: twoOperands(name),
    infer: ([a, b]) => inferBinary(name, result, a as Spec, b as Spec),
    reference: mapReference(
      entry.reference as (...operands: number[]) => number,
      (result === 'number' ? entry.integer : undefined) as never,
    ),
    kernel: map(
      request => shader(typeof kernel === 'string' ? kernel : kernel((request.inputs[0] as Spec).dtype)),
      { float: result === 'float' },
    ),
    gradient: gradient
      ? ([a, b], [y], [g]) => gradient(a as Tensor, b as Tensor, y as Tensor, g as Tensor)
      : 'none',
    tolerance: entry.tolerance,
    samples: binarySamples(entry),
  })
}

function inferBinary(name: string, result: BinaryEntry['result'], a: Spec, b: Spec): Spec {
  const shape = broadcastShapes(name, a.shape, b.shape)
  if (result === 'bool') return { shape, dtype: 'bool' }
  if (a.dtype === 'bool')
    fail('dtype', name, 'the operands are bool; they must be numbers.', "Use cast(x, 'int32') first.")
  return { shape, dtype: result === 'float' ? floatOf(a.dtype) : a.dtype }
}
