// Elementwise ops of two and three operands, broadcasting: arithmetic, comparisons, logic, where and clip.
import addWgsl from '../../shaders/binary/add.wgsl?raw'
import divWgsl from '../../shaders/binary/div.wgsl?raw'
import equalWgsl from '../../shaders/binary/equal.wgsl?raw'
import greaterWgsl from '../../shaders/binary/greater.wgsl?raw'
import greaterEqualWgsl from '../../shaders/binary/greater_equal.wgsl?raw'
import lessWgsl from '../../shaders/binary/less.wgsl?raw'
import lessEqualWgsl from '../../shaders/binary/less_equal.wgsl?raw'
import logicalAndWgsl from '../../shaders/binary/logical_and.wgsl?raw'
import logicalOrWgsl from '../../shaders/binary/logical_or.wgsl?raw'
import maximumWgsl from '../../shaders/binary/maximum.wgsl?raw'
import minimumWgsl from '../../shaders/binary/minimum.wgsl?raw'
import mulWgsl from '../../shaders/binary/mul.wgsl?raw'
import notEqualWgsl from '../../shaders/binary/not_equal.wgsl?raw'
import subWgsl from '../../shaders/binary/sub.wgsl?raw'
import clipWgsl from '../../shaders/ternary/clip.wgsl?raw'
import whereWgsl from '../../shaders/ternary/where.wgsl?raw'
import { isFloat } from '../dtype.ts'
import { fail } from '../errors.ts'
import { shader } from '../kernel.ts'
import { defineOp, type Op } from '../op.ts'
import { number, optional } from '../options.ts'
import { broadcastShapes } from '../shape.ts'
import { map, mapReference } from '../skeletons/map.ts'
import type { Spec } from '../tape.ts'
import { Tensor } from '../tensor.ts'
import { binary } from './entries.ts'
import { elementwiseSamples, special, ulps } from './samples.ts'
import {
  type Binary,
  checkTensor,
  type Operand,
  refuseExtra,
  tensorAndOptions,
  type WithOptions,
} from './signature.ts'

/** a + b. */
export const add: Binary = binary({
  name: 'add',
  result: 'number',
  reference: (a, b) => a + b,
  kernel: addWgsl,
  gradient: (_a, _b, _y, g) => [g, g],
  tolerance: ulps(1),
})

/** a − b. */
export const sub: Binary = binary({
  name: 'sub',
  result: 'number',
  reference: (a, b) => a - b,
  kernel: subWgsl,
  gradient: (_a, _b, _y, g) => [g, mul(g, -1)],
  tolerance: ulps(1),
})

/** a·b. */
export const mul: Binary = binary({
  name: 'mul',
  result: 'number',
  reference: (a, b) => a * b,
  integer: Math.imul,
  kernel: mulWgsl,
  gradient: (a, b, _y, g) => [mul(g, b), mul(g, a)],
  tolerance: ulps(1),
})

/** True division a / b: integers give float32. */
export const div: Binary = binary({
  name: 'div',
  result: 'float',
  reference: (a, b) => a / b,
  kernel: divWgsl,
  gradient: (_a, b, y, g) => {
    const da = div(g, b)
    return [da, mul(mul(da, y), -1)]
  },
  tolerance: ulps(3),
  draw: { low: 0.5, high: 3 },
})

/** What of g goes to the first of two operands: all where it wins, half where they tie. */
const winner = (wins: Tensor, ties: Tensor, g: Tensor): Tensor => where(wins, g, where(ties, mul(g, 0.5), 0))

/** maximum or minimum, which share everything but the direction. */
const extreme = (
  name: string,
  kernel: string,
  reference: (a: number, b: number) => number,
  wins: (a: Tensor, b: Tensor) => Tensor,
): Binary =>
  binary({
    name,
    result: 'number',
    reference,
    kernel,
    gradient: (a, b, _y, g) => [winner(wins(a, b), equal(a, b), g), winner(wins(b, a), equal(a, b), g)],
    tolerance: ulps(0),
    ties: 'avoid',
  })

/** The larger of two; NaN where either is. Ties share the gradient evenly. */
export const maximum: Binary = extreme('maximum', maximumWgsl, Math.max, (a, b) => greater(a, b))

/** The smaller of two; NaN where either is. Ties share the gradient evenly. */
export const minimum: Binary = extreme('minimum', minimumWgsl, Math.min, (a, b) => less(a, b))

const comparison = (name: string, kernel: string, reference: (a: number, b: number) => boolean): Binary =>
  binary({
    name,
    result: 'bool',
    reference: (a, b) => Number(reference(a, b)),
    kernel,
    gradient: null,
    tolerance: ulps(0),
  })

