// train: fitting models to data, and finding out how they fare.
export {
  type CrossValidateOptions,
  type CrossValidation,
  crossValidate,
  type FoldEvent,
  type FoldFit,
  type Preparation,
  type Retrained,
} from './cross_validate.ts'
export { type DiagnoseOptions, diagnose, type ModelMonitor, monitor } from './diagnose.ts'
export type { Diagnosis, LayerDiagnosis, ParameterDiagnosis } from './diagnosis.ts'
export {
  type Combine,
  type EnsembleOptions,
  ensemble,
  type TrainEnsembleOptions,
  type TrainedEnsemble,
  trainEnsemble,
} from './ensemble.ts'
export {
  type ClassificationReport,
  classificationReport,
  type EvaluateOptions,
  evaluate,
  predict,
  type Scores,
} from './evaluate.ts'
export type { BatchLike } from './feed.ts'
export { type Fit, type FitResult, fit } from './fit.ts'
export type { FitOptions } from './fit_options.ts'
export type { ChoiceResult } from './fold_scores.ts'
export {
  type GradientCheckOptions,
  gradientCheck,
  type ModelGradientReport,
  type ParameterCheck,
} from './gradient_check.ts'
export type { EpochEvent, EpochRecord, FitEvent, History, StepEvent } from './history.ts'
export type { Link, LossFunction, LossName } from './losses.ts'
export {
  type ClassScores,
  type Confusion,
  type Metric,
  type MetricName,
  metrics,
  topK,
} from './metrics.ts'
export type { OverfitCause } from './overfit_causes.ts'
export {
  type OverfitOptions,
  type OverfitReport,
  overfitSmallSet,
} from './overfit_small_set.ts'
export type { Predictions } from './predictions.ts'
export { type PretrainFitOptions, type PretrainOptions, pretrain } from './pretrain.ts'
export {
  type Distributions,
  type Drawn,
  type Grid,
  type GridPoint,
  gridSearch,
  randomSearch,
  type Search,
  type SearchOptions,
  type Trial,
} from './search.ts'
export type { FreshFit } from './selection.ts'
export {
  type EarlyStoppingOptions,
  earlyStopping,
  type Monitor,
  noDecrease,
  type StopRule,
  threshold,
  type Verdict,
} from './stopping.ts'
