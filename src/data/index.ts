// data: sets of features and labels on the engine, and what is done to them before training.
export { type Batch, type Batches, type BatchOptions, batches } from './batches.ts'
export { Dataset, type DatasetOptions, dataset } from './dataset.ts'
export type { Labels } from './labels.ts'
export type { Numbers } from './numbers.ts'
export { shuffledRows } from './shuffle.ts'
export { type Fold, type FoldOptions, kFold, type SplitOptions, split } from './split.ts'
export { type Chunk, type ChunkSource, Stream, type StreamOptions, stream } from './stream.ts'
