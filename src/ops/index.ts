// The ops people call: creators, elementwise, reductions, movement, products, networks and losses.
export * from './activations.ts'
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
export * from './cumsum.ts'
export * from './gather.ts'
export { concat, stack } from './join.ts'
export {
  hinge,
  huber,
  meanAbsoluteError,
  meanSquaredError,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
} from './losses.ts'
export * from './matmul.ts'
export * from './move.ts'
export * from './normalize.ts'
export * from './one_hot.ts'
export { parameter } from './parameter.ts'
export * from './power.ts'
export { bernoulli, dropout, normal, uniform } from './random.ts'
export * from './reduce.ts'
export { logSoftmax, logSumExp, softmax } from './softmax.ts'
export * from './unary.ts'
