// What models of folds are worth: the score of each run, and what the runs of a choice come to.
import type { Fit } from './fit.ts'
import type { History } from './history.ts'
import { type Metric, metricsOf } from './metrics.ts'
import { average } from './predictions.ts'
import { bestOf } from './selection.ts'

/** How one choice fared. */
export interface ChoiceResult<Choice> {
  readonly choice: Choice
  /** Of each fold. NaN where training failed for a loss that is not finite. */
  readonly scores: readonly number[]
  readonly mean: number
  /** Standard deviation of the scores over folds, with n − 1. */
  readonly deviation: number
  /** Epochs it takes: those chosen, else those after which training ended (or whose weights it put back), on the average. */
  readonly epochs: number
  /** The score after each epoch, averaged over folds, as far as all of them went. */
  readonly curve: readonly number[]
  readonly histories: readonly History[]
}

/** What models are compared by. */
export interface Scoring {
  /** Its name in an epoch's record. */
  readonly name: string
  readonly better: 'more' | 'less'
  /** What fit is to compute for it. */
  readonly metrics: readonly Metric[]
}

/** What an option names. Throws `option`. */
export function scoringOf(where: string, given: unknown): Scoring {
  if (given === 'loss') return { name: 'loss', better: 'less', metrics: [] }
  const [metric] = metricsOf(where, [given]) as [Metric]
  return { name: metric.name, better: metric.better, metrics: [metric] }
}

/** One model's training. */
export interface Run {
  readonly history: History
  /** The score after each epoch. */
  readonly curve: readonly number[]
  /** Whose weights the model ended with. */
  readonly epochs: number
  readonly score: number
  /** Why training failed, where a loss was not finite. */
  readonly error?: unknown
}

/** What training comes to; where a loss was not finite, it has no score. */
export async function runOf(run: Fit, { name }: Scoring): Promise<Run> {
  const { history } = run
  const curve = () => history.epochs.map(({ validation }) => validation?.[name] ?? Number.NaN)
  try {
    const { restoredEpoch } = await run
    const epochs = restoredEpoch ?? history.epochs.length
    return { history, curve: curve(), epochs, score: curve()[epochs - 1] ?? Number.NaN }
  } catch (error) {
    if (history.losses.every(Number.isFinite)) throw error
    return { history, curve: curve(), epochs: history.epochs.length, score: Number.NaN, error }
  }
}

/** What the runs of a choice, one a fold, come to. */
export function resultOf<Choice>(
  choice: Choice,
  runs: readonly Run[],
  chooseEpochs: boolean,
  { better }: Scoring,
): ChoiceResult<Choice> {
  const length = Math.min(...runs.map(({ curve }) => curve.length))
  const curve = Array.from({ length }, (_, epoch) => average(runs.map(run => run.curve[epoch] as number)))
  const chosen = chooseEpochs ? bestOf(curve, better) : null
  const failed = runs.some(({ error }) => error !== undefined)
  const epochs =
    chosen === null ? Math.max(1, Math.round(average(runs.map(({ epochs }) => epochs)))) : chosen + 1
  const scores = runs.map(run => (chosen === null || failed ? run.score : (run.curve[chosen] as number)))
  const mean = average(scores)
  const deviation = Math.sqrt(
    scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (scores.length - 1),
  )
  return { choice, scores, mean, deviation, epochs, curve, histories: runs.map(({ history }) => history) }
}
