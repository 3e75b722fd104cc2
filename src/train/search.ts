// Searches: which options score best, of all combinations or of some drawn at random.
import { fail, show } from '../errors.ts'
import { abortSignal, callback, integer, type Option, oneOf, parseOptions, required } from '../options.ts'
import { hostRandom } from '../random.ts'
import { bestOf, list, SEEDS, turn } from './selection.ts'

/** Options tried, and how they fared. */
export interface Trial<Options> {
  readonly options: Options
  /** NaN where there is none: such a trial never is the best. */
  readonly score: number
}

/** What a search comes to. */
export interface Search<Options> {
  /** In the order in which they were tried. */
  readonly trials: readonly Trial<Options>[]
  /** The one with the best score, the first of equals. */
  readonly best: Trial<Options>
}

/** Options of both searches. */
export interface SearchOptions<Options> {
  /** What options are worth, such as the mean of a cross-validation. All trials are given the same seed. */
  score: (options: Options, context: { seed: number; signal?: AbortSignal }) => number | Promise<number>
  /** Whether more or less of it is better. Default 'more'. */
  better?: 'more' | 'less'
  /** Default 0. */
  seed?: number
  onTrial?: (trial: Trial<Options>) => void
  /** Ends it after the trial under way, which hears of it too: the promise rejects with the signal's reason. */
  signal?: AbortSignal
}

/** The values to try of each option. */
export type Grid = Readonly<Record<string, readonly unknown[]>>

/** One value of each option of a grid. */
export type GridPoint<Space extends Grid> = { readonly [Name in keyof Space]: Space[Name][number] }

/**
 * Scores every combination of the values of a space, those of the last option changing first.
 *
 *     const { best } = await train.gridSearch({
 *       space: { hidden: [4, 16], learningRate: [0.1, 0.01] },
 *       score: async ({ hidden, learningRate }, { seed, signal }) => …,
 *     })
 *
 * Throws `option` for options that make no sense, `value` when a score is no number, or NaN in all trials.
 */
export function gridSearch<const Space extends Grid>(
  options: SearchOptions<GridPoint<Space>> & { space: Space },
): Promise<Search<GridPoint<Space>>> {
  return search('gridSearch', options, {}, ({ space }) => {
    let points: Point[] = [{}]
    for (const [name, values] of entries('gridSearch', space)) {
      const items = list('gridSearch', `space.${name}`, values)
      points = points.flatMap(point => items.map(value => ({ ...point, [name]: value })))
    }
    return points
  }) as Promise<Search<GridPoint<Space>>>
}

/** What is drawn for each option: one of a list, all as likely, or what a function makes of numbers in [0, 1). */
export type Distributions = Readonly<Record<string, readonly unknown[] | ((random: () => number) => unknown)>>

/** What is drawn: a value of each option. */
export type Drawn<Space extends Distributions> = {
  readonly [Name in keyof Space]: Space[Name] extends (random: () => number) => infer Value
    ? Value
    : Space[Name] extends readonly (infer Value)[]
      ? Value
      : never
}

/**
 * Scores options drawn at random, which finds good values of the few that matter sooner than a grid (Bergstra and Bengio
 * 2012). The draws follow from the seed.
 *
 *     space: { hidden: [4, 8, 16], learningRate: random => 10 ** (-4 + 3 * random()) }    // 0.0001 to 0.1, evenly in the exponent
 *
 * Throws as `gridSearch` does.
 */
export function randomSearch<const Space extends Distributions>(
  options: SearchOptions<Drawn<Space>> & {
    space: Space
    /** How many are tried. Default 20. */
    trials?: number
  },
): Promise<Search<Drawn<Space>>> {
  const where = 'randomSearch'
  return search(where, options, { trials: integer(20, { min: 1 }) }, ({ space, trials, seed }) => {
    const random = hostRandom(seed, SEEDS - 1)
    const rules = entries(where, space).map(([name, rule]): [string, () => unknown] => {
      if (typeof rule === 'function') return [name, () => rule(random)]
      const items = list(where, `space.${name}`, rule)
      return [name, () => items[Math.floor(random() * items.length)]]
    })
    return Array.from({ length: trials as number }, () =>
      Object.fromEntries(rules.map(([name, draw]) => [name, draw()])),
    )
  }) as Promise<Search<Drawn<Space>>>
}

type Point = Record<string, unknown>

function entries(where: string, space: unknown): [string, unknown][] {
  const found = typeof space === 'object' && space !== null ? Object.entries(space) : []
  return found.length > 0
    ? found
    : fail('option', where, 'the space has no options.', 'Write { learningRate: [0.1, 0.01] }.')
}

async function search(
  where: string,
  given: object,
  extra: Readonly<Record<string, Option<number>>>,
  pointsOf: (checked: { space: unknown; trials?: unknown; seed: number }) => readonly Point[],
): Promise<Search<Point>> {
  const { score, better, onTrial, signal, ...checked } = parseOptions(where, given, {
    space: value => value,
    ...extra,
    score: required<SearchOptions<Point>['score']>,
    better: oneOf(['more', 'less'], 'more'),
    seed: integer(0),
    onTrial: callback<SearchOptions<Point>['onTrial']>,
    signal: abortSignal,
  })
  const context = { seed: checked.seed, ...(signal ? { signal } : {}) }
  const trials: Trial<Point>[] = []
  for (const options of pointsOf(checked)) {
    await turn(signal)
    const value: unknown = await score(options, context)
    if (typeof value !== 'number')
      fail('value', where, `score gave ${show(value)}, not a number.`, 'Return one, or a promise of it.')
    signal?.throwIfAborted()
    const trial = { options, score: value }
    trials.push(trial)
    await onTrial?.(trial)
  }
  const scores = trials.map(trial => trial.score)
  const best = trials[bestOf(scores, better) ?? -1]
  return best ? { trials, best } : fail('value', where, `all ${trials.length} scores are NaN.`)
}
