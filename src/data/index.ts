// data: sets of features and labels on the engine, and what is done to them before training.
export { Dataset, type DatasetOptions, dataset } from './dataset.ts'
export type { Labels } from './labels.ts'
export type { Numbers } from './numbers.ts'
export { shuffledRows } from './shuffle.ts'
