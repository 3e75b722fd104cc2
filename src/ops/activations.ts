// Activations: the functions between the layers of a network.
import eluWgsl from '../../shaders/binary/elu.wgsl?raw'
import leakyReluWgsl from '../../shaders/binary/leaky_relu.wgsl?raw'
import geluWgsl from '../../shaders/unary/gelu.wgsl?raw'
import geluTanhWgsl from '../../shaders/unary/gelu_tanh.wgsl?raw'
import reluWgsl from '../../shaders/unary/relu.wgsl?raw'
import seluWgsl from '../../shaders/unary/selu.wgsl?raw'
import sigmoidWgsl from '../../shaders/unary/sigmoid.wgsl?raw'
import siluWgsl from '../../shaders/unary/silu.wgsl?raw'
import softplusWgsl from '../../shaders/unary/softplus.wgsl?raw'
import stepWgsl from '../../shaders/unary/step.wgsl?raw'
import { isFloat } from '../dtype.ts'
import { fail } from '../errors.ts'
import { shader } from '../kernel.ts'
import { defineOp } from '../op.ts'
import { number, oneOf } from '../options.ts'
import { map, mapReference } from '../skeletons/map.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { add, greater, less, mul, sub, where } from './binary.ts'
import { INTEGERS, inferUnary, unary } from './entries.ts'
import { draw, elementwiseSamples, special, ulps } from './samples.ts'
import { tensorAndOptions, type Unary, type WithOptions } from './signature.ts'
import { erf as erfExact, sigmoid as logistic } from './special.ts'
import { erf, exp, square, tanh } from './unary.ts'

/** Logistic function 1 / (1 + exp(−x)). */
export const sigmoid: Unary = unary({
  name: 'sigmoid',
  result: 'float',
  family: 'activation',
  reference: logistic,
  kernel: sigmoidWgsl,
  gradient: (_x, y, g) => mul(g, mul(y, sub(1, y))),
  tolerance: ulps(3 + 2 * 90 + 4),
  samples: [
    ...elementwiseSamples(draw),
    special([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 80, -80]),
  ],
})

/** Rectifier max(x, 0). The slope at 0 is 0. */
export const relu: Unary = unary({
  name: 'relu',
  result: 'same',
  family: 'activation',
  reference: x => (x > 0 || Number.isNaN(x) ? x : 0),
  kernel: reluWgsl,
  // Read off the result, so that x need not be kept: it is above 0 where x is.
  gradient: (_x, y, g) => where(greater(y, 0), g, 0),
  tolerance: ulps(0),
  samples: [...elementwiseSamples({ ...draw, clearOfIntegers: true }), ...INTEGERS, special()],
})

const SELU_SCALE = 1.0507009873554805
const SELU_ALPHA = 1.6732632423543772

/** Self-normalising unit of Klambauer et al. 2017: λ·x above 0, λ·α·(exp x − 1) below. */
export const selu: Unary = unary({
  name: 'selu',
  result: 'float',
  family: 'activation',
  reference: x => SELU_SCALE * (x > 0 || Number.isNaN(x) ? x : SELU_ALPHA * Math.expm1(x)),
  kernel: seluWgsl,
  gradient: (x, _y, g) => mul(g, where(greater(x, 0), SELU_SCALE, mul(exp(x), SELU_SCALE * SELU_ALPHA))),
  tolerance: ulps(8, 2 ** -21),
  samples: [...elementwiseSamples({ ...draw, clearOfIntegers: true }), special()],
})

/** Swish: x·logistic(x). */
export const silu: Unary = unary({
  name: 'silu',
  result: 'float',
  family: 'activation',
  reference: x => (x === Number.NEGATIVE_INFINITY ? 0 : x * logistic(x)),
  kernel: siluWgsl,
  gradient: (x, _y, g) => {
    const s = sigmoid(x)
    return mul(g, mul(s, add(1, mul(x, sub(1, s)))))
  },
  tolerance: ulps(32, 2 ** -21),
  samples: [...elementwiseSamples(draw), special()],
})

/** ln(1 + exp x), a smooth rectifier. */
export const softplus: Unary = unary({
  name: 'softplus',
  result: 'float',
  family: 'activation',
  reference: x => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  kernel: softplusWgsl,
  gradient: (x, _y, g) => mul(g, sigmoid(x)),
  tolerance: ulps(8, 2 ** -21),
  samples: [...elementwiseSamples(draw), special()],
})

/** Perceptron unit: 1 where x > 0, else 0. Its slope is 0 everywhere. */
export const step: Unary = unary({
  name: 'step',
  result: 'same',
  family: 'activation',
  reference: x => (Number.isNaN(x) ? x : x > 0 ? 1 : 0),
  kernel: stepWgsl,
  gradient: null,
  tolerance: ulps(0),
  samples: [...elementwiseSamples(draw), ...INTEGERS, special()],
})

