// Softmax cross-entropy of each row of logits, and its slope in the logits as an op of its own.
import crossEntropyWgsl from '../../shaders/rows/cross_entropy.wgsl?raw'
import crossEntropyGradientWgsl from '../../shaders/rows/cross_entropy_gradient.wgsl?raw'
import labelsIdsWgsl from '../../shaders/rows/labels_ids.wgsl?raw'
import labelsProbabilitiesWgsl from '../../shaders/rows/labels_probabilities.wgsl?raw'
import onlineWgsl from '../../shaders/rows/online.wgsl?raw'
import rowLossWgsl from '../../shaders/rows/row_loss.wgsl?raw'
import shareWgsl from '../../shaders/rows/share.wgsl?raw'
import slopeAloneWgsl from '../../shaders/rows/slope_alone.wgsl?raw'
import slopeAndLossWgsl from '../../shaders/rows/slope_and_loss.wgsl?raw'
import { dtypes, isFloat, type NumericArray } from '../dtype.ts'
import { fail, must, show } from '../errors.ts'
import { type Binding, type Kernel, shader } from '../kernel.ts'
import { defineOp, needs, type Op, type ReferenceContext, type Sample, type SampleInput } from '../op.ts'
import { number } from '../options.ts'
import { at, type Shape, sameShape, sizeOf } from '../shape.ts'
import { eachRow, lastAxis, rows } from '../skeletons/rows.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { ones } from './create.ts'
import { add, mul, sub } from './elementwise.ts'
import { sum } from './reduce.ts'
import { expandDims } from './reshape.ts'
import { draw, isSpecial, tooLarge, ULP } from './samples.ts'
import { tensorsAndOptions } from './signature.ts'
import { logSoftmax, type RowSum, SPECIAL_ROWS, softmax, sumRow, sumUlps } from './softmax.ts'

/** How `softmaxCrossEntropy` softens its labels. */
export interface SmoothingOptions {
  /** ε in [0, 1]: labels are taken as (1 − ε)·label + ε / classes (Szegedy et al. 2016). Default 0. */
  labelSmoothing?: number
}

export interface Attributes {
  readonly labelSmoothing: number
}

/** The schema of the option. */
export const SMOOTHING = { labelSmoothing: number(0, { min: 0, max: 1 }) }

const FLOATS = ['float32', 'float16'] as const
/** Errors name the function people call. */
const WHERE = 'softmaxCrossEntropy'

/** Checks logits [..., classes] and their labels; the shape of the losses. */
function inferRows(logits: Spec, labels: Spec): Shape {
  needs(WHERE, logits, FLOATS, 'logits')
  needs(WHERE, labels, ['int32', 'uint32', logits.dtype], 'labels')
  const shape = logits.shape.slice(0, -1)
  const wanted = isFloat(labels.dtype) ? logits.shape : shape
  const classes = logits.shape.at(-1) ?? 0
  if (classes === 0)
    fail(
      'shape',
      WHERE,
      `logits are ${show(logits.shape)}; they must be [..., classes] with a class or more.`,
    )
  if (!sameShape(labels.shape, wanted)) {
    const kind = isFloat(labels.dtype)
      ? 'Probabilities have the shape of the logits'
      : 'Class ids have the shape of the logits without its last axis'
    fail(
      'shape',
      WHERE,
      `logits are ${show(logits.shape)}, labels ${labels.dtype} ${show(labels.shape)}.`,
      `${kind}: ${show(wanted)}.`,
    )
  }
  return shape
}

/** Class ids must be classes. */
const labelBounds = ([logits, labels]: readonly Spec[]) =>
  isFloat(must(labels, 'labels').dtype)
    ? []
    : [{ input: 1, bound: must(must(logits, 'logits').shape.at(-1), 'classes') }]

