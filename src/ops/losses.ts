// Losses: how far predictions are from targets, by row or element, reduced to a mean or a sum.
import sigmoidCrossEntropyWgsl from '../../shaders/binary/sigmoid_cross_entropy.wgsl?raw'
import { fail, show } from '../errors.ts'
import { shader } from '../kernel.ts'
import {
  defineComposite,
  defineOp,
  needs,
  type Op,
  type Sample,
  type SampleInput,
  type Tolerance,
} from '../op.ts'
import { number, oneOf, parseOptions } from '../options.ts'
import { sameShape } from '../shape.ts'
import { map, mapReference } from '../skeletons/map.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import {
  LOGITS_AND_LABELS,
  SMOOTHING,
  type SmoothingOptions,
  softmaxCrossEntropyRows,
} from './cross_entropy.ts'
import { abs, clip, mul, neg, relu, sigmoid, square, sub } from './elementwise.ts'
import { mean, sum } from './reduce.ts'
import { draw, isSpecial, tooLarge, ULP, ulps } from './samples.ts'
import { checkTensor, refuseExtra } from './signature.ts'

/** Options of every loss. */
export interface LossOptions {
  /** What becomes of the losses of all rows or elements: their mean (the default), their sum, or they themselves. */
  reduction?: 'mean' | 'sum' | 'none'
}

type Reduction = NonNullable<LossOptions['reduction']>

const REDUCTION = { reduction: oneOf<Reduction>(['mean', 'sum', 'none'], 'mean') }

function reduced(losses: Tensor, reduction: Reduction): Tensor {
  if (reduction === 'none') return losses
  return reduction === 'mean' ? mean(losses) : sum(losses)
}

/**
 * Cross-entropy of softmax(logits) against labels: logits [..., classes]; labels are class ids (int32 or uint32, [...])
 * or probabilities of the logits' shape and dtype. The gradient in the logits is (p − y) times the incoming one. Throws
 * `shape` and `dtype` for labels that do not fit, and `index` for a class id out of range: at the call where the host
 * knows it, else its loss is NaN and the next read rejects.
 */
export const softmaxCrossEntropy: Op<
  [logits: Tensor, labels: Tensor, options?: LossOptions & SmoothingOptions]
> = defineComposite<[logits: Tensor, labels: Tensor, options?: LossOptions & SmoothingOptions]>({
  name: 'softmaxCrossEntropy',
  family: 'loss',
  compose: (...args) => {
    refuseExtra('softmaxCrossEntropy', args, 3)
    const [logits, labels, options = {}] = args
    checkTensor('softmaxCrossEntropy', logits, 'logits')
    checkTensor('softmaxCrossEntropy', labels, 'labels')
    const { labelSmoothing, reduction } = parseOptions('softmaxCrossEntropy', options, {
      ...SMOOTHING,
      ...REDUCTION,
    })
    return reduced(softmaxCrossEntropyRows(logits, labels, { labelSmoothing }), reduction)
  },
  samples: withReductions(LOGITS_AND_LABELS),
  // That of the rows, whose sum adds errors of one kind each.
  tolerance: inputs => {
    const rows = softmaxCrossEntropyRows.definition.tolerance(inputs)
    const count = inputs[0]?.shape.slice(0, -1).reduce((product, length) => product * length, 1) ?? 1
    return {
      relative: rows.relative + Math.max(count, 8) * ULP,
      absolute: rows.absolute * Math.max(count, 1),
    }
  },
})

/** Every sample under a reduction, in turn; the large ones under their mean alone. */
function withReductions(samples: readonly Omit<Sample, 'call'>[]): Omit<Sample, 'call'>[] {
  const reductions = ['mean', 'sum', 'none'] as const
  return samples.map((sample, i) =>
    sample.benchmark
      ? sample
      : { ...sample, options: { ...sample.options, reduction: reductions[i % 3] ?? 'mean' } },
  )
}

/** Log loss of each logit a against its label b in [0, 1]: |a|·(1 − b where a > 0, else b) + ln(1 + exp(−|a|)). */
export const sigmoidCrossEntropyElements: Op<[logits: Tensor, labels: Tensor]> = defineOp<
  object,
  [logits: Tensor, labels: Tensor]
