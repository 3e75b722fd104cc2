// Metrics: what a model's outputs on a data set are worth, computed on the host in double precision.
import { isList } from '../data/numbers.ts'
import { fail, show } from '../errors.ts'
import {
  average,
  overLabels,
  overOutputs,
  type Predictions,
  predictedClasses,
  sumOf,
  withIds,
} from './predictions.ts'

/** A number that says how well predictions fit labels. */
export interface Metric {
  /** Under which the result stands. */
  readonly name: string
  /** Whether more is better: early stopping asks. */
  readonly better: 'more' | 'less'
  /** Whether it is about classes: it is refused at the call where labels are numbers to predict. */
  readonly ofClasses?: boolean
  readonly of: (predictions: Predictions) => number
}

/** confusion[actual][predicted]: how many rows. */
export type Confusion = readonly (readonly number[])[]

/** Rows with a class id each. Throws `value` where several labels are said yes or no to. */
const single = (predictions: Predictions): Predictions =>
  withIds(predictions) ??
  fail(
    'value',
    'metrics',
    `labels say yes or no to each of ${predictions.width} outputs: no row has one class.`,
  )

/** How often rows of each class were taken for each. */
export function confusionOf(predictions: Predictions): Confusion {
  const actual = Array.from(single(predictions).labels)
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

function metric(name: string, better: Metric['better'], of: Metric['of'], ofClasses = false): Metric {
  return {
    name,
    better,
    ofClasses,
    of: predictions => {
      if (isList(predictions?.outputs) && isList(predictions.labels)) return of(predictions)
      return fail('value', name, `the predictions are ${show(predictions)}.`, 'Pass { outputs, labels, … }.')
    },
  }
}

/** A metric of classes: of rows with one each, or the mean over several labels. */
const sorted = (name: string, better: Metric['better'], of: Parameters<typeof overLabels>[1]): Metric =>
  metric(name, better, predictions => overLabels(predictions, of), true)

/** The mean over classes that rows are of or were taken for, of a label the score of yes. */
const macro = (name: 'precision' | 'recall' | 'f1'): Metric =>
  sorted(name, 'more', (rows, isLabel) => {
    const confusion = confusionOf(rows)
    const scores = classScores(confusion).filter(({ support }, i) =>
      isLabel ? i > 0 : support > 0 || confusion.some(row => (row[i] ?? 0) > 0),
    )
    return average(scores.map(each => each[name]))
  })

/** The mean over all outputs of all rows of what `term` makes of one and the number that it should be. */
const mean = (name: string, term: (output: number, target: number) => number): Metric =>
  metric(name, 'less', predictions =>
    overOutputs(predictions, (_, outputs, targets) =>
      average(targets.map((target, row) => term(outputs[row] as number, target))),
    ),
  )

const square = (a: number, b: number): number => (a - b) ** 2

/**
 * Share of rows whose class is among the k largest outputs, of equals those that come first. Throws `value` for k that is
 * no whole number from 1 on.
 */
export function topK(k: number): Metric {
  if (!Number.isSafeInteger(k) || k < 1)
    fail('value', 'topK', `k is ${show(k)}; it must be a whole number from 1 on.`)
  const of = (predictions: Predictions): number => {
    const { outputs, width, labels, count } = single(predictions)
    if (width === 1) return k > 1 ? 1 : metrics.accuracy.of(predictions)
    const right = Array.from(labels).filter((actual, row) => {
      const own = actual < width ? (outputs[row * width + actual] as number) : Number.NaN
      let above = 0
      for (let column = 0; column < width; column++) {
        const other = outputs[row * width + column] as number
        // Where either is NaN, nothing says that this class is before that.
        if (!(other < own || (other === own && column >= actual))) above++
      }
      return above < k
    })
    return right.length / count
  }
  return metric(`top${k}`, 'more', of, true)
}

/**
 * Metrics by name, for a whole set. A row's class is its largest output, the first of equals; a single output says class 1
 * above 0 where the loss is sigmoidCrossEntropy or hinge, else above ½.
 *
 * Under these two losses, and where labels are zeros and ones that do not make one class a row, targets of several numbers
 * are as many labels, each said yes or no to. Labels that are numbers to predict have no classes: metrics of classes
 * throw `value`.
 */
export const metrics = {
  /** Share of rows taken for their class; of several labels, share of the yes and no that is right. */
  accuracy: sorted('accuracy', 'more', rows => {
    const { labels, count } = rows
    return predictedClasses(rows).filter((id, row) => id === labels[row]).length / count
  }),
  /**
   * Of the rows taken for a class, the share that are of it (0 where there are none): the mean over classes that occur or
   * are found, all counting the same ("macro"), for two classes too, of which `classificationReport` gives each. Of several
   * labels, the mean over labels of the precision of yes.
   */
  precision: macro('precision'),
  /** Of the rows of a class, the share taken for it; averaged as precision is. */
  recall: macro('recall'),
  /** The harmonic mean of a class's precision and recall, 2pr / (p + r), 0 where both are; averaged as they are. */
  f1: macro('f1'),
  /**
   * −log p of each row's class, averaged over rows (and over labels, where there are several). p is the softmax or sigmoid
   * of the outputs, by the loss; outputs under another loss are taken for probabilities, kept within [1e-15, 1 − 1e-15].
   */
  logLoss: sorted('logLoss', 'less', rows =>
    average(Array.from(rows.labels, (id, row) => -(logProbabilities(rows, row)[id] as number))),
  ),
  /**
   * 1 − Σ(ŷ − y)² / Σ(y − ȳ)², the coefficient of determination, ȳ the mean of the set's targets: 1 is perfect, 0 no better
   * than ȳ. Of several outputs the mean of each one's, as in scikit-learn. Where targets are constant, 1 if met, else 0.
   */
  rSquared: metric('rSquared', 'more', predictions =>
    overOutputs(predictions, (_, outputs, targets) => {
      const mean = average(targets)
      const error = sumOf(targets.map((y, row) => square(outputs[row] as number, y)))
      const spread = sumOf(targets.map(y => square(y, mean)))
      return spread === 0 ? Number(error === 0) : 1 - error / spread
    }),
  ),
  /** Σ(ŷ − y)² over all outputs of all rows, divided by their number. */
  meanSquaredError: mean('meanSquaredError', square),
  /** Σ|ŷ − y| over all outputs of all rows, divided by their number. */
  meanAbsoluteError: mean('meanAbsoluteError', (output, y) => Math.abs(output - y)),
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
