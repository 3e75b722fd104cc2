// Metrics: what a model's outputs on a data set are worth, computed on the host in double precision.
import { isList } from '../data/numbers.ts'
import { fail, show } from '../errors.ts'
import { type Link, thresholdOf } from './losses.ts'

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

/** A number that says how well predictions fit labels. */
export interface Metric {
  /** Under which the result stands. */
  readonly name: string
  /** Whether more is better: early stopping asks. */
  readonly better: 'more' | 'less'
  readonly of: (predictions: Predictions) => number
}

/** confusion[actual][predicted]: how many rows. */
export type Confusion = readonly (readonly number[])[]

/** Classes of outputs or of one-hot targets: the place of the largest, the first of equals; of a single one, whether it exceeds `threshold`. */
function largest(numbers: ArrayLike<number>, row: number, width: number, threshold: number): number {
  const number = (column: number): number => numbers[row * width + column] as number
  if (width === 1) return number(0) > threshold ? 1 : 0
  let best = 0
  for (let column = 1; column < width; column++) if (number(column) > number(best)) best = column
  return best
}

/** The class each row was taken for. A single output is a logit or, without a loss that says so, a number from 0 to 1. */
function predictedClasses({ count, width, outputs, link }: Predictions): Int32Array {
  return Int32Array.from({ length: count }, (_, row) => largest(outputs, row, width, thresholdOf(link)))
}

/** Throws `shape` where targets have another width than outputs: numbers would be compared that do not belong together. */
function checkTargets({ count, width, labels, areIds }: Predictions): void {
  if (areIds || labels.length === count * width) return
  fail('shape', 'metrics', `the model gives ${width} numbers a row, labels have ${labels.length / count}.`)
}

/** The class each row is of. */
function actualClasses(predictions: Predictions): Int32Array {
  checkTargets(predictions)
  const { count, width, labels, areIds } = predictions
  return Int32Array.from({ length: count }, (_, row) =>
    areIds ? (labels[row] as number) : largest(labels, row, width, 0.5),
  )
}

/** How often rows of each class were taken for each. */
export function confusionOf(predictions: Predictions): Confusion {
  const actual = actualClasses(predictions)
  // One output tells two classes; labels may still hold more.
  const classes = actual.reduce((most, id) => Math.max(most, id + 1), Math.max(2, predictions.width))
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  const predicted = predictedClasses(predictions)
  actual.forEach((actual, row) => {
    const line = counts[actual]
    const column = predicted[row] as number
    if (line) line[column] = (line[column] ?? 0) + 1
  })
  return counts
}

/** Scores of one class. */
export interface ClassScores {
  /** Of the rows taken for this class, the share that are of it; 0 where there are none. */
  readonly precision: number
  /** Of the rows of this class, the share taken for it; 0 where there are none. */
  readonly recall: number
  /** The harmonic mean of the two. */
  readonly f1: number
  /** Rows of this class. */
  readonly support: number
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)
const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0)

/** Precision, recall and F1 of each class. */
export function classScores(confusion: Confusion): ClassScores[] {
  return confusion.map((row, i) => {
    const right = row[i] ?? 0
    const support = sumOf(row)
    const precision = ratio(right, sumOf(confusion.map(line => line[i] ?? 0)))
    const recall = ratio(right, support)
    return { precision, recall, f1: ratio(2 * precision * recall, precision + recall), support }
  })
}

/** The mean over classes that rows are of or were taken for ("macro"). */
function macro(predictions: Predictions, score: 'precision' | 'recall' | 'f1'): number {
  const confusion = confusionOf(predictions)
  const scores = classScores(confusion).filter(
    ({ support }, i) => support > 0 || confusion.some(row => (row[i] ?? 0) > 0),
  )
  return ratio(sumOf(scores.map(each => each[score])), scores.length)
}

/** Sums over all targets of what `term` makes of output and target. */
function mean(predictions: Predictions, term: (output: number, target: number) => number): number {
  checkTargets(predictions)
  const { count, width, outputs } = predictions
  let sum = 0
  for (let i = 0; i < count * width; i++) sum += term(outputs[i] as number, target(predictions, i))
  return sum / (count * width)
}

/** The number that output i should be: class ids are 0 and 1 for one output, one-hot for several. */
function target({ labels, areIds, width }: Predictions, i: number): number {
  if (!areIds) return labels[i] as number
  if (width === 1) return labels[i] as number
  return labels[Math.floor(i / width)] === i % width ? 1 : 0
}

