// What the buttons do: start, pause, resume and reset the run in the worker, take and give files, survive a lost GPU.
import { proxy } from 'comlink'
import { chooseFiles } from '../page/choose.ts'
import { download } from '../page/download.ts'
import { type BackendChoice, lostGpu } from '../page/gpu.ts'
import { clearProblems, pageBackend, setNotice, tellProblem, wordsOf } from '../page/notices.tsx'
import { gpuLosses, isLostError, linkWorker, WorkerStopped } from '../page/worker.ts'
import { missingWords, type Source } from './files.ts'
import { DEFAULTS } from './settings.ts'
import {
  forget,
  hearEvaluation,
  hearProgress,
  isBusy,
  isUnsaved,
  machine,
  networkVersion,
  type Phase,
  phase,
  progress,
  rewind,
  settings,
} from './state.ts'
import type { Kept, Listener, Trainer } from './trainer.ts'

const link = linkWorker<Trainer>(
  () => new Worker(new URL('./trainer.ts', import.meta.url), { type: 'module' }),
)
const folder = new URL('../mnist', document.baseURI).href
/** Where the digits come from. A worker that starts anew reads files of the visitor's anew. */
let source: Source = folder
let kept: Kept | null = null
/** Goes up with every worker or network: what an older one still tells is not heard. */
let era = 0
/** Whether the network that is being made is made to be trained at once. */
let trainsNext = false
const engineOptions = async (): Promise<{ backend: BackendChoice; losses: number }> => ({
  backend: await pageBackend,
  losses: gpuLosses.value,
})

/** Finds what there is, and sets what suits it. */
export async function look(): Promise<void> {
  try {
    const found = await link.call(async api => api.look(await engineOptions(), source))
    if (found.notice) setNotice('gpu', found.notice)
    machine.value = found.isFast ? 'fast' : 'slow'
    // Unless the visitor was quicker.
    if (phase.value === 'empty' && settings.value === DEFAULTS.slow) settings.value = DEFAULTS[machine.value]
    if (found.missing.length > 0)
      setNotice('data', {
        kind: 'warning',
        title: 'No digits to learn from',
        text: missingWords(folder, found.missing),
        action: { label: 'Choose files', run: () => void chooseDigits() },
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
  const wasRunning = phase.value === 'running' || (phase.value === 'busy' && trainsNext)
  phase.value = 'lost'
  const saved = kept
  const words = saved ? `The network of step ${saved.step} is kept.` : 'There was no network yet to keep.'
  const notice = lostGpu(words, 'Go on', () => void goOn())
  const goOn = async (): Promise<void> => {
    setNotice('gpu', null)
    if (!saved) {
      phase.value = 'empty'
      return look()
    }
    rewind(saved.step, saved.epoch)
    if (await begin({ ...saved, needsDigits: wasRunning }, { trains: wasRunning, otherwise: 'lost' })) {
      if (wasRunning) await run()
    } else if (phase.value === 'lost') setNotice('gpu', notice) // to be tried again
  }
  setNotice('gpu', notice)
}

/** Makes a network; true if it stands. `otherwise` is the phase if it does not. */
async function begin(
  from: Parameters<Trainer['begin']>[3],
  { trains, otherwise = 'empty' }: { trains: boolean; otherwise?: 'empty' | 'lost' },
): Promise<boolean> {
  const of = ++era
  trainsNext = trains
  phase.value = 'busy'
  try {
    const begun = await link.call(async api =>
      api.begin(
        await engineOptions(),
        settings.value,
        source,
        from,
        proxy(() => lost(of)),
      ),
    )
    if (of !== era) return false
    if (begun.notice) setNotice('gpu', begun.notice)
    if (begun.evaluation) hearEvaluation(begun.evaluation)
    phase.value = 'paused'
    networkVersion.value++
    return true
  } catch (error) {
    failed(error, of, otherwise)
    return false
  }
}

async function run(): Promise<void> {
  const of = era
  phase.value = 'running'
  const listener: Listener = {
    progress(next) {
      if (of === era) hearProgress(next)
    },
    evaluated(next) {
      if (of === era) hearEvaluation(next)
    },
    kept(next) {
      if (of === era) kept = next
    },
  }
  try {
    const { learningRate, batchSize, epochs } = settings.value
    const end = await link.call(api => api.run({ learningRate, batchSize, epochs }, source, proxy(listener)))
    if (of !== era) return
    phase.value = end === 'broken' ? 'paused' : end
    if (end === 'broken') tellProblem(brokenWords(learningRate))
  } catch (error) {
    failed(error, of, 'paused')
  }
}

const brokenWords = (learningRate: number): string =>
  `Training broke off after step ${progress.value?.step ?? 0}: the loss is no number any more, since the weights have ` +
  'grown beyond what numbers hold. The network is kept as it was before. Lower the learning rate, which is ' +
  `${learningRate}, and press Resume. If it breaks off again, press Reset and begin with the lower rate.`

/** Start, and Resume. */
export async function start(): Promise<void> {
  clearProblems()
  if (phase.value === 'empty') {
    kept = null
    forget()
    if (!(await begin(null, { trains: true }))) return
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
  kept = null
  forget()
}

/** Has the browser save the network as a file. After a loss it is the one kept. */
export async function saveFile(): Promise<void> {
  const of = era
  try {
    const bytes = phase.value === 'lost' ? kept?.bytes : await link.call(api => api.save())
    if (!bytes) return
    download(`digits-${settings.value.hidden.join('-') || 'linear'}.safetensors`, bytes)
    isUnsaved.value = false
  } catch (error) {
    failed(error, of, phase.value)
  }
}

/** Asks for a file of weights, and takes it. */
export async function chooseNetwork(): Promise<void> {
  const [file] = await chooseFiles('.safetensors')
  if (file) await loadFile(file)
}

/** Takes a network from a file instead of the one there is. */
async function loadFile(file: File): Promise<void> {
  clearProblems()
  const of = era
  try {
    const bytes = new Uint8Array(await file.arrayBuffer())
    const found = await link.call(api => api.describe(bytes))
    if (of !== era) return // Start or Reset was pressed since
    kept = null
    forget()
    settings.value = { ...settings.value, ...found }
    await begin({ bytes, epoch: 0, step: 0, needsDigits: false }, { trains: false })
  } catch (error) {
    const isPlain = !(error instanceof WorkerStopped || isLostError(error))
    failed(isPlain ? new Error(`“${file.name}” cannot be loaded. ${wordsOf(error)}`) : error, of, phase.value)
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
  const of = era
  try {
    return await link.call(api => api.pick(source))
  } catch (error) {
    failed(error, of, phase.value)
    return null
  }
}

/** Asks for the files of digits, and takes them. */
export const chooseDigits = async (): Promise<void> => takeDigits(await chooseFiles('', { multiple: true }))

/** Takes digits from files, for the next network and for one that has none. */
async function takeDigits(files: readonly File[]): Promise<void> {
  if (files.length === 0) return
  clearProblems()
  try {
    const { learn, test } = await link.call(api => api.take(files))
    source = files
    setNotice('data', {
      kind: 'info',
      title: 'Your digits are here',
      text: `${learn.toLocaleString('en')} to learn from and ${test.toLocaleString('en')} for tests.`,
    })
  } catch (error) {
    failed(error, era, phase.value)
  }
}

/** Takes what was dropped: a network, or digits. */
export function takeFiles(files: readonly File[]): void {
  const [file] = files
  if (isBusy.value) tellProblem('Files are taken while nothing is trained. Pause first.')
  else if (file && /\.safetensors$/i.test(file.name)) void loadFile(file)
  else void takeDigits(files)
}