>({
  name: 'sigmoidCrossEntropyElements',
  family: 'loss',
  method: false,
  parse: (...args) => {
    refuseExtra('sigmoidCrossEntropyElements', args, 2)
    const [logits, labels] = args
    checkPair('sigmoidCrossEntropyElements', logits, labels, ['logits', 'labels'])
    return { inputs: [logits, labels], attributes: {} }
  },
  infer: ([logits]) => {
    needs('sigmoidCrossEntropy', logits as Spec, ['float32', 'float16'], 'logits')
    return logits as Spec
  },
  reference: mapReference((a, b) => {
    const weight = (a as number) > 0 ? 1 - (b as number) : (b as number)
    const tail = Math.log1p(Math.exp(-Math.abs(a as number)))
    return weight === 0 ? tail : Math.abs(a as number) * weight + tail
  }),
  kernel: map(shader(sigmoidCrossEntropyWgsl)),
  gradient: ([logits, labels], _outputs, [g]) => [
    mul(g as Tensor, sub(sigmoid(logits as Tensor), labels as Tensor)),
    neg(mul(g as Tensor, logits as Tensor)),
  ],
  samples: pairs({ low: -6, high: 6 }, { low: 0, high: 1 }),
  // Two roundings of the product, and an exponential and a logarithm of numbers up to 1.
  tolerance: ulps(4, 2 ** -21),
})

/** The samples of losses of two tensors of one shape. */
function pairs(
  prediction: Omit<SampleInput, 'shape'>,
  target: Omit<SampleInput, 'shape'>,
  specials: readonly number[] = [0, 1, 0.5],
): Sample<[Tensor, Tensor]>[] {
  const both = (shape: readonly number[]) => ({
    inputs: [
      { shape, ...prediction },
      { shape, ...target },
    ],
  })
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 100, -100, 1]
  return [
    both([]),
    both([1]),
    both([67]),
    both([3, 5, 2]),
    { ...both([0, 3]), gradient: false, note: 'nothing to differentiate' },
    {
      inputs: [
        { shape: [21], values },
        { shape: [21], values: specials.flatMap(y => values.map(() => y)) },
      ],
      ...isSpecial,
    },
    {
      inputs: [
        { shape: [2], values: [1, -1] },
        { shape: [2], values: [Number.NaN, 1] },
      ],
      ...isSpecial,
    },
    { ...both([128, 1024]), benchmark: true, ...tooLarge },
  ]
}

type Pair<O extends object = LossOptions> = Op<[prediction: Tensor, target: Tensor, options?: O]>

/**
 * Throws `shape` unless two tensors have one shape: [n] against [n, 1] would broadcast to [n, n], which is never what a
 * loss is about.
 */
function checkPair(where: string, a: unknown, b: unknown, [first, second]: readonly [string, string]): void {
  checkTensor(where, a, first)
  checkTensor(where, b, second)
  if (sameShape(a.shape, b.shape)) return
  const remedy =
    a.size === b.size ? 'Use reshape: the shapes must be the same.' : 'The shapes must be the same.'
  fail('shape', where, `${first} is ${show(a.shape)}, ${second} is ${show(b.shape)}.`, remedy)
}

export interface PairEntry {
  readonly name: string
  readonly names?: readonly [string, string]
  readonly loss: (prediction: Tensor, target: Tensor) => Tensor
  readonly samples: readonly Sample<[Tensor, Tensor]>[]
  readonly tolerance: Tolerance
}

/** The loss of an element of two tensors of one shape, reduced. */
function elementLoss({ name, names = ['prediction', 'target'], loss, samples, tolerance }: PairEntry): Pair {
  return defineComposite<[prediction: Tensor, target: Tensor, options?: LossOptions]>({
    name,
    family: 'loss',
    compose: (...args) => {
      refuseExtra(name, args, 3)
      const [prediction, target, options = {}] = args
      checkPair(name, prediction, target, names)
      const { reduction } = parseOptions(name, options, REDUCTION)
      return reduced(loss(prediction, target), reduction)
    },
    samples: withReductions(samples),
    tolerance: inputs => reducedTolerance(inputs, tolerance),
  })
}

