// A run: a network in training by the library's fit, which waits at the end of an epoch while it is paused.
import { type data, type Engine, io, nn, type optim, tensor, train } from 'retrograd'
import { curvesOf, FAILED, type RunEvents, type Scores } from './frame.ts'
import { healthOf, type LayerHealth } from './health.ts'
import { networkOptions } from './network.ts'
import { optimizerOf } from './optimizer.ts'
import { madeProblem } from './points.ts'
import type { Aim, Problem } from './problem.ts'
import { Rest } from './rest.ts'
import { tableProblem } from './rows.ts'
import type { Settings } from './settings.ts'
import { type Look, linearLayers, type Neuron, View } from './view.ts'

/** More epochs than anybody waits for. */
const EPOCHS = 1_000_000

const FRAME = 110 // ms between pictures
const KEEP = 3000 // ms between copies of the weights

/** Weights are drawn from the seed's first numbers, as in a program that begins with init({ seed }). */
const drawModel = (engine: Engine, { seed }: Settings, make: () => nn.Layer): nn.Layer =>
  engine.withSeed(seed, make)

export class Run {
  /** Epochs still to be trained. */
  private due = 0
  private wake: () => void = () => {}
  private epoch = 0
  private readonly records: Scores[] = []
  private scores: Scores | null = null
  private readonly abort = new AbortController()
  private fit: Promise<void> | null = null
  private framed = 0
  private kept = 0
  private ended: string | null = null
  private showing: Promise<void> = Promise.resolve()
  private readonly rest = new Rest()

  private constructor(
    readonly problem: Problem,
    private readonly model: nn.Layer,
    private readonly optimizer: optim.Optimizer,
    private readonly view: View,
    private readonly settings: Settings,
    private readonly events: RunEvents,
    private look: Look,
  ) {}

  /** Throws, in words, where the data does not give what is asked for. */
  static async make(
    engine: Engine,
    settings: Settings,
    { table, look, events }: { table: data.Table | null; look: Look; events: RunEvents },
  ): Promise<Run> {
    const problem = await (table && settings.data === 'own' && settings.columns
      ? tableProblem(table, settings.columns, settings)
      : madeProblem(settings))
    try {
      const { inputs, task } = problem.view
      const sizes = [inputs.length, ...settings.layers.map(({ units }) => units), task.outputs]
      const model = drawModel(engine, settings, () => nn.mlp(sizes, networkOptions(settings)))
      const optimizer = optimizerOf(settings, model, problem.train.size)
      const view = new View(model, problem, settings)
      const run = new Run(problem, model, optimizer, view, settings, events, look)
      await run.begin(0)
      await run.show()
      return run
    } catch (error) {
      problem.dispose()
      throw error
    }
  }

  /** Begins the curves with the network as it is. */
  private async begin(epoch: number): Promise<void> {
    this.epoch = epoch
    this.scores = await this.measured()
    this.records.splice(0, Infinity, this.scores)
  }

  private async measured(): Promise<Scores> {
    const { train, validation, test } = this.problem
    const of = async (set: data.Dataset | null) => set && (await this.evaluate(set)).loss
    const { loss, accuracy = null } = await this.evaluate(test)
    return {
      epoch: this.epoch,
      train: await of(train),
      validation: await of(validation),
      test: loss,
      accuracy,
    }
  }

  private evaluate(set: data.Dataset): Promise<train.Scores> {
    const { loss, classes } = this.problem.view.task
    return train.evaluate(this.model, set, { loss, ...(classes ? { metrics: ['accuracy'] } : {}) })
  }

  /** Trains for so many epochs more; Infinity: until it is paused. */
  go(epochs: number): void {
    if (this.ended) return
    // Steps add up; one while it plays is the last.
    this.due = (Number.isFinite(this.due) && Number.isFinite(epochs) ? this.due : 0) + epochs
    this.fit ??= this.train()
    this.wake()
  }

  /** Resolved when it has come to rest, and what it then is was shown. */
  async pause(): Promise<void> {
    this.due = 0
    await this.atRest(async () => {
      await this.keep()
      await this.show()
    })
  }