/** a = b. */
export const equal: Binary = comparison('equal', equalWgsl, (a, b) => a === b)
/** a ≠ b. */
export const notEqual: Binary = comparison('notEqual', notEqualWgsl, (a, b) => a !== b)
/** a < b. */
export const less: Binary = comparison('less', lessWgsl, (a, b) => a < b)
/** a ≤ b. */
export const lessEqual: Binary = comparison('lessEqual', lessEqualWgsl, (a, b) => a <= b)
/** a > b. */
export const greater: Binary = comparison('greater', greaterWgsl, (a, b) => a > b)
/** a ≥ b. */
export const greaterEqual: Binary = comparison('greaterEqual', greaterEqualWgsl, (a, b) => a >= b)
/** Whether both are other than 0. */
export const logicalAnd: Binary = comparison('logicalAnd', logicalAndWgsl, (a, b) => a !== 0 && b !== 0)
/** Whether either is other than 0. */
export const logicalOr: Binary = comparison('logicalOr', logicalOrWgsl, (a, b) => a !== 0 || b !== 0)

/** a where the condition is true, else b; all three broadcast. The condition is bool. */
export const where: Op<[condition: Tensor, a: Operand, b: Operand]> = defineOp<
  object,
  [condition: Tensor, a: Operand, b: Operand]
>({
  name: 'where',
  family: 'ternary',
  mixed: true,
  parse: (...args) => {
    refuseExtra('where', args, 3)
    const [condition, a, b] = args
    checkTensor('where', condition, 'condition')
    for (const [name, x] of [
      ['a', a],
      ['b', b],
    ] as const)
      if (typeof x !== 'number') checkTensor('where', x, name)
    // Two numbers have no dtype of their own: they are float32.
    const second =
      typeof a === 'number' && typeof b === 'number'
        ? new Tensor(condition.engine.constant('where', b, 'float32'))
        : b
    return { inputs: [condition, a, second], attributes: {} }
  },
  infer: ([condition, a, b]) => {
    if (condition?.dtype !== 'bool')
      fail(
        'dtype',
        'where',
        `the condition is ${condition?.dtype}; it must be bool.`,
        "Compare, or use cast(x, 'bool').",
      )
    if (a?.dtype !== b?.dtype)
      fail('dtype', 'where', `a is ${a?.dtype}, b is ${b?.dtype}.`, 'Use cast(x, dtype).')
    return {
      shape: broadcastShapes('where', condition.shape, (a as Spec).shape, (b as Spec).shape),
      dtype: (a as Spec).dtype,
    }
  },
  reference: mapReference((condition, a, b) => (condition ? a : b) as number),
  kernel: map(shader(whereWgsl)),
  gradient: ([condition], _outputs, [g]) => [
    null,
    where(condition as Tensor, g as Tensor, 0),
    where(condition as Tensor, 0, g as Tensor),
  ],
  tolerance: ulps(0),
  samples: [
    [[], [], []],
    [[1], [1], [1]],
    [[67], [67], [67]],
    [[3, 5], [5], [3, 1]],
    [[3, 1], [], [3, 5]],
    [[4, 8], [8], [4, 1]],
    [[0], [0], [0]],
  ].map(([c = [], a = [], b = []]) => ({
    inputs: [
      { shape: c, dtype: 'bool', values: [1, 0, 0, 1, 1, 0, 1] },
      { shape: a, low: -3, high: 3 },
      { shape: b, low: -3, high: 3 },
    ],
  })),
})

/** The bounds of `clip`, either of which may be left out. */
export interface ClipOptions {
  min?: number
  max?: number
}

/** x held within [min, max]; either end may be left out. The slope is 1 on the closed interval. */
export const clip: WithOptions<ClipOptions> = defineOp<object, [x: Tensor, options?: ClipOptions]>({
  name: 'clip',
  family: 'ternary',
  parse: (x, options) => {
    const { min, max } = tensorAndOptions('clip', { min: optional(number(0)), max: optional(number(0)) })(
      x,
      options,
    ).attributes
    const [lowest, highest] = isFloat(x.dtype)
      ? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
      : x.dtype === 'uint32'
        ? [0, 4294967295]
        : [-2147483648, 2147483647]
    if ((min ?? lowest) > (max ?? highest)) fail('value', 'clip', `min ${min} is above max ${max}.`)
    return { inputs: [x, min ?? lowest, max ?? highest], attributes: {} }
  },
  infer: ([x]) => {
    if (x?.dtype === 'bool') fail('dtype', 'clip', 'x is bool; it must be a number.')
    return x as Spec
  },
  reference: mapReference(
    (x, min, max) =>
      (Number.isNaN(x) ? x : Math.min(Math.max(x as number, min as number), max as number)) as number,
  ),
  kernel: map(shader(clipWgsl)),
  gradient: ([x, min, max], _outputs, [g]) => [
    where(
      logicalAnd(greaterEqual(x as Tensor, min as Tensor), lessEqual(x as Tensor, max as Tensor)),
      g as Tensor,
      0,
    ),
    null,
    null,
  ],
  tolerance: ulps(0),
  samples: [
    ...elementwiseSamples({ low: -3, high: 3, clearOfIntegers: true }).map(sample => ({
      ...sample,
      options: { min: -1, max: 2 },
    })),
    { ...special(), options: { min: -0.5, max: 2 } },
    { ...special(), options: { max: 2 } },
    {
      inputs: [{ shape: [6], dtype: 'int32', values: [-9, -1, 0, 1, 5, 9] }],
      options: { min: -1, max: 5 },
      gradient: false,
      note: 'integers have no gradient',
    },
  ],
})
