// Normalisation as layers: with a scale and an offset that are trained, and running statistics for inference.
import { isFloat } from '../dtype.ts'
import { fail, show } from '../errors.ts'
import { add, mul } from '../ops/elementwise.ts'
import { inDType } from '../ops/in_dtype.ts'
import { batchNorm as batchNormOp, layerNorm as layerNormOp } from '../ops/normalize.ts'
import { filledParameter } from '../ops/parameter.ts'
import { runningUpdate } from '../ops/running.ts'
import { batchAxes, EPSILON, moments, standardize } from '../ops/standardize.ts'
import { number, parseOptions } from '../options.ts'
import { keepResult, type Parameter, type Tensor } from '../tensor.ts'
import { checkSize, type Layer, layer } from './layer.ts'

/** Options of the layer `layerNorm`. */
export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5. */
  epsilon?: number
}

/** Options of the layer `batchNorm`. */
export interface BatchNormOptions extends LayerNormOptions {
  /** Share of a batch in the next running mean and variance. Default 0.1. */
  momentum?: number
}

/** What scales and shifts n features: 1 and 0 to begin with. */
const affine = (n: number) => ({ scale: filledParameter([n], 1), offset: filledParameter([n], 0) })

/** Computes in the dtype of the parameters, which float16's sums of squares would overflow, and gives x's. */
function inFullPrecision(x: Tensor, { dtype }: Parameter, compute: (x: Tensor) => Tensor): Tensor {
  return keepResult(() => (isFloat(x.dtype) ? inDType(compute(inDType(x, dtype)), x.dtype) : compute(x)))
}

function checkFeatures(where: string, { shape }: Tensor, n: number, least: number): void {
  if (shape.length >= least && shape.at(-1) === n) return
  fail('shape', where, `x is ${show(shape)}; it must be [${least > 1 ? 'batch' : '…'}, ${n}].`)
}

/**
 * Batch normalisation (Ioffe and Szegedy 2015) of x [batch, n]: each feature to mean 0 and variance 1, times `scale`, plus
 * `offset`. In training by the batch's own mean and variance, of which the buffers `mean` and `variance` keep running
 * averages (of the variance without bias, as PyTorch does); else by those. No gradient passes through the buffers. Throws
 * `shape` for other sizes, and for a batch of one row in training, which has no variance.
 */
export function batchNorm(n: number, options: BatchNormOptions = {}): Layer {
  checkSize('batchNorm', n, 'features')
  const { momentum, epsilon } = parseOptions('batchNorm', options, {
    momentum: number(0.1, { min: 0, max: 1 }),
    epsilon: EPSILON,
  })
  const parameters = affine(n)
  const mean = filledParameter([n], 0)
  const variance = filledParameter([n], 1)
  const label = `batchNorm(${n})`
  return layer({
    kind: 'batchNorm',
    label,
    parameters,
    buffers: { mean, variance },
    forward: (given, { training }) => {
      checkFeatures(label, given, n, 2)
      const rows = given.size / n
      if (training && rows < 2) {
        fail(
          'shape',
          label,
          `a batch of ${rows} row${rows === 1 ? '' : 's'} has no variance to train by.`,
          'Train with batches of two rows or more; dropLast leaves a shorter last one out.',
        )
      }
      return inFullPrecision(given, mean, x => {
        if (!training) return batchNormOp(x, { ...parameters, mean, variance, epsilon })
        // One kernel together, and then the update, across which fusion moves nothing: an activation joins what follows.
        const unit = standardize(x, { axis: batchAxes(x), epsilon })
        const [batchMean, batchVariance] = moments(x, { axis: batchAxes(x) })
        runningUpdate(mean, variance, batchMean, batchVariance, { momentum, correction: rows / (rows - 1) })
        return add(mul(unit, parameters.scale), parameters.offset)
      })
    },
  })
}

/**
 * Layer normalisation (Ba et al. 2016): each row of x [..., n] to mean 0 and variance 1, times `scale`, plus `offset`, in
 * training and inference alike. Throws `shape` for other sizes.
 */
export function layerNorm(n: number, options: LayerNormOptions = {}): Layer {
  checkSize('layerNorm', n, 'features')
  const { epsilon } = parseOptions('layerNorm', options, { epsilon: EPSILON })
  const parameters = affine(n)
  const label = `layerNorm(${n})`
  return layer({
    kind: 'layerNorm',
    label,
    parameters,
    forward: given => {
      checkFeatures(label, given, n, 1)
      return inFullPrecision(given, parameters.scale, x => layerNormOp(x, { ...parameters, epsilon }))
    },
  })
}