  private async train(): Promise<void> {
    const { model, optimizer, problem, settings } = this
    const { task } = problem.view
    this.rest.leave()
    try {
      const { stopped, restoredEpoch } = await train.fit(model, {
        train: problem.train,
        // Where nothing is judged on the way, the test is merely looked at.
        validation: problem.validation ?? problem.test,
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
      this.ended = stopped ? wordsOf(stopped.reason) : 'all epochs are done'
      const best = this.records.find(({ epoch }) => epoch === restoredEpoch)
      if (best) {
        this.scores = best
        this.ended += `; the network is the best, of epoch ${best.epoch} out of ${this.epoch}`
        this.epoch = best.epoch
      }
    } catch (error) {
      if (this.abort.signal.aborted) return
      this.ended = FAILED
      this.events.onError(withPageAdvice(error))
    } finally {
      this.due = 0
      await this.rest.arrive()
    }
    await this.show().catch(error => this.events.onError(error))
  }

  private async afterEpoch({ loss, validation }: train.EpochEvent): Promise<void> {
    if (!validation) return
    this.epoch++
    this.due--
    const isHeld = this.problem.validation !== null
    const test = isHeld ? await this.evaluate(this.problem.test) : validation
    this.scores = {
      epoch: this.epoch,
      train: loss,
      validation: isHeld ? validation.loss : null,
      test: test.loss,
      accuracy: test.accuracy ?? null,
    }
    this.records.push(this.scores)
    await this.rest.arrive()
    const now = performance.now()
    if (this.due <= 0 || now - this.framed > FRAME) {
      await this.show()
      await new Promise(resolve => setTimeout(resolve)) // messages of the page come in
    }
    if (now - this.kept > KEEP) await this.keep()
    while (this.due <= 0 && !this.abort.signal.aborted)
      await new Promise<void>(resolve => {
        this.wake = resolve
      })
    await this.rest.arrive()
    this.rest.leave()
  }

  /** Does something to the network between two epochs. */
  private atRest<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    return this.whileAlive(() => this.rest.use(work))
  }

  /** What is asked of a run that is about to end comes to nothing. */
  private async whileAlive<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work()
    } catch (error) {
      if (this.abort.signal.aborted) return undefined
      throw error
    }
  }

  private async keep(): Promise<void> {
    this.kept = performance.now()
    await this.events.onKeep(await this.bytes(), this.epoch)
  }

  /** Computes and hands over what is to be seen; one after another. */
  private show(): Promise<void> {
    const shown = this.showing.then(async () => {
      if (this.abort.signal.aborted) return
      await this.view.refresh(this.look)
      await this.draw()
      this.framed = performance.now()
    })
    this.showing = shown.catch(() => {})
    return shown
  }

  private async draw(): Promise<void> {
    const picture = this.view.picture(this.look)
    if (!picture || !this.scores) return
    await this.events.onFrame({
      picture,
      drawn: this.view.drawn,
      epoch: this.epoch,
      scores: this.scores,
      curves: curvesOf(this.records),
      learningRate: this.optimizer.learningRate,
      isPlaying: this.due > 0,
      ended: this.ended,
    })
  }

  async setLook(look: Look): Promise<void> {
    this.look = look
    await this.whileAlive(() => this.show())
  }

  /** Looks at the problem over two other inputs. */
  async aim(map: Settings['map']): Promise<Aim | undefined> {
    return this.whileAlive(async () => {
      const aim = await this.problem.aim(map)
      await this.show()
      return aim
    })
  }

  /** Goes on with another rate. */
  setLearningRate(rate: number): void {
    this.optimizer.learningRate = rate
  }

  /** Sets the weight from neuron `from` of the layer before (null: the bias). */
  async edit({ layer, neuron }: Neuron, from: number | null, value: number): Promise<void> {
    const { weight, bias } = linearLayers(this.model)[layer] ?? {}
    const target = from === null ? bias : weight
    if (!target) return
    await this.atRest(async () => {
      const numbers = Float32Array.from(await target.data())
      numbers[from === null ? neuron : from * (weight?.shape[1] ?? 1) + neuron] = value
      target.assign(tensor(numbers, { shape: target.shape }))
      this.scores = await this.measured()
      await this.show()
    })
  }

  /** Looks at each layer's activations and gradients. */
  diagnose(): Promise<{ layers: readonly LayerHealth[]; warnings: readonly string[] } | undefined> {
    const { model, problem, optimizer } = this
    return this.whileAlive(async () => {
      const found = await train.diagnose(model, {
        data: problem.train,
        loss: problem.view.task.loss,
        optimizer,
      })
      return healthOf(found)
    })
  }

  /** The network as a file. */
  save(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.atRest(() => this.bytes())
  }

  private bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return io.saveSafetensors(this.model, { optimizer: this.optimizer })
  }

  /** Puts the network of a file into this run. */
  async load(bytes: Uint8Array<ArrayBuffer>, epoch = 0): Promise<void> {
    await this.atRest(async () => {
      const file = await io.readSafetensors(bytes)
      const isWhole = [...file.tensors.keys()].some(name => name.startsWith('optimizer.'))
      await io.loadSafetensors(bytes, this.model, isWhole ? { optimizer: this.optimizer } : {})
      await this.begin(epoch)
      await this.show()
    })
  }

  /** Ends training and frees all. */
  async dispose(): Promise<void> {
    this.abort.abort()
    this.wake()
    await Promise.allSettled([this.fit, this.showing])
    await this.rest.arrive()
    this.view.dispose()
    this.optimizer.dispose()
    this.model.dispose()
    this.problem.dispose()
  }
}

/** The library's advice, but for what the page has no control for. */
function withPageAdvice(error: unknown): unknown {
  if (error instanceof Error) error.message = error.message.replace(', clip the gradients, or', ', or')
  return error
}

/** A monitor is a name in the library; in the page, words. */
const wordsOf = (reason: string): string => reason.replace('validationLoss', 'the validation loss')
