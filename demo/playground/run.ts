// A run: a network in training by the library's fit, which waits at the end of an epoch while it is paused.
import { type data, type Engine, io, nn, optim, tensor, train } from 'retrograd'
import { networkOptions, optimizerOptions, scheduleOptions } from './network.ts'
import { makeProblem, type Problem } from './problem.ts'
import type { Settings } from './settings.ts'
import { type Look, linearLayers, type Picture, View } from './view.ts'

/** More epochs than anybody waits for. */
const EPOCHS = 1_000_000

/** What the page is shown of a run, some times a second. */
export interface Frame {
  readonly picture: Picture
  /** Neurons drawn of each column. */
  readonly drawn: readonly number[]
  readonly epoch: number
  readonly curves: Curves
  /** Share of test rows that are recognised; null where a number is predicted. */
  readonly accuracy: number | null
  readonly learningRate: number
  readonly isPlaying: boolean
  /** Why training has ended, if it has. */
  readonly ended: string | null
}

export interface Curves {
  readonly epochs: readonly number[]
  readonly train: readonly (number | null)[]
  readonly test: readonly number[]
}

export interface RunEvents {
  onFrame(frame: Frame): Promise<void>
  /** Weights for the page to keep, should the GPU go away. */
  onKeep(weights: Uint8Array<ArrayBuffer>, epoch: number): void
  onError(error: unknown): void
}

const FRAME = 110 // ms between pictures
const KEEP = 3000 // ms between copies of the weights
const POINTS = 400 // of a curve

/** Weights are drawn from the seed's first numbers, as in a program that begins with init({ seed }). */
const drawModel = (engine: Engine, { seed }: Settings, make: () => nn.Layer): nn.Layer =>
  engine.withSeed(seed, make)

export class Run {
  private mode: 'paused' | 'playing' | 'one step' = 'paused'
  private wake: () => void = () => {}
  private epoch = 0
  private accuracy: number | null = null
  private readonly records: { epoch: number; train: number | null; test: number }[] = []
  private readonly abort = new AbortController()
  private fit: Promise<void> | null = null
  private framed = 0
  private kept = 0
  private ended: string | null = null
  private showing: Promise<void> = Promise.resolve()

  private constructor(
    readonly problem: Problem,
    private readonly model: nn.Layer,
    private readonly optimizer: optim.Optimizer,
    private readonly view: View,
    private readonly settings: Settings,
    private readonly events: RunEvents,
    private look: Look,
  ) {}

  static async make(
    engine: Engine,
    settings: Settings,
    { table, look, events }: { table: data.Table | null; look: Look; events: RunEvents },
  ): Promise<Run> {
    const problem = await makeProblem(settings, table)
    try {
      const { inputs, task } = problem.view
      const sizes = [inputs.length, ...settings.layers.map(({ units }) => units), task.outputs]
      const model = drawModel(engine, settings, () => nn.mlp(sizes, networkOptions(settings)))
      const optimizer = optimizerOf(settings, model, problem.train.size)
      const view = new View(model, problem, settings)
      const run = new Run(problem, model, optimizer, view, settings, events, look)
      const scores = await run.evaluate()
      run.accuracy = scores.accuracy
      run.records.push({ epoch: 0, train: scores.train, test: scores.test })
      await run.show()
      return run
    } catch (error) {
      problem.dispose()
      throw error
    }
  }

  private async evaluate() {
    const { loss, classes } = this.problem.view.task
    const of = (set: data.Dataset) =>
      train.evaluate(this.model, set, { loss, ...(classes ? { metrics: ['accuracy'] } : {}) })
    const [own, held] = [await of(this.problem.train), await of(this.problem.test)]
    return { train: own.loss, test: held.loss, accuracy: held.accuracy ?? null }
  }

  play(): void {
    this.go('playing')
  }

  step(): void {
    this.go('one step')
  }

  private go(mode: 'playing' | 'one step'): void {
    if (this.ended) return
    this.mode = mode
    this.fit ??= this.train()
    this.wake()
  }

  async pause(): Promise<void> {
    this.mode = 'paused'
    await this.keep()
  }

  private async train(): Promise<void> {
    const { model, optimizer, problem, settings } = this
    const { task } = problem.view
    try {
      const { stopped } = await train.fit(model, {
        train: problem.train,
        validation: problem.test,
        loss: task.loss,
        optimizer,
        epochs: EPOCHS,
        batchSize: Math.min(settings.batchSize, problem.train.size),
        seed: settings.seed,
        ...(task.classes ? { metrics: ['accuracy'] } : {}),
        ...(settings.patience > 0 ? { stop: train.earlyStopping({ patience: settings.patience }) } : {}),
        signal: this.abort.signal,
        onEpoch: event => this.afterEpoch(event),
      })
      if (stopped?.by === 'abort') return
      this.ended = stopped?.reason ?? 'all epochs are done'
    } catch (error) {
      if (this.abort.signal.aborted) return
      this.ended = 'an error'
      this.events.onError(error)
    }
    this.mode = 'paused'
    await this.show().catch(error => this.events.onError(error))
  }

