// Variance and standard deviation, in two passes.
import { defineComposite, type Sample } from '../op.ts'
import { number, parseOptions } from '../options.ts'
import { sizeOf } from '../shape.ts'
import type { Tensor } from '../tensor.ts'
import { div, sub } from './binary.ts'
import { mean, sum } from './reduce.ts'
import { countOf, type ReduceOptions, reduceSamples, SCHEMA } from './reduction_entry.ts'
import { draw, ulps } from './samples.ts'
import { checkTensor, type WithOptions } from './signature.ts'
import { sqrt, square } from './unary.ts'

/** Options of `variance` and `std`. */
export interface VarianceOptions extends ReduceOptions {
  /** Subtracted from the count: 1 for the unbiased estimate. */
  correction?: number
}

function varianceOf(where: string, x: Tensor, options: VarianceOptions): Tensor {
  checkTensor(where, x)
  const { axis, keepDims, correction } = parseOptions(
    where,
    options,
    { ...SCHEMA, correction: number(0, { min: 0 }) },
    x.rank,
  )
  const count = countOf(x, axis)
  const deviations = sub(x, mean(x, { axis, keepDims: true }))
  const spread = sum(square(deviations), { axis, keepDims })
  return div(spread, Math.max(count - correction, 0))
}

const VARIANCE_SAMPLES: Sample<[Tensor, VarianceOptions?]>[] = reduceSamples(draw)
  .filter(sample => !sample.benchmark)
  .map(sample => sample as Sample<[Tensor, VarianceOptions?]>)
const MANY: Sample<[Tensor, VarianceOptions?]> = {
  inputs: [{ shape: [5, 7], low: -3, high: 3 }],
  options: { axis: 1, correction: 1 },
}

/** Mean squared deviation from the mean, in two passes. */
export const variance: WithOptions<VarianceOptions> = defineComposite<[x: Tensor, options?: VarianceOptions]>(
  {
    name: 'variance',
    family: 'reduction',
    compose: (x, options = {}) => varianceOf('variance', x, options),
    samples: [...VARIANCE_SAMPLES, MANY],
    // The mean is within a few ULP of |x| ≤ 3, and so are deviations.
    tolerance: ulps(32, 2 ** -18),
  },
)

/** Square root of the variance. Its slope at 0 is infinite. */
export const std: WithOptions<VarianceOptions> = defineComposite<[x: Tensor, options?: VarianceOptions]>({
  name: 'std',
  family: 'reduction',
  compose: (x, options = {}) => sqrt(varianceOf('std', x, options)),
  samples: [...VARIANCE_SAMPLES.filter(({ inputs }) => sizeOf(inputs[0]?.shape ?? []) > 1), MANY],
  tolerance: ulps(32, 2 ** -18),
})