/** Calls `visit` for each row with where it starts, its exponentials, and its classes' weights; null for a label that is no class. */
function eachLoss(
  [logits, labels]: readonly NumericArray[],
  { inputs, attributes, reportRow }: ReferenceContext<Attributes>,
  visit: (row: number, start: number, exponentials: RowSum, weights: readonly number[] | null) => void,
): void {
  const [z, y] = [must(logits, 'logits'), must(labels, 'labels')]
  const view = lastAxis(must(inputs[0], 'logits'))
  const classes = view.length
  const ids = !isFloat(must(inputs[1], 'labels').dtype)
  const keep = 1 - attributes.labelSmoothing
  const share = attributes.labelSmoothing / classes
  eachRow(view, (start, _step, row) => {
    const valid = !ids || (at(y, row) >= 0 && at(y, row) < classes)
    if (!valid) reportRow(row)
    const weights = Array.from(
      { length: classes },
      (_, j) => keep * (ids ? Number(at(y, row) === j) : at(y, start + j)) + share,
    )
    visit(row, start, sumRow(z, start, 1, classes), valid ? weights : null)
  })
}

/** A kernel over the rows of logits, with labels of either kind; `slope` says how one that gives slopes ends. */
function lossKernel(
  skeleton: string,
  slope?: { readonly ending: string; readonly outputs: number },
): Kernel<Attributes> {
  return rows(
    request => lastAxis(must(request.inputs[0], 'logits')),
    request => {
      const [logits, labels, g] = request.inputs
      const { length } = lastAxis(must(logits, 'logits'))
      const { labelSmoothing } = request.attributes
      const isIds = !isFloat(must(labels, 'labels').dtype)
      const weights = isIds ? labelsIdsWgsl : labelsProbabilitiesWgsl
      const read = Array.from({ length: slope ? 3 : 2 }, (_, input): Binding => ({ input }))
      const written = Array.from({ length: slope?.outputs ?? 1 }, (_, output): Binding => ({ output }))
      return {
        source: {
          skeleton: shader(skeleton),
          fragments: [
            ...[shareWgsl, onlineWgsl, rowLossWgsl, weights].map(shader),
            ...(slope ? [shader(slope.ending)] : []),
          ],
          types: {
            T: dtypes[must(logits, 'logits').dtype].wgsl,
            Label: dtypes[must(labels, 'labels').dtype].wgsl,
          },
        },
        bindings: [...read, ...written, { status: true }],
        params: {
          keep: 1 - labelSmoothing,
          share: labelSmoothing / length,
          ...(slope ? { gStep: g && sizeOf(g.shape) > 1 ? 1 : 0 } : {}),
        },
      }
    },
  )
}

/** Slopes alone, and slopes with the losses. */
const slopeKernel = lossKernel(crossEntropyGradientWgsl, { ending: slopeAloneWgsl, outputs: 1 })
const slopeAndLossKernel = lossKernel(crossEntropyGradientWgsl, { ending: slopeAndLossWgsl, outputs: 2 })

const PICKS = [2, 0, 9, 4, 7, 7, 1]
const ids = (shape: Shape, classes: number): SampleInput => ({
  shape,
  dtype: 'int32',
  values: PICKS.map(id => id % classes),
})
/** The losses are right for weights that do not add up to 1, too. */
const probabilities = (shape: Shape): SampleInput => ({ shape, low: 0, high: 0.1 })

