// data: sets of features and labels on the engine, and what is done to them before training.
export { type Batch, type Batches, type BatchOptions, batches } from './batches.ts'
export { type Category, OneHot, type OneHotJson, oneHot } from './categories.ts'
export { Dataset, type DatasetOptions, dataset } from './dataset.ts'
export { type Coding, type ColumnJson, Encoder, type EncoderJson, encoder } from './encoder.ts'
export {
  circle,
  type GeneratorOptions,
  gauss,
  parity,
  type SineOptions,
  type SpiralOptions,
  sine,
  spiral,
  xor,
} from './generators.ts'
export type { Labels } from './labels.ts'
export type { Numbers, Row } from './numbers.ts'
export {
  type Fittable,
  type MinMaxOptions,
  minMax,
  Scaling,
  type ScalingJson,
  standardize,
} from './scaling.ts'
export { shuffledRows } from './shuffle.ts'
export { type Fold, type FoldOptions, kFold, type SplitOptions, split } from './split.ts'
export { type Chunk, type ChunkSource, Stream, type StreamOptions, stream } from './stream.ts'
export { type Cell, column, dropGaps, type Table, tableFrom } from './table.ts'
export { type Transform, type TransformJson, transformFromJSON } from './transform.ts'
