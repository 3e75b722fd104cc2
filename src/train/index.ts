// train: fitting models to data, and finding out how they fare.
export {
  type ClassificationReport,
  classificationReport,
  type EvaluateOptions,
  evaluate,
  predict,
  type Scores,
} from './evaluate.ts'
export { type Fit, type FitOptions, type FitResult, fit } from './fit.ts'
export type { EpochEvent, EpochRecord, FitEvent, History, StepEvent } from './history.ts'
export type { LossFunction, LossName } from './losses.ts'
export {
  type ClassScores,
  type Confusion,
  type Metric,
  type MetricName,
  metrics,
  type Predictions,
  topK,
} from './metrics.ts'
export { type PretrainFitOptions, type PretrainOptions, pretrain } from './pretrain.ts'
export {
  type EarlyStoppingOptions,
  earlyStopping,
  type Monitor,
  noDecrease,
  type StopRule,
  threshold,
  type Verdict,
} from './stopping.ts'