/** A sum of losses, none negative, has a rounding an element beside their own errors. */
function reducedTolerance([prediction]: readonly Spec[], { relative, absolute }: Tolerance): Tolerance {
  const count = Math.max(1, prediction?.shape.reduce((product, length) => product * length, 1) ?? 1)
  return { relative: relative + Math.max(count, 8) * 0.5 * ULP, absolute: absolute * count }
}

/**
 * Log loss of sigmoid(logits) against labels in [0, 1] of the same shape, stable for logits of any size; a label of 0
 * or 1 that an infinite logit is certain of costs 0. Throws `shape` unless the shapes are the same.
 */
export const sigmoidCrossEntropy: Pair = elementLoss({
  name: 'sigmoidCrossEntropy',
  names: ['logits', 'labels'],
  loss: sigmoidCrossEntropyElements,
  samples: pairs({ low: -6, high: 6 }, { low: 0, high: 1 }),
  tolerance: { relative: 4 * ULP, absolute: 2 ** -21 },
})

/** (prediction − target)². Throws `shape` unless the shapes are the same. */
export const meanSquaredError: Pair = elementLoss({
  name: 'meanSquaredError',
  loss: (prediction, target) => square(sub(prediction, target)),
  samples: pairs(draw, draw),
  // A rounding of the difference counts twice in its square.
  tolerance: { relative: 3 * ULP, absolute: 0 },
})

/** |prediction − target|; the slope at 0 is 0. Throws `shape` unless the shapes are the same. */
export const meanAbsoluteError: Pair = elementLoss({
  name: 'meanAbsoluteError',
  loss: (prediction, target) => abs(sub(prediction, target)),
  samples: pairs({ low: -3, high: 3, clearOfIntegers: true }, { values: [1, -2, 0, 3] }),
  tolerance: { relative: ULP, absolute: 0 },
})

/** Hinge loss max(0, 1 − target·prediction) for targets of −1 and 1. Throws `shape` unless the shapes are the same. */
export const hinge: Pair = elementLoss({
  name: 'hinge',
  loss: (prediction, target) => relu(sub(1, mul(prediction, target))),
  samples: pairs({ low: -3, high: 3, clearOfIntegers: true }, { values: [1, -1] }, [1, -1, 1]),
  // 1 − y·ŷ cancels to a rounding of 1.
  tolerance: { relative: 2 * ULP, absolute: ULP },
})

/** Options of `huber`. */
export interface HuberOptions extends LossOptions {
  /** Where the loss turns from a parabola into a line. Default 1. */
  delta?: number
}

/**
 * Huber's loss of d = prediction − target: d²/2 up to |d| = delta, then delta·(|d| − delta/2) (Huber 1964). Throws
 * `shape` unless the shapes are the same.
 */
export const huber: Pair<HuberOptions> = defineComposite<
  [prediction: Tensor, target: Tensor, options?: HuberOptions]
>({
  name: 'huber',
  family: 'loss',
  compose: (...args) => {
    refuseExtra('huber', args, 3)
    const [prediction, target, options = {}] = args
    checkPair('huber', prediction, target, ['prediction', 'target'])
    const { delta, reduction } = parseOptions('huber', options, {
      delta: number(1, { min: 0 }),
      ...REDUCTION,
    })
    // With c = d held within ±delta, c·(d − c/2) is both the parabola and the lines, and its slope is c.
    const d = sub(prediction, target)
    const c = clip(d, { min: -delta, max: delta })
    return reduced(mul(c, sub(d, mul(c, 0.5))), reduction)
  },
  samples: withReductions([
    ...pairs({ low: -3, high: 3, clearOfIntegers: true }, { values: [1, -2, 0, 3] }),
    ...pairs({ low: -3, high: 3, clearOfIntegers: true }, { values: [1, -2, 0, 3] }).map(sample => ({
      ...sample,
      options: { delta: 2 },
    })),
  ]),
  // d is rounded once and enters twice, then two products and a difference.
  tolerance: inputs => reducedTolerance(inputs, { relative: 6 * ULP, absolute: 0 }),
})