/** Logits and labels of both kinds that losses are proven on. */
export const LOGITS_AND_LABELS: Omit<Sample, 'call'>[] = [
  // The loss is 0.40760596.
  { inputs: [{ shape: [1, 3], values: [1, 2, 3] }, ids([1], 3)] },
  { inputs: [{ shape: [1], ...draw }, ids([], 1)] },
  { inputs: [{ shape: [67, 10], ...draw }, ids([67], 10)] },
  {
    inputs: [
      { shape: [67, 10], ...draw },
      { ...ids([67], 10), dtype: 'uint32' },
    ],
    options: { labelSmoothing: 0.1 },
  },
  { inputs: [{ shape: [3, 67], ...draw }, ids([3], 67)] },
  { inputs: [{ shape: [2, 3, 5], ...draw }, ids([2, 3], 5)], options: { labelSmoothing: 1 } },
  { inputs: [{ shape: [0, 5], ...draw }, ids([0], 5)] },
  { inputs: [{ shape: [1, 1], ...draw }, probabilities([1, 1])] },
  { inputs: [{ shape: [67, 10], ...draw }, probabilities([67, 10])] },
  { inputs: [{ shape: [2, 3, 67], ...draw }, probabilities([2, 3, 67])], options: { labelSmoothing: 0.2 } },
  { inputs: [{ shape: [2, 1500], ...draw }, ids([2], 1500)], ...tooLarge },
  { inputs: [{ shape: [2, 1500], ...draw }, probabilities([2, 1500])], ...tooLarge },
  {
    inputs: [{ shape: [SPECIAL_ROWS.length, 3], values: SPECIAL_ROWS.flat() }, ids([SPECIAL_ROWS.length], 3)],
    ...isSpecial,
  },
  {
    inputs: [
      { shape: [SPECIAL_ROWS.length, 3], values: SPECIAL_ROWS.flat() },
      { shape: [SPECIAL_ROWS.length, 3], values: [0, 0.25, 0.75, 0, 1] },
    ],
    ...isSpecial,
  },
  { inputs: [{ shape: [128, 10], ...draw }, ids([128], 10)], benchmark: true, ...tooLarge },
  { inputs: [{ shape: [1024, 1024], ...draw }, ids([1024], 1024)], benchmark: true, ...tooLarge },
  { inputs: [{ shape: [16, 50257], ...draw }, ids([16], 10)], benchmark: true, ...tooLarge },
]

/**
 * Cross-entropy W·ln Σ exp z − Σ y·z of each row: logits z [..., classes] and labels give losses [...]. Labels are
 * class ids (int32 or uint32, [...]) or weights y of the classes (the logits' shape and dtype) with sum W. A weight of
 * 0 takes no part, whatever its logit; rows are NaN where those of softmax are. A class id out of range throws `index`
 * where the host knows it, else its loss is NaN and the next read rejects.
 */
export const softmaxCrossEntropyRows: Op<[logits: Tensor, labels: Tensor, options?: SmoothingOptions]> =
  defineOp<Attributes, [logits: Tensor, labels: Tensor, options?: SmoothingOptions]>({
    name: 'softmaxCrossEntropyRows',
    family: 'loss',
    mixed: true,
    method: false,
    parse: tensorsAndOptions('softmaxCrossEntropyRows', ['logits', 'labels'], SMOOTHING),
    infer: ([logits, labels]) => ({
      shape: inferRows(logits as Spec, labels as Spec),
      dtype: (logits as Spec).dtype,
    }),
    indices: labelBounds,
    reference: (inputs, [out], context) => {
      const z = must(inputs[0], 'logits')
      eachLoss(inputs, context, (row, start, { top, log }, weights) => {
        let loss = weights && Number.isFinite(log) ? 0 : Number.NaN
        weights?.forEach((weight, j) => {
          if (weight !== 0) loss += weight * (log - (at(z, start + j) - top))
        })
        must(out, 'output')[row] = loss
      })
    },
    blamed: WHERE,
    kernel: lossKernel(crossEntropyWgsl),
    gradient: ([logits, labels], _outputs, [g], { labelSmoothing }) => {
      const [z, y, slope] = [logits as Tensor, labels as Tensor, g as Tensor]
      const dz = softmaxCrossEntropyGradient(z, y, slope, { labelSmoothing })
      if (!isFloat(y.dtype)) return [dz, null]
      // dy = −(1 − ε)·ln softmax(z)·g
      return [dz, mul(logSoftmax(z), mul(expandDims(slope, { axis: -1 }), labelSmoothing - 1))]
    },
    samples: LOGITS_AND_LABELS,
    // A relative error of the sum is an absolute one of its logarithm, itself within 2⁻²¹ or 3 ULP; then a sum of products.
    tolerance: ([logits]) => {
      const { length } = lastAxis(logits as Spec)
      return { relative: (length + 8) * ULP, absolute: 2 ** -21 + sumUlps(length) * ULP }
    },
  })

/**
 * Slope of `softmaxCrossEntropyRows` in the logits: (softmax(z)·W − y)·g, in one kernel, for g [...] that came in for
 * the losses. The result has the logits' shape.
 */
