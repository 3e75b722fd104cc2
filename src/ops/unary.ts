// Elementwise ops of one operand: signs, roots, exponentials, tests and casts.
import absWgsl from '../../shaders/unary/abs.wgsl?raw'
import alwaysWgsl from '../../shaders/unary/always.wgsl?raw'
import castWgsl from '../../shaders/unary/cast.wgsl?raw'
import castBoolWgsl from '../../shaders/unary/cast_bool.wgsl?raw'
import ceilWgsl from '../../shaders/unary/ceil.wgsl?raw'
import cosWgsl from '../../shaders/unary/cos.wgsl?raw'
import erfWgsl from '../../shaders/unary/erf.wgsl?raw'
import expWgsl from '../../shaders/unary/exp.wgsl?raw'
import expm1Wgsl from '../../shaders/unary/expm1.wgsl?raw'
import floorWgsl from '../../shaders/unary/floor.wgsl?raw'
import identityWgsl from '../../shaders/unary/identity.wgsl?raw'
import isFiniteFloatWgsl from '../../shaders/unary/is_finite_float.wgsl?raw'
import isNanWgsl from '../../shaders/unary/is_nan.wgsl?raw'
import logWgsl from '../../shaders/unary/log.wgsl?raw'
import log1pWgsl from '../../shaders/unary/log1p.wgsl?raw'
import logicalNotWgsl from '../../shaders/unary/logical_not.wgsl?raw'
import negWgsl from '../../shaders/unary/neg.wgsl?raw'
import negUnsignedWgsl from '../../shaders/unary/neg_unsigned.wgsl?raw'
import reciprocalWgsl from '../../shaders/unary/reciprocal.wgsl?raw'
import roundWgsl from '../../shaders/unary/round.wgsl?raw'
import rsqrtWgsl from '../../shaders/unary/rsqrt.wgsl?raw'
import signWgsl from '../../shaders/unary/sign.wgsl?raw'
import signUnsignedWgsl from '../../shaders/unary/sign_unsigned.wgsl?raw'
import sinWgsl from '../../shaders/unary/sin.wgsl?raw'
import sqrtWgsl from '../../shaders/unary/sqrt.wgsl?raw'
import squareWgsl from '../../shaders/unary/square.wgsl?raw'
import tanhWgsl from '../../shaders/unary/tanh.wgsl?raw'
import { type DType, isFloat, roundTo } from '../dtype.ts'
import { must } from '../errors.ts'
import { shader } from '../kernel.ts'
import { defineOp, type Op, type Sample } from '../op.ts'
import { checkDType } from '../options.ts'
import { map, mapReference } from '../skeletons/map.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { add, div, mul, sub } from './binary.ts'
import { INTEGERS, unary } from './entries.ts'
import { draw, elementwiseSamples, special, ULP, ulps } from './samples.ts'
import { checkTensor, refuseExtra, type Unary } from './signature.ts'
import { erf as erfExact, roundHalfEven } from './special.ts'

const positive = { low: 0.2, high: 4 }
const unsigned = (signedWgsl: string, unsignedWgsl: string) => (dtype: DType) =>
  dtype === 'uint32' ? unsignedWgsl : signedWgsl

/** Negative: −x. */
export const neg: Unary = unary({
  name: 'neg',
  result: 'same',
  reference: x => -x,
  kernel: unsigned(negWgsl, negUnsignedWgsl),
  gradient: (_x, _y, g) => neg(g),
  tolerance: ulps(0),
  samples: [...elementwiseSamples(draw), ...INTEGERS, special()],
})

/** Absolute value; the slope at 0 is 0. */
export const abs: Unary = unary({
  name: 'abs',
  result: 'same',
  reference: Math.abs,
  kernel: unsigned(absWgsl, identityWgsl),
  gradient: (x, _y, g) => mul(g, sign(x)),
  tolerance: ulps(0),
  samples: [...elementwiseSamples({ ...draw, clearOfIntegers: true }), ...INTEGERS, special()],
})

/** −1, 0 or 1. */
export const sign: Unary = unary({
  name: 'sign',
  result: 'same',
  reference: Math.sign,
  kernel: unsigned(signWgsl, signUnsignedWgsl),
  gradient: null,
  tolerance: ulps(0),
  samples: [...elementwiseSamples(draw), ...INTEGERS, special()],
})

/** e to the x. WGSL allows 3 + 2|x| ULP. */
export const exp: Unary = unary({
  name: 'exp',
  result: 'float',
  reference: Math.exp,
  kernel: expWgsl,
  gradient: (_x, y, g) => mul(g, y),
  tolerance: ulps(3 + 2 * 90),
  samples: [
    ...elementwiseSamples(draw),
    special([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 80, -80, 89, 1000]),
  ],
})

