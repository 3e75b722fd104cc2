// Predictions for tests of metrics: outputs with what they should be.
import type { train } from '../../src/index.ts'

/** How outputs are read. */
export type Link = train.Predictions['link']

/** Outputs with class ids. */
export const ofIds = (
  rows: readonly (readonly number[])[],
  labels: readonly number[],
  link: Link = 'softmax',
) => ({
  count: rows.length,
  width: rows[0]?.length ?? 0,
  outputs: rows.flat(),
  labels,
  areIds: true,
  link,
})

/** Outputs with targets. */
export const ofTargets = (
  rows: readonly (readonly number[])[],
  targets: readonly (readonly number[])[],
  link: Link = 'identity',
) => ({ ...ofIds(rows, targets.flat(), link), areIds: false })

/** Outputs that say this class. */
export const says = (id: number, classes = 3): number[] =>
  Array.from({ length: classes }, (_, i) => (i === id ? 2 : -1))
