// What the page knows and does: the settings, the run in the worker and what it has told, the network kept in case of loss.
import { signal } from '@preact/signals'
import { proxy } from 'comlink'
import { download } from '../page/download.ts'
import { type BackendChoice, lostGpu } from '../page/gpu.ts'
import { clearProblems, pageBackend, setNotice, tellProblem, wordsOf } from '../page/notices.tsx'
import { gpuLosses, isLostError, linkWorker, WorkerStopped } from '../page/worker.ts'
import { LossCurve } from './curve.ts'
import type { Evaluation } from './evaluation.ts'
import { missingWords } from './files.ts'
import { DEFAULTS, type Machine, type Settings } from './settings.ts'
import type { Kept, Listener, Progress, Trainer } from './trainer.ts'

/**
 * empty: no network; busy: one is being made; running; pausing: the step under way ends; paused; done: all epochs; lost:
 * the GPU went away.
 */
export type Phase = 'empty' | 'busy' | 'running' | 'pausing' | 'paused' | 'done' | 'lost'

export const phase = signal<Phase>('empty')
export const machine = signal<Machine | null>(null)
export const settings = signal<Settings>(DEFAULTS.slow)
export const progress = signal<Omit<Progress, 'losses'> | null>(null)
export const curve = signal(new LossCurve().points())
/** Accuracy on the test digits after each epoch, the start included. */
export const accuracies = signal<readonly { readonly epoch: number; readonly accuracy: number }[]>([])
export const scores = signal<Pick<Evaluation, 'loss' | 'accuracy'> | null>(null)
export const confusion = signal<Evaluation['confusion'] | null>(null)
export const wrong = signal<Evaluation['wrong'] | null>(null)
export const weights = signal<Evaluation['weights'] | null>(null)

const link = linkWorker<Trainer>(
  () => new Worker(new URL('./trainer.ts', import.meta.url), { type: 'module' }),
)
const folder = new URL('../mnist', document.baseURI).href
let losses = new LossCurve()
let kept: Kept | null = null
/** Goes up with every worker or network: what an older one still tells is not heard. */
let era = 0
/** Called when the network has changed, for what is drawn to be read anew. */
let onChange = (): void => {}

export const whenNetworkChanges = (run: () => void): void => {
  onChange = run
}

const engineOptions = async (): Promise<{ backend: BackendChoice; losses: number }> => ({
  backend: await pageBackend,
  losses: gpuLosses.value,
})

/** Finds what there is, and sets what suits it. */
export async function look(): Promise<void> {
  try {
    const found = await link.call(async api => api.look(await engineOptions(), folder))
    if (found.notice) setNotice('gpu', found.notice)
    machine.value = found.isFast ? 'fast' : 'slow'
    if (phase.value === 'empty') settings.value = DEFAULTS[machine.value]
    if (found.missing.length > 0)
      setNotice('data', {
        kind: 'warning',
        title: 'No digits to learn from',
        text: missingWords(folder, found.missing),
      })
  } catch (error) {
    if (!(error instanceof WorkerStopped)) tellProblem(error)
  }
}

/** Tells what went wrong with the network of an era; a lost GPU in its own way. */
function failed(error: unknown, of: number, then: Phase): void {
  if (error instanceof WorkerStopped || of !== era) return
  if (isLostError(error)) {
    lost(of)
    return
  }
  tellProblem(error)
  phase.value = then
}

function lost(of: number): void {
  if (of !== era) return
  era++
  gpuLosses.value++
  link.stop()
  const wasRunning = phase.value === 'running' || phase.value === 'busy'
  phase.value = 'lost'
  const saved = kept
  const words = saved ? `The network of step ${saved.step} is kept.` : 'There was no network yet to keep.'
  const goOn = async (): Promise<void> => {
    setNotice('gpu', null)
    if (!saved) {
      phase.value = 'empty'
      return look()
    }
    losses = new LossCurve(saved.step)
    accuracies.value = accuracies.value.filter(({ epoch }) => epoch <= saved.epoch)
    if ((await begin({ ...saved, needsDigits: wasRunning })) && wasRunning) await run()
  }
  setNotice(
    'gpu',
    lostGpu(words, 'Go on', () => void goOn()),
  )
}

type Source = Parameters<Trainer['begin']>[3]

/** Makes a network; true if it stands. */
async function begin(from: Source): Promise<boolean> {
  const of = ++era
  phase.value = 'busy'
  try {
    const begun = await link.call(async api =>
      api.begin(
        await engineOptions(),
        settings.value,
        folder,
        from,
        proxy(() => lost(of)),
      ),
    )
    if (of !== era) return false
    if (begun.notice) setNotice('gpu', begun.notice)
    if (begun.evaluation) heard(begun.evaluation)
    phase.value = 'paused'
    onChange()
    return true
  } catch (error) {
    failed(error, of, 'empty')
    return false
  }
}

