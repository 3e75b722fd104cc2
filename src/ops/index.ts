// The ops people call: creators, elementwise, reductions, movement, products, networks and losses.

export { elu, gelu, leakyRelu, relu, selu, sigmoid, silu, softplus, step } from './activations.ts'
export {
  add,
  clip,
  div,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalOr,
  maximum,
  minimum,
  mul,
  notEqual,
  sub,
  where,
} from './binary.ts'
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
export { cumsum } from './cumsum.ts'
export { gather, scatterAdd } from './gather.ts'
export { oneHot } from './one_hot.ts'
export { concat, stack } from './join.ts'
export {
  hinge,
  huber,
  meanAbsoluteError,
  meanSquaredError,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
} from './losses.ts'
export { broadcastTo, detach, expandDims, flip, pad, reshape, slice, squeeze, transpose } from './move.ts'
export { linear, matmul } from './matmul.ts'
export { batchNorm, layerNorm } from './normalize.ts'
export { parameter } from './parameter.ts'
export { pow } from './power.ts'
export { bernoulli, dropout, normal, uniform } from './random.ts'
export { all, any, argMax, argMin, max, mean, min, norm, prod, std, sum, variance } from './reduce.ts'
export { logSoftmax, logSumExp, softmax } from './softmax.ts'
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
