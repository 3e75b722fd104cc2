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
  /** Ends the worker at once, whatever it does, and starts another with nothing of the old one's. */
  restart(): void
  /** Ends the worker; the next call starts another. */
  stop(): void
}

/**
 * Links a worker that serves its functions by `serveWorker` (engine.ts). It starts at the first call. `make` is written
 * out at the page, where Vite can see it: `() => new Worker(new URL('./trainer.ts', import.meta.url), { type: 'module' })`.
 */
export function linkWorker<Api>(make: () => Worker): WorkerLink<Api> {
  let running: { worker: Worker; api: Remote<Api>; gone: Promise<never>; end: () => void } | null = null

  const start = () => {
    const worker = make()
    let end = () => {}
    const gone = new Promise<never>((_, reject) => {
      end = () => reject(new WorkerStopped('The worker was stopped.'))
    })
    gone.catch(() => {}) // heard by calls alone
    worker.addEventListener('error', event => {
      event.preventDefault()
      tellProblem(event.message || 'A part of this page could not be loaded. Reload it.')
    })
    worker.addEventListener('messageerror', () => tellProblem('A message of the worker could not be read.'))
    running = { worker, api: wrap<Api>(worker), gone, end }
    return running
  }

  const stop = () => {
    running?.worker.terminate()
    running?.end()
    running = null
  }

  return {
    call(work) {
      const { api, gone } = running ?? start()
      return Promise.race([work(api), gone])
    },
    restart() {
      stop()
      start()
    },
    stop,
  }
}
