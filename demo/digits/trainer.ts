// The worker of the page: holds the network, trains it, judges it and reads what is drawn.
import { transfer } from 'comlink'
import { data, type Engine, io, nn, optim, scope, type Tensor, tensor, train } from 'retrograd'
import { CLASSES, normalizedPixels, PIXELS } from '../mnist.ts'
import { type EngineOptions, serveWorker, startEngine } from '../page/engine.ts'
import type { Notice } from '../page/gpu.ts'
import { type Evaluation, judge, pictureWeights, softmaxOf } from './evaluation.ts'
import { type AllDigits, fetchDigits, missingFiles } from './files.ts'
import { parseSizes, type Settings, sizesOf } from './settings.ts'

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
  readonly learn: data.Dataset | null
  readonly test: Tensor | null
  epoch: number
  step: number
}

const TELL_EVERY = 100 // ms
const KEEP_EVERY = 4000 // ms
/** Under this name a file holds the settings that its numbers do not show. */
const OWN = 'digits'

let engine: Engine | null = null
let digits: AllDigits | null = null
let network: Network | null = null
let running: AbortController | null = null

async function started(options: EngineOptions): Promise<Notice | null> {
  engine?.dispose() // and with it all that the last network held
  engine = null
  network = null
  const next = await startEngine(options)
  engine = next.engine
  return next.notice
}

function needNetwork(): Network {
  if (!network) throw new Error('There is no network yet. Press Start, or load one from a file.')
  return network
}

async function evaluated(): Promise<Evaluation | null> {
  const { model, test, settings, epoch } = needNetwork()
  if (!test || !digits) return null
  const [first] = model.parameters()
  const outputs = train.predict(model, test)
  try {
    // Both reads begin before anything waits: they are of the same step.
    const [logits, weights] = await Promise.all([outputs.data(), first?.data()])
    return { epoch, weights: pictureWeights(weights ?? []), ...judge(logits, digits.test, settings.tests) }
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
  /** Finds what this machine has, and which files of digits the site lacks. */
  async look(options: EngineOptions, folder: string) {
    const notice = await started(options)
    const missing = await missingFiles(folder)
    return { notice, isFast: engine?.backend === 'webgpu' && !engine.adapter.isFallback, missing }
  },

  /** Makes a network, new or from bytes, and puts the digits on the engine. What was before is gone. */
  async begin(
    options: EngineOptions,
    settings: Settings,
    folder: string,
    from: { bytes: Uint8Array<ArrayBuffer>; epoch: number; step: number; needsDigits: boolean } | null,
    onLost: (reason: string) => unknown,
  ): Promise<{ notice: Notice | null; evaluation: Evaluation | null }> {
    try {
      digits ??= await fetchDigits(folder)
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
    let learn: data.Dataset | null = null
    let test: Tensor | null = null
    if (digits) {
      const values = normalizedPixels(digits.learn, settings.digits)
      const labels = digits.learn.labels.subarray(0, settings.digits)
      learn = data.dataset({ values, shape: [settings.digits, PIXELS] }, labels, { classes: CLASSES })
      test = tensor(normalizedPixels(digits.test, settings.tests), { shape: [settings.tests, PIXELS] })
    }
    const { epoch = 0, step = 0 } = from ?? {}
    network = { engine: engine as Engine, model, optimizer, settings, learn, test, epoch, step }
    return { notice, evaluation: await evaluated() }
  },

  /**
   * Trains until all epochs are done or `pause` is called. Pausing ends fit between two steps; the next call goes on with
   * the same model and optimizer, and begins the interrupted epoch anew, in another order.
   */
  async run(
    { learningRate, batchSize, epochs }: Pick<Settings, 'learningRate' | 'batchSize' | 'epochs'>,
    listener: Listener,
  ): Promise<'paused' | 'done'> {
    const at = needNetwork()
    const { model, optimizer, settings, learn } = at
    if (!learn) digits = null // fetched anew at the next begin
    if (!learn) throw new Error('There are no digits to learn from: see the notice above.')
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
    try {
      const { stopped } = await train.fit(model, {
        train: learn,
        optimizer,
        epochs: epochs - firstEpoch,
        batchSize: Math.min(batchSize, settings.digits),
        seed: settings.seed + firstStep,
        signal: controller.signal,
        onStep: ({ step, epoch, loss, samplesPerSecond }) => {
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
      tell(Math.min(at.epoch + 1, epochs), pace)
      const evaluation = stopped && (await evaluated())
      if (evaluation) await listener.evaluated(evaluation)
      await keeping
      await keep()
      return stopped ? 'paused' : 'done'
    } finally {
      running = null
    }
  },

  async pause(): Promise<void> {
    running?.abort()
  },

  /** The network as a file, for `io.loadSafetensors` into the same `nn.mlp`. */
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await io.saveSafetensors(needNetwork().model, { metadata: ownSettings() })
    return transfer(bytes, [bytes.buffer])
  },

  /** Hidden layers and dropout of a network in a file. Throws in plain words where it holds none that reads digits. */
  async describe(bytes: Uint8Array<ArrayBuffer>): Promise<Pick<Settings, 'hidden' | 'dropout'>> {
    const { tensors, metadata } = await io.readSafetensors(bytes)
    const weights = [...tensors]
      .flatMap(([name, { shape }]) =>
        /^\d+\.weight$/.test(name) ? [{ layer: Number.parseInt(name, 10), shape }] : [],
      )
      .sort((a, b) => a.layer - b.layer)
    const sizes = [weights[0]?.shape[0], ...weights.map(({ shape }) => shape[1])]
    if (sizes[0] !== PIXELS || sizes.at(-1) !== CLASSES)
      throw new Error(
        `This file holds no network that reads digits: one takes ${PIXELS} pixels and gives ${CLASSES} numbers.`,
      )
    const hidden = parseSizes(sizes.slice(1, -1).join(' '))
    if ('wrong' in hidden) throw new Error(`The network in this file is too large. ${hidden.wrong}`)
    // Layers with dropout are three apart: linear, ReLU, dropout.
    const hasDropout = weights[1]?.layer === 3
    const own = /"dropout":(0\.\d+)/.exec(metadata.get(OWN) ?? '')?.[1]
    return { hidden, dropout: hasDropout ? Number(own ?? 0.5) : 0 }
  },

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
  async pick(folder: string): Promise<{ pixels: Uint8Array<ArrayBuffer>; label: number }> {
    digits ??= await fetchDigits(folder)
    const { pixels, labels, count } = digits.test
    const row = Math.floor(Math.random() * count)
    return {
      pixels: new Uint8Array(pixels.subarray(row * PIXELS, (row + 1) * PIXELS)),
      label: labels[row] as number,
    }
  },
}

export type Trainer = typeof trainer

serveWorker(trainer)
