// Runs examples in the page, and tells Node.js what they print, draw and claim.
import type { train } from 'retrograd'
import type { Claim, Example } from './example.ts'

/** What the page tells while an example runs. */
export type Told =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'picture'; readonly name: string; readonly svg: string }
  | train.StepEvent

const modules = import.meta.glob<{ readonly run: Example }>('./examples/*.ts')

/** The progress bar moves at most this often, ms. */
const OFTEN = 100

/** Runs the example of a name. */
export async function runExample(name: string, seed: number, full: boolean): Promise<Claim> {
  const load = modules[`./examples/${name}.ts`]
  if (!load) throw new Error(`there is no example ${name}`)
  const { run } = await load()
  const tell = (told: Told): void => report(told)
  let last = Number.NEGATIVE_INFINITY
  return run({
    seed,
    full,
    log: text => tell({ kind: 'line', text }),
    picture: (picture, svg) => tell({ kind: 'picture', name: picture, svg }),
    progress: event => {
      if (performance.now() - last < OFTEN && event.step !== event.steps) return
      last = performance.now()
      tell(event)
    },
  })
}
