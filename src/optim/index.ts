// optim: rules that turn gradients into steps, schedules of their length, and clipping.
export {
  type AdagradOptions,
  type AdamOptions,
  adagrad,
  adam,
  adamw,
  type RmspropOptions,
  rmsprop,
} from './adaptive.ts'
export { clipByGlobalNorm, clipByNorm, clipByValue, globalNorm } from './clip.ts'
export { type LossScale, type LossScaleOptions, lossScale } from './loss_scale.ts'
export type { Optimizer, OptimizerState, StepOptions } from './optimizer.ts'
export type { ClipOptions, OptimizerOptions, ParameterGroup, Penalized } from './options.ts'
export {
  constant,
  cosine,
  exponential,
  linear,
  oneCycle,
  type PlateauOptions,
  reduceOnPlateau,
  type Schedule,
  stepDecay,
  warmUp,
} from './schedules.ts'
export { type SgdOptions, sgd } from './sgd.ts'