/** The natural logarithm of the probability of each class of a row. */
function logProbabilities({ outputs, width, link }: Predictions, row: number): number[] {
  const numbers = Array.from({ length: width }, (_, column) => outputs[row * width + column] as number)
  // Numbers that are to be probabilities are kept within [1e-15, 1 − 1e-15], as scikit-learn did: 0 does not cost all.
  const log = (number: number): number => Math.log(Math.min(Math.max(number, 1e-15), 1 - 1e-15))
  if (link === 'softmax') {
    const most = Math.max(...numbers)
    // Apart from the maximum, beside which it may be lost.
    const rest = Math.log(sumOf(numbers.map(number => Math.exp(number - most))))
    return numbers.map(number => number - most - rest)
  }
  const [number = 0] = numbers
  if (link === 'sigmoid')
    return width > 1 ? numbers.map(logSigmoid) : [logSigmoid(-number), logSigmoid(number)]
  return width > 1 ? numbers.map(log) : [log(1 - number), log(number)]
}

/** log σ(x), where neither exponential nor logarithm overflows. */
const logSigmoid = (x: number): number => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)))

const metric = (name: string, better: Metric['better'], of: Metric['of']): Metric => ({
  name,
  better,
  of: predictions => {
    if (isList(predictions?.outputs) && isList(predictions.labels)) return of(predictions)
    return fail('value', name, `the predictions are ${show(predictions)}.`, 'Pass { outputs, labels, … }.')
  },
})

/** Share of rows taken for their class. */
const accuracy = metric('accuracy', 'more', predictions => {
  const predicted = predictedClasses(predictions)
  const right = actualClasses(predictions).filter((actual, row) => actual === predicted[row])
  return right.length / predictions.count
})

/** Share of rows whose class is among the k largest outputs. Throws `value` for k that is no whole number from 1 on. */
export function topK(k: number): Metric {
  if (!Number.isSafeInteger(k) || k < 1)
    fail('value', 'topK', `k is ${show(k)}; it must be a whole number from 1 on.`)
  return metric(`top${k}`, 'more', predictions => {
    const { outputs, width } = predictions
    if (width === 1) return k > 1 ? 1 : accuracy.of(predictions)
    const right = actualClasses(predictions).filter((actual, row) => {
      const own = actual < width ? (outputs[row * width + actual] as number) : Number.NaN
      let above = 0
      // Of equals, the first comes first.
      for (let column = 0; column < width; column++) {
        const other = outputs[row * width + column] as number
        // Where either is NaN, nothing says that this class is before that.
        if (!(other < own || (other === own && column >= actual))) above++
      }
      return above < k
    })
    return right.length / predictions.count
  })
}

/** −log p of each row's class, averaged. */
const logLoss = metric('logLoss', 'less', predictions => {
  const actual = actualClasses(predictions)
  let sum = 0
  for (let row = 0; row < predictions.count; row++)
    sum -= logProbabilities(predictions, row)[actual[row] as number] as number
  return sum / predictions.count
})

/** 1 − Σ(ŷ − y)² / Σ(y − ȳ)², ȳ the mean of each output's targets: 1 is perfect, 0 no better than ȳ. NaN for constant targets. */
const rSquared = metric('rSquared', 'more', predictions => {
  checkTargets(predictions)
  const { count, width } = predictions
  const means = Array.from({ length: width }, (_, column) => {
    let sum = 0
    for (let row = 0; row < count; row++) sum += target(predictions, row * width + column)
    return sum / count
  })
  let column = 0
  const spread = mean(predictions, (_, y) => (y - (means[column++ % width] as number)) ** 2)
  return 1 - mean(predictions, (output, y) => (output - y) ** 2) / spread
})

/** Metrics by name. */
export const metrics = {
  accuracy,
  precision: metric('precision', 'more', predictions => macro(predictions, 'precision')),
  recall: metric('recall', 'more', predictions => macro(predictions, 'recall')),
  f1: metric('f1', 'more', predictions => macro(predictions, 'f1')),
  logLoss,
  rSquared,
  meanSquaredError: metric('meanSquaredError', 'less', predictions =>
    mean(predictions, (output, y) => (output - y) ** 2),
  ),
  meanAbsoluteError: metric('meanAbsoluteError', 'less', predictions =>
    mean(predictions, (output, y) => Math.abs(output - y)),
  ),
} satisfies Record<string, Metric>

/** Metrics by name. */
export type MetricName = keyof typeof metrics

/** The metrics that a list names or holds. Throws `option` for what is none. */
export function metricsOf(where: string, given: unknown): readonly Metric[] {
  if (given === undefined) return []
  if (!Array.isArray(given))
    fail('option', where, `metrics are ${show(given)}, not a list.`, "Write ['accuracy'].")
  const list = given.map((item: unknown): Metric => {
    if (typeof item === 'string' && Object.hasOwn(metrics, item)) return metrics[item as MetricName]
    if (typeof item === 'object' && item !== null && typeof (item as Partial<Metric>).of === 'function')
      return item as Metric
    return fail(
      'option',
      where,
      `unknown metric ${show(item)}.`,
      `Known: ${Object.keys(metrics).join(', ')}, topK(k), or { name, better, of }.`,
    )
  })
  const odd = list.find(({ name }) => typeof name !== 'string' || name === 'loss')
  if (odd) fail('option', where, `a metric has the name ${show(odd.name)}.`, 'Give it another.')
  return list
}
