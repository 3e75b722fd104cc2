// The ops people call: creators, elementwise, reductions, movement, products, networks and losses.
export { arange, eye, full, linspace, ones, tensor, zeros, type CreateOptions, type TensorLike } from './create.ts'
export { add, clip, div, equal, greater, greaterEqual, less, lessEqual, logicalAnd, logicalOr, maximum, minimum, mul, notEqual, sub, where } from './binary.ts'
export { broadcastTo, concat, detach, expandDims, flip, pad, reshape, slice, squeeze, stack, transpose } from './move.ts'
export { parameter } from './parameter.ts'
export { pow } from './power.ts'
export { bernoulli, dropout, normal, uniform } from './random.ts'
export { all, any, argMax, argMin, max, mean, min, norm, prod, std, sum, variance } from './reduce.ts'
export * from './unary.ts'
