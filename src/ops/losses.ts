// Losses: how far predictions are from targets, for each row or element, and reduced to a mean or a sum.
import sigmoidCrossEntropyWgsl from '../../shaders/binary/sigmoid_cross_entropy.wgsl?raw'
import crossEntropyWgsl from '../../shaders/rows/cross_entropy.wgsl?raw'
import crossEntropyGradientWgsl from '../../shaders/rows/cross_entropy_gradient.wgsl?raw'
import labelsIdsWgsl from '../../shaders/rows/labels_ids.wgsl?raw'
import labelsProbabilitiesWgsl from '../../shaders/rows/labels_probabilities.wgsl?raw'
import onlineWgsl from '../../shaders/rows/online.wgsl?raw'
import rowLossWgsl from '../../shaders/rows/row_loss.wgsl?raw'
import { dtypes, isFloat, type NumericArray } from '../dtype.ts'
import { fail, must, show } from '../errors.ts'
import { shader, type Binding, type Kernel } from '../kernel.ts'
import { defineComposite, defineOp, needs, type Op, type ReferenceContext, type Sample, type SampleInput } from '../op.ts'
import { number, oneOf, parseOptions, type Parsed, type Schema } from '../options.ts'
import { at, sameShape, sizeOf } from '../shape.ts'
import { map, mapReference } from '../skeletons/map.ts'
import { lastAxis, rows } from '../skeletons/rows.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { ones } from './create.ts'
import { abs, clip, mul, neg, relu, sigmoid, square, sub } from './elementwise.ts'
import { expandDims } from './move.ts'
import { mean, sum } from './reduce.ts'
import { ULP, ulps } from './samples.ts'
import { checkTensor, refuseExtra } from './signature.ts'
import { logSoftmax, logSumExpOf, softmax, sumUlps } from './softmax.ts'

const FLOATS = ['float32', 'float16'] as const
const tooLarge = { gradient: false, note: 'too large for finite differences' } as const
const specialValues = { gradient: false, note: 'special values have no finite differences' } as const

export interface LossOptions {
  /** What becomes of the losses of all rows or elements: their mean (the default), their sum, or they themselves. */
  reduction?: 'mean' | 'sum' | 'none'
}

const REDUCTION = { reduction: oneOf(['mean', 'sum', 'none'], 'mean') }

/** Reduces losses as the option says. */
function reduced(losses: Tensor, reduction: 'mean' | 'sum' | 'none'): Tensor {
  if (reduction === 'none') return losses
  return reduction === 'mean' ? mean(losses) : sum(losses)
}
