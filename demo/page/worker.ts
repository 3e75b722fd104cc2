// The page's side of a worker: calls its functions, tells its errors, and starts it anew when the GPU went away.
import { signal } from '@preact/signals'
import { type Remote, wrap } from 'comlink'
import { tellProblem } from './notices.tsx'

/** How often this page has lost its GPU: hand it to `startEngine` in the worker. */
export const gpuLosses = signal(0)

/** Thrown by calls to a worker that was stopped before it answered; no fault, and nothing to tell. */
export class WorkerStopped extends Error {
  override readonly name = 'WorkerStopped'
}

/** Whether an error that came from a worker says that the GPU went away. */
export const isLostError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'lost'

export interface WorkerLink<Api> {
  /** Calls functions of the worker: `link.call(api => api.step(3))`. Rejects with WorkerStopped if it is stopped meanwhile. */
  call<Result>(work: (api: Remote<Api>) => Promise<Result>): Promise<Result>
  /** Ends the worker at once, whatever it does; the next call starts another, with nothing of the old one's. */
  stop(): void
}

/**
 * Links a worker that serves its functions by `serveWorker` (engine.ts). It starts at the first call. `make` is written
 * out at the page, where Vite can see it: `() => new Worker(new URL('./trainer.ts', import.meta.url), { type: 'module' })`.
 */
export function linkWorker<Api>(make: () => Worker): WorkerLink<Api> {
  let running: { worker: Worker; api: Remote<Api>; gone: Promise<never>; end: (why: Error) => void } | null =
    null

  const start = () => {
    const worker = make()
    let end: (why: Error) => void = () => {}
    const gone = new Promise<never>((_, reject) => {
      end = reject
    })
    gone.catch(() => {}) // heard by calls alone
    let hasAnswered = false
    worker.addEventListener('message', () => {
      hasAnswered = true
    })
    worker.addEventListener('error', event => {
      event.preventDefault()
      const words = event.message || 'A part of this page could not be loaded. Try again, or reload it.'
      tellProblem(words)
      if (!hasAnswered && running?.worker === worker) stop(new Error(words)) // it never will
    })
    worker.addEventListener('messageerror', () => tellProblem('A message of the worker could not be read.'))
    running = { worker, api: wrap<Api>(worker), gone, end }
    return running
  }

  const stop = (why: Error = new WorkerStopped('The worker was stopped.')) => {
    running?.worker.terminate()
    running?.end(why)
    running = null
  }

  return {
    call(work) {
      const { api, gone } = running ?? start()
      return Promise.race([work(api), gone])
    },
    stop: () => stop(),
  }
}