  private async afterEpoch({ loss, validation }: train.EpochEvent): Promise<void> {
    this.epoch++
    this.accuracy = validation?.accuracy ?? null
    this.records.push({ epoch: this.epoch, train: loss, test: validation?.loss ?? 0 })
    if (this.mode === 'one step') this.mode = 'paused'
    const now = performance.now()
    if (this.mode === 'paused' || now - this.framed > FRAME) {
      await this.show()
      await new Promise(resolve => setTimeout(resolve)) // messages of the page come in
    }
    if (now - this.kept > KEEP) await this.keep()
    while (this.mode === 'paused' && !this.abort.signal.aborted)
      await new Promise<void>(resolve => {
        this.wake = resolve
      })
  }

  private async keep(): Promise<void> {
    this.kept = performance.now()
    this.events.onKeep(await this.save(), this.epoch)
  }

  /** Computes and hands over what is to be seen; one after another. */
  show(): Promise<void> {
    const shown = this.showing.then(async () => {
      if (this.abort.signal.aborted) return
      await this.view.refresh()
      await this.draw()
      this.framed = performance.now()
    })
    this.showing = shown.catch(() => {})
    return shown
  }

  private async draw(): Promise<void> {
    const picture = this.view.picture(this.look)
    if (!picture) return
    await this.events.onFrame({
      picture,
      drawn: this.view.drawn,
      epoch: this.epoch,
      curves: this.curves(),
      accuracy: this.accuracy,
      learningRate: this.optimizer.learningRate,
      isPlaying: this.mode !== 'paused',
      ended: this.ended,
    })
  }

  private curves(): Curves {
    const { records } = this
    const every = Math.ceil(records.length / POINTS)
    const shown = records.filter((_, i) => i % every === 0 || i === records.length - 1)
    return {
      epochs: shown.map(({ epoch }) => epoch),
      train: shown.map(record => record.train),
      test: shown.map(({ test }) => test),
    }
  }

  async setLook(look: Look): Promise<void> {
    this.look = look
    await this.draw()
  }

  /** Goes on with another rate. */
  setLearningRate(rate: number): void {
    this.optimizer.learningRate = rate
  }

  /** Sets the weight from neuron `from` (null: the bias) to neuron `to`. */
  async edit(layer: number, from: number | null, to: number, value: number): Promise<void> {
    const { weight, bias } = linearLayers(this.model)[layer] ?? {}
    const target = from === null ? bias : weight
    if (!target) return
    const numbers = Float32Array.from(await target.data())
    const place = (from ?? 0) * (weight?.shape[1] ?? 1) + to
    numbers[from === null ? to : place] = value
    target.assign(tensor(numbers, { shape: target.shape }))
    await this.show()
  }

  /** Looks at each layer's activations and gradients. */
  async diagnose(): Promise<{ layers: readonly train.LayerDiagnosis[]; warnings: readonly string[] }> {
    const { model, problem, optimizer } = this
    const { layers, warnings } = await train.diagnose(model, {
      data: problem.train,
      loss: problem.view.task.loss,
      optimizer,
    })
    return { layers, warnings }
  }

  save(): Promise<Uint8Array<ArrayBuffer>> {
    return io.saveSafetensors(this.model, { optimizer: this.optimizer })
  }

  async load(bytes: Uint8Array<ArrayBuffer>, epoch = 0): Promise<void> {
    const file = await io.readSafetensors(bytes)
    const isWhole = [...file.tensors.keys()].some(name => name.startsWith('optimizer.'))
    await io.loadSafetensors(bytes, this.model, isWhole ? { optimizer: this.optimizer } : {})
    this.epoch = epoch
    this.records.length = 0
    const { train, test, accuracy } = await this.evaluate()
    this.accuracy = accuracy
    this.records.push({ epoch, train, test })
    await this.show()
  }

  /** Ends training and frees all. */
  async dispose(): Promise<void> {
    this.abort.abort()
    this.wake()
    await Promise.allSettled([this.fit, this.showing])
    this.view.dispose()
    this.optimizer.dispose()
    this.model.dispose()
    this.problem.dispose()
  }
}

function optimizerOf(settings: Settings, model: nn.Layer, rows: number): optim.Optimizer {
  const { name, options } = optimizerOptions(settings)
  const learningRate = scheduleOf(settings, Math.ceil(rows / Math.min(settings.batchSize, rows)))
  return optim[name](model.parameters(), { ...options, learningRate })
}

function scheduleOf(settings: Settings, stepsPerEpoch: number): number | optim.Schedule {
  const found = scheduleOptions(settings, stepsPerEpoch)
  if (!found) return settings.learningRate
  if (found.name === 'warmUp') return optim.warmUp(settings.learningRate, found.options)
  // Names and options belong together, which a union of functions does not tell.
  const make = optim[found.name] as (options: object) => optim.Schedule
  return make(found.options)
}
