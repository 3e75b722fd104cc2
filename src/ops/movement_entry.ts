// What movement ops have in common: all of an entry that follows from where elements go, and samples.
import type { Sample } from '../op.ts'
import { type Shape, stridesOf } from '../shape.ts'
import { type Move, type Moves, move, moveReference } from '../skeletons/move.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { draw, ulps } from './samples.ts'

export interface AxisAttributes {
  readonly axis: number
}

/** Samples of one tensor and an axis of it. */
export const axisSamples = (
  cases: readonly (readonly [shape: Shape, axis: number])[],
): Sample<[Tensor, { axis?: number }?]>[] =>
  cases.map(([shape, axis]) => ({ inputs: [{ shape, ...draw }], options: { axis } }))

/** All elements, row by row. */
export const inOrder = (shape: Shape): Move['target'] => ({ offset: 0, strides: stridesOf(shape) })

/** The parts of an entry that follow from its moves. Movement is exact. */
export function moved<A extends object>(moves: Moves<A>) {
  return { family: 'movement', reference: moveReference(moves), kernel: move(moves), tolerance: ulps(0) }
}

/** The same where one tensor fills the output row by row: `from` says what of it each place reads. */
export const movedFrom = <A extends object>(
  from: (x: Shape, output: Shape, attributes: A) => Pick<Move, 'source' | 'bounds'>,
) =>
  moved<A>(([x], { shape }, attributes) => [
    { shape, target: inOrder(shape), ...from((x as Spec).shape, shape, attributes) },
  ])
