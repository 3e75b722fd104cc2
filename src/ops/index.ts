// The ops people call: creators, elementwise, reductions, movement, products, networks and losses.
export { elu, gelu, leakyRelu, relu, selu, sigmoid, silu, softplus, step } from './activations.ts'
export * from './binary.ts'
export {
  arange,
  type CreateOptions,
  eye,
  full,
  linspace,
  ones,
  type TensorLike,
  tensor,
  zeros,
} from './create.ts'
export type { SmoothingOptions } from './cross_entropy.ts'
export { type CumsumOptions, cumsum } from './cumsum.ts'
export { type DropoutOptions, dropout } from './dropout.ts'
export { type GatherOptions, gather, type ScatterAddOptions, scatterAdd } from './gather.ts'
export { concat, stack } from './join.ts'
export {
  type HuberOptions,
  hinge,
  huber,
  type LossOptions,
  meanAbsoluteError,
  meanSquaredError,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
} from './losses.ts'
export * from './matmul.ts'
export * from './movement.ts'
export * from './normalize.ts'
export { type OneHotOptions, oneHot } from './one_hot.ts'
export { parameter } from './parameter.ts'
export * from './power.ts'
export { bernoulli, normal, type SeedOptions, uniform } from './random.ts'
export type { ReduceOptions } from './reduction_entry.ts'
export * from './reductions.ts'
export type { Operand } from './signature.ts'
export { logSoftmax, logSumExp, type SoftmaxOptions, softmax } from './softmax.ts'
export {
  abs,
  cast,
  ceil,
  cos,
  erf,
  exp,
  expm1,
  floor,
  isFinite,
  isNaN,
  log,
  log1p,
  logicalNot,
  neg,
  reciprocal,
  round,
  rsqrt,
  sign,
  sin,
  sqrt,
  square,
  tanh,
} from './unary.ts'
