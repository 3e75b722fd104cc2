// What a model is trained to make small: losses by name or by function, and labels brought into the shape each asks for.
import type { Dataset } from '../data/dataset.ts'
import type { Look, Stream } from '../data/stream.ts'
import { isFloat } from '../dtype.ts'
import { fail, show } from '../errors.ts'
import { mul, sub } from '../ops/binary.ts'
import {
  hinge,
  huber,
  meanAbsoluteError,
  meanSquaredError,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
} from '../ops/losses.ts'
import { oneHot } from '../ops/one_hot.ts'
import { reshape } from '../ops/reshape.ts'
import { cast } from '../ops/unary.ts'
import { sameShape } from '../shape.ts'
import type { Tensor } from '../tensor.ts'

/** A scalar, the mean over a batch, of the model's output [batch, …] and the labels as the data set holds them. */
export type LossFunction = (output: Tensor, labels: Tensor) => Tensor

const losses = {
  softmaxCrossEntropy: (output, labels) => softmaxCrossEntropy(output, labels),
  sigmoidCrossEntropy: (output, labels) => sigmoidCrossEntropy(output, labels),
  meanSquaredError: (output, labels) => meanSquaredError(output, labels),
  meanAbsoluteError: (output, labels) => meanAbsoluteError(output, labels),
  huber: (output, labels) => huber(output, labels),
  // Its labels are −1 and 1.
  hinge: (output, labels) => hinge(output, sub(mul(labels, 2), 1)),
} satisfies Record<string, LossFunction>

/** Losses that `fit` and `evaluate` take by name. */
export type LossName = keyof typeof losses

/** How outputs are read: logits of classes, a logit each, or the numbers themselves. */
export type Link = 'softmax' | 'sigmoid' | 'identity'

/** Where a single output begins to say class 1: a logit above 0, a number or probability above ½. */
export const thresholdOf = (link: Link): number => (link === 'identity' ? 0.5 : 0)

export interface Loss {
  readonly link: Link
  readonly apply: LossFunction
  /** Throws `value` for the first of rows whose targets are not what it takes, as `oddities` tells. */
  readonly look?: Look
}

const links: Readonly<Partial<Record<LossName, Link>>> = {
  softmaxCrossEntropy: 'softmax',
  sigmoidCrossEntropy: 'sigmoid',
  hinge: 'sigmoid',
}

/** The loss a data set asks for by default. */
export const defaultLoss = ({ classes }: Dataset | Stream): LossName =>
  classes === null ? 'meanSquaredError' : 'softmaxCrossEntropy'

/**
 * The loss that an option names, or that a set asks for. Class ids become what it compares with: themselves for softmax
 * cross-entropy, 0 and 1 for one output, one-hot rows for several. Throws `option` for an unknown name, `value` where
 * targets of the set are not what it takes, and at the first use `shape` where output and labels do not fit.
 */
export function lossOf(where: string, given: unknown, set?: Dataset | Stream): Loss {
  if (typeof given === 'function') {
    const own = given as LossFunction
    const apply: LossFunction = (output, labels) => checkScalar(where, own(output, labels))
    return { link: 'identity', apply }
  }
  const asked = given ?? (set && defaultLoss(set))
  if (typeof asked !== 'string' || !Object.hasOwn(losses, asked))
    fail(
      'option',
      where,
      `unknown loss ${show(given)}.`,
      `Known: ${Object.keys(losses).join(', ')}, or a function (output, labels) => scalar.`,
    )
  const name = asked as LossName
  const link = links[name] ?? 'identity'
  const count = set?.classes ?? null
  const apply: LossFunction = (output, labels) =>
    losses[name](output, (link === 'softmax' ? classes : targets)(where, output, labels, count))
  const look: Look = (where, odd, rows) => {
    if (link !== 'identity') checkOdd(where, link, odd, rows)
  }
  if (set && 'odd' in set && set.odd) look(where, set.odd, set.rows)
  return { link, apply, look }
}

/** What targets may not be that say classes, as bits of `oddities`, and what they are then not, by how outputs are read. */
const wrong = {
  softmax: [3, 'probabilities that add up to 1'],
  sigmoid: [1, 'numbers from 0 to 1'],
  identity: [5, 'classes, but numbers to predict'],
} satisfies Record<Link, readonly [bits: number, what: string]>

/** Throws `value` for the first row whose targets say no class, as outputs are read. */
export function checkOdd(
  where: string,
  link: Link,
  odd: Uint8Array,
  rows: Iterable<number> = odd.keys(),
): void {
  const [bits, what] = wrong[link]
  for (const row of rows)
    if ((odd[row] as number) & bits)
      fail('value', where, `the labels at row ${row} are no ${what}.`, 'Use another loss, or other metrics.')
}

function checkScalar(where: string, loss: Tensor): Tensor {
  if (loss?.shape && loss.size === 1 && isFloat(loss.dtype)) return loss.rank === 0 ? loss : reshape(loss, [])
  return fail(
    'shape',
    where,
    `the loss gives ${show(loss?.shape ?? loss)}; it must be a float scalar.`,
    'Take its mean.',
  )
}

const misfit = (where: string, output: Tensor, labels: Tensor, remedy: string): never =>
  fail(
    'shape',
    where,
    `the model gives ${show(output.shape)}, the labels are ${labels.dtype} ${show(labels.shape)}.`,
    remedy,
  )

/** Labels for softmax cross-entropy: class ids, or a probability for each output. */
function classes(where: string, output: Tensor, labels: Tensor, count: number | null): Tensor {
  checkOutputs(where, output, count, 1)
  const fits = isFloat(labels.dtype)
    ? sameShape(labels.shape, output.shape)
    : sameShape(labels.shape, output.shape.slice(0, -1))
  if (fits) return labels
  return misfit(
    where,
    output,
    labels,
    'Give the last layer an output for each class, and labels as class ids or one-hot rows.',
  )
}

/** Throws `shape` where outputs are fewer than classes, of which one output may tell so many. */
function checkOutputs(where: string, { shape }: Tensor, count: number | null, told: number): void {
  const outputs = shape.at(-1) ?? 1
  if (count === null || outputs >= count || (outputs === 1 && count <= told)) return
  fail(
    'shape',
    where,
    `the model gives ${outputs} output${outputs === 1 ? '' : 's'}, the labels have ${count} classes.`,
    'Give the last layer one for each class.',
  )
}

/** Labels as numbers of the output's shape. */
function targets(where: string, output: Tensor, labels: Tensor, count: number | null): Tensor {
  const { shape, dtype } = output
  if (isFloat(labels.dtype) && sameShape(labels.shape, shape)) return labels
  if (!isFloat(labels.dtype) && sameShape(labels.shape, shape.slice(0, -1))) {
    const outputs = shape.at(-1) ?? 1
    checkOutputs(where, output, count, 2)
    if (outputs === 1) return reshape(cast(labels, dtype), shape)
    return cast(oneHot(labels, { classes: outputs }), dtype)
  }
  return misfit(where, output, labels, 'Give the last layer as many outputs as a label has numbers.')
}
