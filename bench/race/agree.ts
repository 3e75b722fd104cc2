// Whether libraries that are raced compute the same, and how closely they must agree.
import { ADAM, layersOf, type Workload } from './workloads.ts'

/** Half a unit in the last place of a float32 near 1: what one rounding may change, relatively. */
const ROUNDING = 2 ** -24

/** WGSL promises the logarithm to 2⁻²¹ where it is near 0, and the exponential to 3 + 2|x| units in the last place. */
const TRANSCENDENTAL = 2 ** -20

/** Steps of training whose losses are compared. */
export const COMPARED_STEPS = 3

/**
 * How far two libraries' results may lie apart, relative to the largest number among them.
 *
 * A float32 sum of n terms in any order is off by at most n roundings of the sum of their magnitudes, each library's
 * own. Losses: the widths of all products a number passes through add up; a later step starts from parameters that
 * the earlier ones left, and since Adam's step follows gradients' signs, an error δ in a gradient g moves a parameter by
 * up to the learning rate times δ/|g|, the loss to first order by the learning rate times δ: the error grows in
 * proportion to the steps, backward as forward.
 */
export function toleranceOf(workload: Workload): number {
  switch (workload.kind) {
    case 'training': {
      const depth = layersOf(workload.sizes).reduce((sum, { inputs }) => sum + inputs + 1, 0)
      return 2 * COMPARED_STEPS * (depth * ROUNDING + TRANSCENDENTAL)
    }
    case 'matmul':
      return 2 * workload.size * ROUNDING
    case 'crossEntropy':
      // The largest entry of the gradient is near 1/rows; the sum of exponentials is one of `classes` terms.
      return 2 * (workload.classes * ROUNDING + TRANSCENDENTAL)
    case 'columnSum':
      return 2 * workload.rows * ROUNDING
    case 'adam':
      // A rounding each of parameter and step, and a thousandth (the learning rate) of the step's own error: 1 − 0.999
      // computed in float32 cancels ten bits of 24.
      return 4 * ROUNDING + ADAM.learningRate * 2 ** -12
  }
}

/** The largest difference between two results over their largest magnitude; Infinity where lengths differ or one is NaN. */
export function differenceOf(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let difference = 0
  let magnitude = 0
  for (let i = 0; i < a.length; i++) {
    const [x = 0, y = 0] = [a[i], b[i]]
    const apart = Math.abs(x - y)
    if (!(apart <= difference)) difference = apart
    if (Number.isNaN(apart)) return Number.POSITIVE_INFINITY
    magnitude = Math.max(magnitude, Math.abs(x), Math.abs(y))
  }
  return difference === 0 ? 0 : difference / magnitude
}