/** Evaluations come faster than they are shown where the tab is hidden: the last one counts. */
let unshown: Evaluation | null = null
let isShowing = false

function heard(next: Evaluation): void {
  if (next.epoch > 0) losses.judge(next.loss)
  scores.value = next
  const before = accuracies.value.filter(({ epoch }) => epoch < next.epoch)
  accuracies.value = [...before, { epoch: next.epoch, accuracy: next.accuracy }]
  unshown = next
  void show()
}

/** Shows what came of evaluations part by part, a task each, so that none is long. */
async function show(): Promise<void> {
  if (isShowing) return
  isShowing = true
  const of = era
  while (unshown) {
    const next: Evaluation = unshown
    unshown = null
    const parts = [
      onChange,
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
      await new Promise(resolve => setTimeout(resolve))
      if (of === era || phase.value === 'lost') part()
    }
  }
  isShowing = false
}

async function run(): Promise<void> {
  const of = era
  phase.value = 'running'
  const listener: Listener = {
    progress({ losses: some, ...rest }) {
      if (of !== era) return
      losses.add(some)
      curve.value = losses.points()
      progress.value = rest
    },
    evaluated(next) {
      if (of === era) heard(next)
    },
    kept(next) {
      if (of === era) kept = next
    },
  }
  try {
    const { learningRate, batchSize, epochs } = settings.value
    const end = await link.call(api => api.run({ learningRate, batchSize, epochs }, proxy(listener)))
    if (of === era) phase.value = end
  } catch (error) {
    failed(error, of, 'paused')
  }
}

function forget(): void {
  losses = new LossCurve()
  curve.value = losses.points()
  accuracies.value = []
  scores.value = null
  confusion.value = null
  wrong.value = null
  weights.value = null
  progress.value = null
  kept = null
}

/** Start, and Resume. */
export async function start(): Promise<void> {
  clearProblems()
  if (phase.value === 'empty') {
    forget()
    if (!(await begin(null))) return
  }
  if (phase.value === 'paused' || phase.value === 'done') await run()
}

export async function pause(): Promise<void> {
  if (phase.value !== 'running') return
  phase.value = 'pausing'
  await link.call(api => api.pause()).catch(error => failed(error, era, 'paused'))
}

/** Forgets the network; the settings stay. */
export function reset(): void {
  era++
  // At rest the worker may stay, with the digits that it has loaded.
  if (phase.value !== 'paused' && phase.value !== 'done') link.stop()
  if (phase.value === 'lost') setNotice('gpu', null)
  phase.value = 'empty'
  forget()
  onChange()
}

/** Has the browser save the network as a file. After a loss it is the one kept. */
export async function saveFile(): Promise<void> {
  try {
    const bytes = phase.value === 'lost' ? kept?.bytes : await link.call(api => api.save())
    if (bytes) download(`digits-${settings.value.hidden.join('-') || 'linear'}.safetensors`, bytes)
  } catch (error) {
    failed(error, era, phase.value)
  }
}

/** Takes a network from a file instead of the one there is. */
export async function loadFile(file: File): Promise<void> {
  clearProblems()
  try {
    const bytes = new Uint8Array(await file.arrayBuffer())
    const found = await link.call(api => api.describe(bytes))
    forget()
    settings.value = { ...settings.value, ...found }
    await begin({ bytes, epoch: 0, step: 0, needsDigits: false })
  } catch (error) {
    const isPlain = !(error instanceof WorkerStopped || isLostError(error))
    failed(
      isPlain ? new Error(`“${file.name}” cannot be loaded. ${wordsOf(error)}`) : error,
      era,
      phase.value,
    )
  }
}

/** Probabilities of the ten digits for a picture; null while there is no network, or none that can answer. */
export async function read(pixels: Uint8Array<ArrayBuffer>): Promise<number[] | null> {
  if (phase.value === 'empty' || phase.value === 'busy' || phase.value === 'lost') return null
  const of = era
  try {
    return await link.call(api => api.read(pixels))
  } catch (error) {
    failed(error, of, phase.value)
    return null
  }
}

/** A test digit, by chance; null where there are none. */
export async function pickDigit(): Promise<{ pixels: Uint8Array<ArrayBuffer>; label: number } | null> {
  try {
    return await link.call(api => api.pick(folder))
  } catch (error) {
    failed(error, era, phase.value)
    return null
  }
}
