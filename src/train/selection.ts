// What training of many models shares: seeds that follow from one, models made from them, the best score.
import type { Engine } from '../engine.ts'
import { fail, show } from '../errors.ts'
import type { Layer } from '../nn/layer.ts'
import type { Optimizer } from '../optim/optimizer.ts'
import { checkOptions } from '../options.ts'
import { hostRandom } from '../random.ts'
import type { Parameter } from '../tensor.ts'
import type { FitOptions } from './fit_options.ts'

/** The streams of the seeds that follow from one: far from those of shuffles, splits and folds. */
export const SEEDS = 2 ** 43

/** The i-th of the seeds that follow from one. */
export function seedOf(seed: number, i: number): number {
  const random = hostRandom(seed, SEEDS + i)
  return Math.floor(random() * 2 ** 24) * 2 ** 24 + Math.floor(random() * 2 ** 24)
}

/** Makes models by a function, each from a seed. Throws `value` for what is no layer, and for one that it gave before. */
export function modelMaker<Choice>(
  where: string,
  engine: Engine,
  make: (choice: Choice) => Layer,
): (seed: number, choice: Choice) => Layer {
  const given = new Set<Layer>()
  return (seed, choice) => {
    const model = engine.withSeed(seed, () => make(choice))
    if (typeof (model as Partial<Layer> | null)?.parameters !== 'function')
      fail('value', where, `model gave ${show(model)}, not a layer.`, 'Return one: () => nn.mlp([…]).')
    if (given.has(model))
      fail('value', where, 'model gave the same model twice.', 'Make a new one in it: () => nn.mlp([…]).')
    given.add(model)
    return model
  }
}

/** How models that are made anew are trained: their optimizer is made with them. */
export type FreshFit<Own extends keyof FitOptions> = Omit<FitOptions, Own | 'optimizer'> & {
  /** Makes the optimizer of a model's parameters. Default `optim.adam`. */
  optimizer?: (parameters: readonly Parameter[]) => Optimizer
}

/** Throws `option` for an option of fit that is not the caller's to give, and for an optimizer of other parameters. */
export function checkFit<Fit extends object>(
  where: string,
  given: Fit,
  own: readonly (keyof FitOptions)[],
): Fit {
  checkOptions(where, given, Object.keys(given ?? {}))
  const taken = own.find(name => name in given)
  if (taken) fail('option', where, `fit names ${taken}, which ${where} gives it.`, 'Leave it out.')
  const { optimizer } = given as FitOptions
  if (typeof optimizer === 'object')
    fail(
      'option',
      where,
      'the optimizer in fit has parameters already.',
      'Pass parameters => optim.adam(parameters).',
    )
  return given
}

/** The place of the best score, the first of equals; NaN is none. Null where all are NaN. */
export function bestOf(scores: readonly number[], better: 'more' | 'less'): number | null {
  let best: number | null = null
  scores.forEach((score, i) => {
    const known = best === null ? Number.NaN : (scores[best] as number)
    const wins = Number.isNaN(known) || (better === 'more' ? score > known : score < known)
    if (!Number.isNaN(score) && wins) best = i
  })
  return best
}

/** Lets timers and a page have their turn, then throws what an aborted signal gives as its reason. */
export async function turn(signal: AbortSignal | undefined): Promise<void> {
  await new Promise(resolve => setTimeout(resolve))
  signal?.throwIfAborted()
}

/** Reads a list of one item or more. */
export function list(where: string, name: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value
  return fail('option', where, `${name} is ${show(value)}; it must be a list of one or more.`)
}