interface GeluAttributes {
  readonly approximate: 'none' | 'tanh'
}

const GELU_A = Math.sqrt(2 / Math.PI)
const GELU_B = 0.044715

/** x·Φ(x) with Φ the normal distribution function; by tanh as Hendrycks and Gimpel 2016 approximate it, if asked. */
export const gelu: WithOptions<{ approximate?: 'none' | 'tanh' }> = defineOp<
  GeluAttributes,
  [x: Tensor, options?: Partial<GeluAttributes>]
>({
  name: 'gelu',
  family: 'activation',
  parse: tensorAndOptions('gelu', { approximate: oneOf(['none', 'tanh'], 'none') }),
  infer: ([x]) => inferUnary('gelu', 'float', x as Spec),
  reference: (inputs, outputs, context) => {
    const exact = (x: number) =>
      x === Number.NEGATIVE_INFINITY ? 0 : 0.5 * x * (1 + erfExact(x * Math.SQRT1_2))
    const byTanh = (x: number) =>
      x === Number.NEGATIVE_INFINITY ? 0 : 0.5 * x * (1 + Math.tanh(GELU_A * (x + GELU_B * x ** 3)))
    mapReference(context.attributes.approximate === 'tanh' ? byTanh : exact)(inputs, outputs, context)
  },
  kernel: map(request => shader(request.attributes.approximate === 'tanh' ? geluTanhWgsl : geluWgsl), {
    float: true,
  }),
  gradient: ([input], _outputs, [g], { approximate }) => {
    const x = input as Tensor
    if (approximate === 'none') {
      const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI))
      const distribution = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5)
      return [mul(g as Tensor, add(distribution, mul(x, density)))]
    }
    const t = tanh(mul(add(x, mul(mul(square(x), x), GELU_B)), GELU_A))
    const inner = mul(add(mul(square(x), 3 * GELU_B), 1), GELU_A)
    return [mul(g as Tensor, add(mul(add(t, 1), 0.5), mul(mul(x, mul(sub(1, square(t)), inner)), 0.5)))]
  },
  // The inner function is within 4e-7 absolute, times |x| ≤ 8 before it saturates.
  tolerance: ulps(8, 8 * 4e-7),
  samples: (['none', 'tanh'] as const).flatMap(approximate =>
    [...elementwiseSamples(draw), special()].map(sample => ({ ...sample, options: { approximate } })),
  ),
})

/** max(x, slope·x) for slopes below 1; the slope at 0 is 1. */
export const leakyRelu: WithOptions<{ slope?: number }> = withConstant({
  name: 'leakyRelu',
  option: 'slope',
  fallback: 0.01,
  reference: (x, slope) => (x >= 0 || Number.isNaN(x) ? x : slope * x),
  kernel: leakyReluWgsl,
  gradient: (x, slope, g) => where(less(x, 0), mul(g, slope), g),
})

/** x above 0, alpha·(exp x − 1) below: Clevert et al. 2016. */
export const elu: WithOptions<{ alpha?: number }> = withConstant({
  name: 'elu',
  option: 'alpha',
  fallback: 1,
  reference: (x, alpha) => (x > 0 || Number.isNaN(x) ? x : alpha * Math.expm1(x)),
  kernel: eluWgsl,
  gradient: (x, alpha, g) => where(greater(x, 0), g, mul(g, mul(exp(x), alpha))),
})

/** An activation with one number that shapes it; the number travels as a second operand. */
function withConstant<Name extends string>(entry: {
  name: string
  option: Name
  fallback: number
  reference: (x: number, constant: number) => number
  kernel: string
  gradient: (x: Tensor, constant: Tensor, g: Tensor) => Tensor
}): WithOptions<{ [K in Name]?: number }> {
  const { name, option, fallback } = entry
  return defineOp<object, [x: Tensor, options?: { [K in Name]?: number }]>({
    name,
    family: 'activation',
    parse: (x, options) => {
      const call = tensorAndOptions(name, { [option]: number(fallback) })(x, options)
      return { inputs: [x, call.attributes[option] ?? fallback], attributes: {} }
    },
    infer: ([x]) => {
      if (!isFloat((x as Spec).dtype))
        fail('dtype', name, `x is ${(x as Spec).dtype}; it must be a float.`, "Use cast(x, 'float32') first.")
      return x as Spec
    },
    reference: mapReference(entry.reference),
    kernel: map(shader(entry.kernel)),
    gradient: ([x, constant], _outputs, [g]) => [
      entry.gradient(x as Tensor, constant as Tensor, g as Tensor),
      null,
    ],
    tolerance: ulps(8, 2 ** -21),
    samples: [...elementwiseSamples({ ...draw, clearOfIntegers: true }), special()].flatMap(sample => [
      sample,
      { ...sample, options: { [option]: 0.3 } },
    ]),
  })
}