/** e to the x, less 1, without cancellation near 0. */
export const expm1: Unary = unary({
  name: 'expm1',
  result: 'float',
  reference: Math.expm1,
  kernel: expm1Wgsl,
  gradient: (_x, y, g) => mul(g, add(y, 1)),
  // Above 1/2: exp's 3 + 2|x| ULP, at most tripled by the subtraction.
  tolerance: ulps(3 * (3 + 2 * 90)),
  samples: [
    ...elementwiseSamples(draw),
    special([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 1e-6, -1e-6, 0.4, 80]),
  ],
})

/** Natural logarithm. WGSL allows 2⁻²¹ absolute on [0.5, 2], else 3 ULP. */
export const log: Unary = unary({
  name: 'log',
  result: 'float',
  reference: Math.log,
  kernel: logWgsl,
  gradient: (x, _y, g) => div(g, x),
  tolerance: ulps(3, 2 ** -21),
  samples: [
    ...elementwiseSamples(positive),
    special([Number.NaN, Number.POSITIVE_INFINITY, 0, -1, 1, 1e30, 1e-30]),
  ],
})

/** ln(1 + x), exact near 0. */
export const log1p: Unary = unary({
  name: 'log1p',
  result: 'float',
  reference: Math.log1p,
  kernel: log1pWgsl,
  gradient: (x, _y, g) => div(g, add(x, 1)),
  tolerance: ulps(8, 2 ** -22),
  samples: [
    ...elementwiseSamples({ low: -0.7, high: 4 }),
    special([Number.NaN, Number.POSITIVE_INFINITY, -1, -2, 0, 1e-6, -1e-6]),
  ],
})

/** Square root; NaN below 0. */
export const sqrt: Unary = unary({
  name: 'sqrt',
  result: 'float',
  reference: Math.sqrt,
  kernel: sqrtWgsl,
  gradient: (_x, y, g) => div(g, mul(y, 2)),
  tolerance: ulps(5),
  samples: [...elementwiseSamples(positive), special([Number.NaN, Number.POSITIVE_INFINITY, 0, -1, 4, 1e30])],
})

/** 1 / √x. */
export const rsqrt: Unary = unary({
  name: 'rsqrt',
  result: 'float',
  reference: x => 1 / Math.sqrt(x),
  kernel: rsqrtWgsl,
  gradient: (x, y, g) => mul(g, div(mul(y, -0.5), x)),
  tolerance: ulps(3),
  samples: [...elementwiseSamples(positive), special([Number.NaN, Number.POSITIVE_INFINITY, 0, -1, 4, 1e30])],
})

/** x². */
export const square: Unary = unary({
  name: 'square',
  result: 'same',
  reference: x => x * x,
  integer: x => Math.imul(x, x),
  kernel: squareWgsl,
  gradient: (x, _y, g) => mul(g, mul(x, 2)),
  tolerance: ulps(1),
  samples: [...elementwiseSamples(draw), ...INTEGERS, special()],
})

/** 1 / x. */
export const reciprocal: Unary = unary({
  name: 'reciprocal',
  result: 'float',
  reference: x => 1 / x,
  kernel: reciprocalWgsl,
  gradient: (_x, y, g) => neg(mul(g, square(y))),
  tolerance: ulps(3),
  samples: [...elementwiseSamples(positive), special()],
})

/** Sine, x in radians. WGSL allows 2⁻¹¹ absolute on [−π, π]. */
export const sin: Unary = unary({
  name: 'sin',
  result: 'float',
  reference: Math.sin,
  kernel: sinWgsl,
  gradient: (x, _y, g) => mul(g, cos(x)),
  tolerance: ulps(4, 2 ** -11),
  samples: [...elementwiseSamples(draw), special()],
})

/** Cosine, x in radians. WGSL allows 2⁻¹¹ absolute on [−π, π]. */
export const cos: Unary = unary({
  name: 'cos',
  result: 'float',
  reference: Math.cos,
  kernel: cosWgsl,
  gradient: (x, _y, g) => neg(mul(g, sin(x))),
  tolerance: ulps(4, 2 ** -11),
  samples: [...elementwiseSamples(draw), special()],
})

/** Hyperbolic tangent. WGSL goes through sinh/cosh: two exponentials and a division near 0 cancel to 2⁻²¹ absolute. */
export const tanh: Unary = unary({
  name: 'tanh',
  result: 'float',
  reference: Math.tanh,
  kernel: tanhWgsl,
  gradient: (_x, y, g) => mul(g, sub(1, square(y))),
  tolerance: ulps(16, 2 ** -20),
  samples: [...elementwiseSamples(draw), special()],
})

const rounding = (name: string, kernel: string, reference: (x: number) => number): Unary =>
  unary({
    name,
    result: 'same',
    reference,
    kernel: dtype => (isFloat(dtype) ? kernel : identityWgsl),
    gradient: null,
    tolerance: ulps(0),
    samples: [
      ...elementwiseSamples(draw),
      ...INTEGERS,
      special([Number.NaN, 0.5, 1.5, 2.5, -0.5, -1.5, 1e30]),
    ],
  })

