// Predictions: a model's outputs with what they should be, and what classes both say.
import { oddities } from '../data/labels.ts'
import { fail } from '../errors.ts'
import { checkOdd, type Link, thresholdOf } from './losses.ts'

/** Outputs of a model for a whole data set, with what they should be. */
export interface Predictions {
  /** Rows of the set. */
  readonly count: number
  /** Numbers a row that the model gives. */
  readonly width: number
  /** [count × width], row by row. */
  readonly outputs: ArrayLike<number>
  /** Class ids [count], or targets [count × width]. */
  readonly labels: ArrayLike<number>
  readonly areIds: boolean
  /** How outputs are to be read. */
  readonly link: Link
}

export const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0)
export const average = (numbers: readonly number[]): number => sumOf(numbers) / numbers.length

/** Throws `shape` where targets have another width than outputs: numbers would be compared that do not belong together. */
function checkTargets({ count, width, labels, areIds }: Predictions): void {
  if (areIds || labels.length === count * width) return
  fail('shape', 'metrics', `the model gives ${width} numbers a row, labels have ${labels.length / count}.`)
}

/**
 * The mean over outputs of what `of` makes of each, with the numbers that it should be: class ids are 0 and 1 for one
 * output, one-hot for several.
 */
export function overOutputs(
  predictions: Predictions,
  of: (output: Predictions, outputs: readonly number[], targets: readonly number[]) => number,
): number {
  checkTargets(predictions)
  const { count, width, outputs, labels, areIds } = predictions
  const scores = Array.from({ length: width }, (_, column) => {
    const list = (of: (place: number, row: number) => unknown) =>
      Array.from({ length: count }, (_, row) => Number(of(row * width + column, row)))
    const own = list(place => outputs[place])
    const targets = list((place, row) => (areIds && width > 1 ? labels[row] === column : labels[place]))
    return of({ ...predictions, width: 1, areIds: false, outputs: own, labels: targets }, own, targets)
  })
  return average(scores)
}

/**
 * Whether targets say one class a row, as probabilities do; else they say yes or no to each output: zeros and ones do, and
 * all where outputs are logits each. Throws `value` for numbers to predict.
 */
export function sayOne(where: string, link: Link, odd: Uint8Array, rows: Iterable<number> = odd.keys()) {
  const list = [...rows]
  const isOne = link !== 'sigmoid' && !list.some(row => (odd[row] as number) & 3)
  if (!isOne) checkOdd(where, link, odd, list)
  return isOne
}

/** The place of the largest number of a row, the first of equals; of a single one, whether it exceeds `threshold`. */
function largest({ count, width }: Predictions, numbers: ArrayLike<number>, threshold: number): Int32Array {
  return Int32Array.from({ length: count }, (_, row) => {
    const number = (column: number): number => numbers[row * width + column] as number
    if (width === 1) return Number(number(0) > threshold)
    let best = 0
    for (let column = 1; column < width; column++) if (number(column) > number(best)) best = column
    return best
  })
}

/** The class each row was taken for. A single output is a logit or, without a loss that says so, a number from 0 to 1. */
export const predictedClasses = (predictions: Predictions): Int32Array =>
  largest(predictions, predictions.outputs, thresholdOf(predictions.link))

/** Rows with a class id each; null where several labels are said yes or no to. Throws `value` for numbers to predict. */
export function withIds(predictions: Predictions): Predictions | null {
  checkTargets(predictions)
  const { count, width, labels, areIds, link } = predictions
  if (areIds) return predictions
  if (!sayOne('metrics', link, oddities(labels, count)) && width > 1) return null
  return { ...predictions, areIds: true, labels: largest(predictions, labels, 0.5) }
}

/** What `of` makes of rows with a class each; of several labels the mean, each with its no and yes for classes. */
export function overLabels(
  predictions: Predictions,
  of: (rows: Predictions, isLabel: boolean) => number,
): number {
  const rows = withIds(predictions)
  if (rows) return of(rows, false)
  return overOutputs(predictions, part => of(withIds(part) as Predictions, true))
}
