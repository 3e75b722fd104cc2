// Starts the engine inside a worker, says in plain words what it runs on, and notices when the GPU goes away.
import { expose, transferHandlers } from 'comlink'
import { type Engine, init, RetrogradError } from 'retrograd'
import { type BackendChoice, type Notice, softwareGpu, whyNoGpu } from './gpu.ts'

export interface EngineOptions {
  /** What the page found (`pageBackend` of notices.tsx): 'cpu' where it has shown already why. Default 'auto'. */
  readonly backend?: BackendChoice
  readonly seed?: number
  /** How often this page has lost its GPU. */
  readonly losses?: number
  /** Called once, with the reason, when the GPU goes away; a comlink `proxy` of the page's function. */
  readonly onLost?: (reason: string) => unknown
}

export interface StartedEngine {
  readonly engine: Engine
  /** What to tell of where it runs; null on a graphics card, or if `backend` was 'cpu'. */
  readonly notice: Notice | null
}

/** Starts an engine on WebGPU, or on the CPU if there is none. */
export async function startEngine(options: EngineOptions = {}): Promise<StartedEngine> {
  const { backend = 'auto', seed = 0, losses = 0, onLost } = options
  const obstacle = backend === 'auto' ? await whyNoGpu({ losses }) : null
  const engine = await init({ backend: obstacle ? 'cpu' : backend, seed })
  if (engine.backend === 'cpu')
    return { engine, notice: obstacle ?? (engine.reason ? refused(engine.reason) : null) }
  if (onLost) void watch(engine, onLost)
  return { engine, notice: engine.adapter.isFallback ? softwareGpu(engine.adapter.description) : null }
}

/** The adapter was there but gave no device. */
const refused = (reason: string): Notice => ({
  kind: 'warning',
  title: 'Running without the GPU',
  text: `The graphics card refused to work (${reason.replace(/^\[\w+\] /, '')}). The page computes on the CPU instead.`,
})

const HEARTBEAT = 500 // ms

/** An idle engine would not say that its device is gone: asks it now and then, as long as it lives. */
async function watch(engine: Engine, onLost: (reason: string) => unknown): Promise<void> {
  while (engine.isAlive) {
    try {
      engine.use(() => {}) // throws where the engine cannot be used; waits for nothing
    } catch (error) {
      if (isLost(error)) await onLost(error.message)
      return
    }
    await new Promise(resolve => setTimeout(resolve, HEARTBEAT))
  }
}

/** Whether an error says that the GPU went away. */
export const isLost = (error: unknown): error is RetrogradError =>
  error instanceof RetrogradError && error.code === 'lost'

/**
 * Gives the page the functions of this worker. Errors thrown by them keep their `code`; what nobody catches becomes an
 * error event of the worker, which the page tells (worker.ts).
 */
export function serveWorker(api: object): void {
  const thrown = transferHandlers.get('throw')
  if (thrown) {
    const serialize = thrown.serialize.bind(thrown)
    thrown.serialize = (marked: unknown) => {
      const [message, transfer] = serialize(marked)
      const { value } = marked as { value: unknown }
      if (value instanceof RetrogradError)
        Object.assign((message as { value: object }).value, { code: value.code })
      return [message, transfer]
    }
  }
  addEventListener('unhandledrejection', event => {
    event.preventDefault()
    reportError(event.reason)
  })
  expose(api)
}