/** The whole number below. */
export const floor: Unary = rounding('floor', floorWgsl, Math.floor)

/** The whole number above. */
export const ceil: Unary = rounding('ceil', ceilWgsl, Math.ceil)

/** The nearest whole number, ties to even. */
export const round: Unary = rounding('round', roundWgsl, roundHalfEven)

const BOOLS: Sample<[Tensor]> = {
  inputs: [{ shape: [5], dtype: 'bool', values: [1, 0, 0, 1, 1] }],
  gradient: false,
  note: 'bools have no gradient',
}

/** Whether each element is NaN. */
const nanTest: Unary = unary({
  name: 'isNaN',
  result: 'bool',
  family: 'test',
  reference: x => Number(Number.isNaN(x)),
  kernel: isNanWgsl,
  gradient: null,
  tolerance: ulps(0),
  samples: [...elementwiseSamples(draw), ...INTEGERS, BOOLS, special()],
})

/** Whether each element is neither NaN nor infinite. */
const finiteTest: Unary = unary({
  name: 'isFinite',
  result: 'bool',
  family: 'test',
  reference: x => Number(Number.isFinite(x)),
  kernel: dtype => (isFloat(dtype) ? isFiniteFloatWgsl : alwaysWgsl),
  gradient: null,
  tolerance: ulps(0),
  samples: [...elementwiseSamples(draw), ...INTEGERS, BOOLS, special()],
})

/** Whether each element is 0 (false). */
export const logicalNot: Unary = unary({
  name: 'logicalNot',
  result: 'bool',
  family: 'test',
  reference: x => Number(x === 0),
  kernel: logicalNotWgsl,
  gradient: null,
  tolerance: ulps(0),
  samples: [...elementwiseSamples(draw), ...INTEGERS, BOOLS, special()],
})

/** Error function 2/√π ∫₀ˣ exp(−t²) dt. */
export const erf: Unary = unary({
  name: 'erf',
  result: 'float',
  reference: erfExact,
  kernel: erfWgsl,
  gradient: (x, _y, g) => mul(g, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))),
  // Abramowitz and Stegun 7.1.26 is within 1.5e-7; its exponential and polynomial add a few ULP of 1.
  tolerance: ulps(4, 1.5e-7 + 6 * ULP),
  samples: [...elementwiseSamples(draw), special()],
})

export interface CastAttributes {
  readonly dtype: DType
}

/** x as another dtype: floats to integers truncate and saturate, integers keep their 32 bits, anything but 0 is true. */
export const cast: Op<[x: Tensor, dtype: DType]> = defineOp<CastAttributes, [x: Tensor, dtype: DType]>({
  name: 'cast',
  family: 'unary',
  parse: (...args) => {
    refuseExtra('cast', args, 2)
    checkTensor('cast', args[0])
    return { inputs: [args[0]], attributes: { dtype: checkDType('cast', args[1]) } }
  },
  infer: ([x], { dtype }) => ({ shape: (x as Spec).shape, dtype }),
  reference: (inputs, outputs, context) =>
    mapReference(castTo(context.attributes.dtype, must(context.inputs[0], 'x').dtype))(
      inputs,
      outputs,
      context,
    ),
  kernel: map(request => shader(request.attributes.dtype === 'bool' ? castBoolWgsl : castWgsl)),
  gradient: ([x], _outputs, [g]) => {
    const { dtype } = x as Tensor
    if (!isFloat(dtype)) return [null]
    return [(g as Tensor).dtype === dtype ? (g as Tensor) : cast(g as Tensor, dtype)]
  },
  tolerance: ulps(0),
  samples: (['float32', 'int32', 'uint32', 'bool'] as const).flatMap(from =>
    (['float32', 'int32', 'uint32', 'bool'] as const).flatMap((to): Sample<[Tensor, DType]>[] =>
      [[1], [67], [3, 5]].map(shape => ({
        inputs: [
          {
            shape,
            dtype: from,
            ...(from === 'float32'
              ? { low: to === 'uint32' ? 0 : -9, high: 9 }
              : { values: from === 'int32' ? [0, 1, -7, 100] : [0, 1, 7, 4294967295] }),
          },
        ],
        call: (x: Tensor) => [x, to],
        gradient: from === 'float32' && to === 'float32',
        note: 'casts to and from integers have no gradient',
      })),
    ),
  ),
})

function castTo(dtype: DType, from: DType): (x: number) => number {
  if (isFloat(dtype)) return x => x
  if (dtype === 'bool') return x => (x === 0 ? 0 : 1)
  if (!isFloat(from)) return x => roundTo(dtype, x)
  const [low, high] = dtype === 'int32' ? [-2147483648, 2147483647] : [0, 4294967295]
  return x => Math.min(Math.max(Math.trunc(x), low), high)
}

export { finiteTest as isFinite, nanTest as isNaN }
