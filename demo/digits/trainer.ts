// The worker of the page: holds the network, trains it, judges it and reads what is drawn.
import { transfer } from 'comlink'
import {
  data,
  type Engine,
  io,
  nn,
  optim,
  RetrogradError,
  scope,
  type Tensor,
  tensor,
  train,
} from 'retrograd'
import { CLASSES, type Digits, normalizedPixels, PIXELS } from '../mnist.ts'
import { type EngineOptions, serveWorker, startEngine } from '../page/engine.ts'
import type { Notice } from '../page/gpu.ts'
import { type Evaluation, judge, pictureWeights, softmaxOf } from './evaluation.ts'
import { type AllDigits, missingFiles, readDigits, type Source } from './files.ts'
import { type Settings, sizesOf } from './settings.ts'
import { describeNetwork, OWN } from './stored.ts'

/** Told about ten times a second while training. */
export interface Progress {
  /** Losses of the steps since the last time. */
  readonly losses: Float32Array<ArrayBuffer>
  readonly step: number
  readonly epoch: number
  readonly samplesPerSecond: number
}

/** A network as a file, with the optimizer's state, as it was at a step. */
export interface Kept {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly epoch: number
  readonly step: number
}

export interface Listener {
  progress(progress: Progress): unknown
  evaluated(evaluation: Evaluation): unknown
  kept(kept: Kept): unknown
}

interface Network {
  readonly engine: Engine
  readonly model: nn.Layer
  readonly optimizer: optim.Optimizer
  readonly settings: Settings
  digits: Placed | null
  epoch: number
  step: number
}

/** Digits on the engine. */
interface Placed {
  readonly learn: data.Dataset
  readonly test: Tensor
  /** What `test` holds. */
  readonly judged: Digits
}

const TELL_EVERY = 100 // ms
const KEEP_EVERY = 4000 // ms

let engine: Engine | null = null
let digits: AllDigits | null = null
let network: Network | null = null
let running: AbortController | null = null

let starting: Promise<unknown> = Promise.resolve()

/** Another engine in place of the one there is. They follow each other, so that none is left over. */
function started(options: EngineOptions): Promise<Notice | null> {
  const done = starting.then(async () => {
    engine?.dispose() // and with it all that the last network held
    engine = null
    network = null
    const next = await startEngine(options)
    engine = next.engine
    return next.notice
  })
  starting = done.catch(() => {})
  return done
}

/** The digits, read at the first need. */
async function needDigits(source: Source): Promise<AllDigits> {
  const read = digits ?? (await readDigits(source))
  digits ??= read // unless the visitor has brought some meanwhile
  return digits
}

function needNetwork(): Network {
  if (!network) throw new Error('There is no network yet. Press Start, or load one from a file.')
  return network
}

/** As many digits as the settings ask for and the files hold. */
function place({ learn, test }: AllDigits, settings: Settings): Placed {
  const count = Math.min(settings.digits, learn.count)
  const tests = Math.min(settings.tests, test.count)
  const values = normalizedPixels(learn, count)
  return {
    learn: data.dataset({ values, shape: [count, PIXELS] }, learn.labels.subarray(0, count), {
      classes: CLASSES,
    }),
    test: tensor(normalizedPixels(test, tests), { shape: [tests, PIXELS] }),
    judged: test,
  }
}

async function evaluated(): Promise<Evaluation | null> {
  const { model, digits: placed, epoch } = needNetwork()
  if (!placed) return null
  const { test, judged } = placed
  const [count = 0] = test.shape
  const [first] = model.parameters()
  const outputs = train.predict(model, test)
  try {
    // Both reads begin before anything waits: they are of the same step.
    const [logits, weights] = await Promise.all([outputs.data(), first?.data()])
    return { epoch, weights: pictureWeights(weights ?? []), ...judge(logits, judged, count) }
  } finally {
    outputs.dispose()
  }
}

async function kept(): Promise<Kept> {
  const { model, optimizer, epoch, step } = needNetwork()
  return { bytes: await io.saveSafetensors(model, { optimizer, metadata: ownSettings() }), epoch, step }
}

const ownSettings = () => ({ [OWN]: JSON.stringify({ dropout: needNetwork().settings.dropout }) })

