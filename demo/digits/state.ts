// What the page knows: the settings, how far the run is, and what the worker has told of the network.
import { computed, effect, signal } from '@preact/signals'
import { LossCurve } from './curve.ts'
import type { Evaluation } from './evaluation.ts'
import { DEFAULTS, type Machine, type Settings } from './settings.ts'
import type { Progress } from './trainer.ts'

/**
 * empty: no network; busy: one is being made; running; pausing: the step under way ends; paused; done: all epochs; lost:
 * the GPU went away.
 */
export type Phase = 'empty' | 'busy' | 'running' | 'pausing' | 'paused' | 'done' | 'lost'

export const phase = signal<Phase>('empty')
/** There is training in the network that is in no file yet. */
export const isUnsaved = signal(false)
/** Something is under way that other files or settings would disturb. */
export const isBusy = computed(() => !['empty', 'paused', 'done'].includes(phase.value))
export const machine = signal<Machine | null>(null)
export const settings = signal<Settings>(DEFAULTS.slow)

const losses = new LossCurve()
export const curve = signal(losses.points())
export const progress = signal<Omit<Progress, 'losses'> | null>(null)
/** Accuracy on the test digits after each epoch, the start included. */
export const accuracies = signal<readonly { readonly epoch: number; readonly accuracy: number }[]>([])
export const scores = signal<Pick<Evaluation, 'loss' | 'accuracy'> | null>(null)
export const confusion = signal<Evaluation['confusion'] | null>(null)
export const wrong = signal<Evaluation['wrong'] | null>(null)
export const weights = signal<Evaluation['weights'] | null>(null)
/** Goes up when the network answers otherwise than before: what is drawn is to be read anew. */
export const networkVersion = signal(0)

export function hearProgress({ losses: some, ...rest }: Progress): void {
  losses.add(some)
  curve.value = losses.points()
  progress.value = rest
  isUnsaved.value = true
}

/** Evaluations come faster than they are shown where the tab is hidden: the last one counts. */
let unshown: Evaluation | null = null
let isShowing = false

export function hearEvaluation(next: Evaluation): void {
  if (next.epoch > 0) losses.judge(next.loss)
  scores.value = next
  const before = accuracies.value.filter(({ epoch }) => epoch < next.epoch)
  accuracies.value = [...before, { epoch: next.epoch, accuracy: next.accuracy }]
  unshown = next
  void show()
}

/** Resolves when what has changed was painted. */
const painted = (): Promise<void> => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)))

/** Shows what came of evaluations part by part, a frame each, so that none is long. */
async function show(): Promise<void> {
  if (isShowing) return
  isShowing = true
  while (unshown) {
    const next: Evaluation = unshown
    unshown = null
    const parts = [
      () => {
        networkVersion.value++
      },
      () => {
        confusion.value = next.confusion
      },
      () => {
        wrong.value = next.wrong
      },
      () => {
        weights.value = next.weights
      },
    ]
    for (const part of parts) {
      await painted()
      if (scores.value) part() // else forgotten meanwhile
    }
  }
  isShowing = false
}

/** Has the browser ask whether the page is to be left. */
const askFirst = (event: BeforeUnloadEvent): void => event.preventDefault()

// Only while there is something to lose: a page that listens is slower to leave and to come back to.
effect(() => {
  if (isUnsaved.value) addEventListener('beforeunload', askFirst)
  else removeEventListener('beforeunload', askFirst)
})

/** Goes back to the network of a step. */
export function rewind(step: number, epoch: number): void {
  losses.rewind(step)
  accuracies.value = accuracies.value.filter(point => point.epoch <= epoch)
}

/** There is no network any more. */
export function forget(): void {
  losses.rewind(0)
  curve.value = losses.points()
  accuracies.value = []
  unshown = null
  scores.value = null
  confusion.value = null
  wrong.value = null
  weights.value = null
  progress.value = null
  isUnsaved.value = false
  networkVersion.value++
}