export const softmaxCrossEntropyGradient: Op<
  [logits: Tensor, labels: Tensor, g: Tensor, options?: SmoothingOptions]
> = defineOp<Attributes, [logits: Tensor, labels: Tensor, g: Tensor, options?: SmoothingOptions]>({
  name: 'softmaxCrossEntropyGradient',
  family: 'loss',
  mixed: true,
  method: false,
  parse: tensorsAndOptions('softmaxCrossEntropyGradient', ['logits', 'labels', 'g'], SMOOTHING),
  infer: inputs => {
    const [logits, labels, g] = [must(inputs[0], 'logits'), must(inputs[1], 'labels'), must(inputs[2], 'g')]
    const shape = inferRows(logits, labels)
    needs('softmaxCrossEntropyGradient', g, [logits.dtype], 'g')
    if (!sameShape(g.shape, shape)) {
      fail(
        'shape',
        'softmaxCrossEntropyGradient',
        `g is ${show(g.shape)}; the losses are ${show(shape)}.`,
        'They must be the same.',
      )
    }
    return { shape: logits.shape, dtype: logits.dtype }
  },
  indices: labelBounds,
  reference: (inputs, [out], context) => {
    const [z, g] = [must(inputs[0], 'logits'), must(inputs[2], 'g')]
    eachLoss(inputs, context, (row, start, { top, log }, weights) => {
      const total = weights?.reduce((sum, weight) => sum + weight, 0) ?? 0
      for (let j = 0; j < lastAxis(must(context.inputs[0], 'logits')).length; j++) {
        const p = Math.exp(at(z, start + j) - top - log)
        must(out, 'output')[start + j] = weights ? (p * total - at(weights, j)) * at(g, row) : Number.NaN
      }
    })
  },
  blamed: WHERE,
  kernel: slopeKernel,
  scalars: [2],
  joint: [
    {
      other: 'softmaxCrossEntropyRows',
      matches: (self, other) =>
        self.inputs[0] === other.inputs[0] &&
        self.inputs[1] === other.inputs[1] &&
        (self.attributes as Attributes).labelSmoothing === (other.attributes as Attributes).labelSmoothing,
      kernel: slopeAndLossKernel as Kernel,
    },
  ],
  gradient: ([logits, labels, g], _outputs, [h], { labelSmoothing }) => {
    const [z, y, slope, incoming] = [logits as Tensor, labels as Tensor, g as Tensor, h as Tensor]
    const rows = { axis: -1, keepDims: true }
    const p = softmax(z)
    const mixed = sum(mul(p, incoming), rows)
    const slopes = expandDims(slope, { axis: -1 })
    // dz = g·W·p·(h − Σ p·h)
    const dz = mul(mul(p, sub(incoming, mixed)), slopes)
    // dg = Σ h·(p·W − y)
    const unit = ones(slope.shape, { dtype: slope.dtype, engine: slope.engine })
    const dg = sum(mul(incoming, softmaxCrossEntropyGradient(z, y, unit, { labelSmoothing })), { axis: -1 })
    if (!isFloat(y.dtype)) return [dz, null, dg]
    // W = (1 − ε)·Σ y + ε, and dy = (1 − ε)·g·(Σ p·h − h)
    const keep = 1 - labelSmoothing
    const weight = add(mul(sum(y, rows), keep), labelSmoothing)
    return [mul(dz, weight), mul(mul(sub(mixed, incoming), slopes), keep), dg]
  },
  samples: LOGITS_AND_LABELS.map(sample => ({
    ...sample,
    inputs: [
      ...sample.inputs,
      { shape: must(sample.inputs[0], 'logits').shape.slice(0, -1), low: 0.5, high: 1.5 },
    ],
  })),
  // p·W − y cancels, so the error is absolute: softmax's, times a weight of at most 0.1 a class and a slope up to 1.5.
  tolerance: ([logits]) => {
    const { length } = lastAxis(logits as Spec)
    const error = (sumUlps(length) + 15 + 4) * ULP
    return { relative: error, absolute: 1.5 * error }
  },
})