const trainer = {
  /** Finds what this machine has, and which files of digits the site lacks, if they are to come from there. */
  async look(options: EngineOptions, source: Source) {
    const notice = await started(options)
    const missing = typeof source === 'string' ? await missingFiles(source) : []
    return { notice, isFast: engine?.backend === 'webgpu' && !engine.adapter.isFallback, missing }
  },

  /** Takes digits from files, for the next network and for one that has none. Throws in plain words. */
  async take(files: readonly File[]): Promise<{ learn: number; test: number }> {
    digits = await readDigits(files)
    return { learn: digits.learn.count, test: digits.test.count }
  },

  /** Makes a network, new or from bytes, and puts the digits on the engine. What was before is gone. */
  async begin(
    options: EngineOptions,
    settings: Settings,
    source: Source,
    from: { bytes: Uint8Array<ArrayBuffer>; epoch: number; step: number; needsDigits: boolean } | null,
    onLost: (reason: string) => unknown,
  ): Promise<{ notice: Notice | null; evaluation: Evaluation | null }> {
    try {
      await needDigits(source)
    } catch (error) {
      if (!from || from.needsDigits) throw error // a network from a file can read what is drawn without them
    }
    const notice = await started({ ...options, seed: settings.seed, onLost })
    const model = nn.mlp(sizesOf(settings.hidden), { dropout: settings.dropout, initializer: 'heUniform' })
    const optimizer = optim.adam(model.parameters(), { learningRate: settings.learningRate })
    if (from) {
      const { metadata } = await io.readSafetensors(from.bytes)
      const hasState = [...metadata.keys()].some(key => key.startsWith('retrograd.optimizer'))
      await io.loadSafetensors(from.bytes, model, hasState ? { optimizer } : {})
    }
    const { epoch = 0, step = 0 } = from ?? {}
    const placed = digits && place(digits, settings)
    network = { engine: engine as Engine, model, optimizer, settings, digits: placed, epoch, step }
    return { notice, evaluation: await evaluated() }
  },

  /**
   * Trains until all epochs are done, `pause` is called, or a loss or gradient is no number: then that step is not made.
   * Pausing ends fit between two steps; the next call goes on with the same model and optimizer, and begins the
   * interrupted epoch anew, in another order.
   */
  async run(
    { learningRate, batchSize, epochs }: Pick<Settings, 'learningRate' | 'batchSize' | 'epochs'>,
    source: Source,
    listener: Listener,
  ): Promise<'paused' | 'done' | 'broken'> {
    const at = needNetwork()
    const { model, optimizer, settings } = at
    if (running) throw new Error('Training is under way already.')
    if (at.epoch >= epochs) return 'done'
    const controller = new AbortController()
    running = controller
    optimizer.learningRate = learningRate
    const firstStep = at.step
    const firstEpoch = at.epoch
    let losses: number[] = []
    let toldAt = 0
    let keptAt = performance.now()
    let keeping: Promise<void> | null = null
    const keep = async (): Promise<void> => {
      const state = await kept()
      keptAt = performance.now()
      await listener.kept(transfer(state, [state.bytes.buffer]))
    }
    const tell = (epoch: number, samplesPerSecond: number): void => {
      const some = Float32Array.from(losses)
      losses = []
      toldAt = performance.now()
      const progress = { losses: some, step: at.step, epoch, samplesPerSecond }
      void listener.progress(transfer(progress, [some.buffer]))
    }
    let pace = 0
    let end: 'paused' | 'done' | 'broken' = 'paused'
    try {
      at.digits ??= place(await needDigits(source), settings)
      const { stopped } = await train.fit(model, {
        train: at.digits.learn,
        optimizer,
        epochs: epochs - firstEpoch,
        batchSize: Math.min(batchSize, settings.digits),
        seed: settings.seed + firstStep,
        signal: controller.signal,
        watch: true, // a step that gives no numbers must not spoil the network
        onStep: ({ step, epoch, loss, samplesPerSecond }) => {
          if (!Number.isFinite(loss)) return // that step was not made
          at.step = firstStep + step
          losses.push(loss)
          pace = samplesPerSecond
          const now = performance.now()
          if (now - toldAt > TELL_EVERY) tell(firstEpoch + epoch, pace)
          if (now - keptAt > KEEP_EVERY && !keeping)
            keeping = keep()
              .catch(() => {}) // a lost device is told by the next step
              .finally(() => {
                keeping = null
              })
        },
        onEpoch: async ({ epoch }) => {
          at.epoch = firstEpoch + epoch
          const evaluation = await evaluated()
          tell(at.epoch, pace)
          if (evaluation) await listener.evaluated(evaluation)
        },
      })
      if (!stopped) end = 'done'
    } catch (error) {
      if (!(error instanceof RetrogradError && error.code === 'value')) throw error
      end = 'broken'
    } finally {
      running = null
    }
    tell(Math.min(at.epoch + 1, epochs), pace)
    const evaluation = end === 'done' ? null : await evaluated()
    if (evaluation) await listener.evaluated(evaluation)
    await keeping
    await keep()
    return end
  },

  async pause(): Promise<void> {
    running?.abort()
  },

  /** The network as a file, for `io.loadSafetensors` into the same `nn.mlp`. */
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await io.saveSafetensors(needNetwork().model, { metadata: ownSettings() })
    return transfer(bytes, [bytes.buffer])
  },

  describe: describeNetwork,

  /** Probabilities of the ten digits for a picture, [PIXELS] bytes; null while there is no network. */
  async read(pixels: Uint8Array<ArrayBuffer>): Promise<number[] | null> {
    if (!network) return null
    const { model } = network
    const values = normalizedPixels({ count: 1, pixels, labels: new Uint8Array(1) }, 1)
    const outputs = scope(() => model(tensor(values, { shape: [1, PIXELS] })))
    try {
      return softmaxOf(await outputs.data())
    } finally {
      outputs.dispose()
    }
  },

  /** A test digit, by chance. */
  async pick(source: Source): Promise<{ pixels: Uint8Array<ArrayBuffer>; label: number }> {
    const { pixels, labels, count } = (await needDigits(source)).test
    const row = Math.floor(Math.random() * count)
    return {
      pixels: new Uint8Array(pixels.subarray(row * PIXELS, (row + 1) * PIXELS)),
      label: labels[row] as number,
    }
  },
}

export type Trainer = typeof trainer

serveWorker(trainer)
