// fit: the training loop, made of a compiled step, a set on the GPU and the rules that end it.
import type { HostArray } from '../dtype.ts'
import { fail } from '../errors.ts'
import { grad } from '../grad.ts'
import { checkLayers, type Layer } from '../nn/layer.ts'
import type { Optimizer } from '../optim/optimizer.ts'
import { parseOptions } from '../options.ts'
import type { Tensor } from '../tensor.ts'
import { checkNames, learnNames } from './class_names.ts'
import { Evaluator } from './evaluate.ts'
import type { Batch } from './feed.ts'
import { type FitOptions, optimizerOf, schema } from './fit_options.ts'
import { type EpochRecord, EventQueue, type FitEvent, type History, type StepEvent } from './history.ts'
import { defaultLoss, type Loss, lossOf } from './losses.ts'
import { metricsOf } from './metrics.ts'
import { Pace } from './pace.ts'
import { type Steps, type Submit, stepsOf } from './steps.ts'
import { type StopRule, stopRules } from './stopping.ts'
import { Watchman } from './watchman.ts'
import { Weights } from './weights.ts'

/** What a run comes to. */
export interface FitResult {
  readonly history: History
  /** Null when all epochs were done. */
  readonly stopped: { readonly by: 'rule' | 'abort'; readonly reason: string } | null
  /** The epoch, counted from 1, whose weights the model has, where a rule has put the best back. */
  readonly restoredEpoch: number | null
}

/** A run of training: a promise of its result, the events on the way, and the history as it grows. */
export interface Fit extends Promise<FitResult>, AsyncIterable<FitEvent> {
  readonly history: History
}

/**
 * Trains a model. Batches are gathered on the GPU, several small steps go in one submit, and nothing waits for a loss to
 * be read.
 *
 *     const run = train.fit(model, { train, validation, epochs: 20, metrics: ['accuracy'], stop: train.earlyStopping() })
 *     for await (const event of run) if (event.kind === 'epoch') console.log(event.epoch, event.validation)
 *     const { history } = await run
 *
 * Leaving the loop by `break` ends training, as `signal` does. Throws at once for options that make no sense and for a
 * model that does not fit the data; rejects with `value` when a loss is not finite.
 */
export function fit(model: Layer, options: FitOptions): Fit {
  const session = new Session(model, options)
  const promise = Promise.resolve().then(() => session.run())
  return Object.assign(promise, {
    history: session.history,
    [Symbol.asyncIterator]: () => {
      // What goes wrong comes out of the loop.
      promise.catch(() => undefined)
      return session.listen().iterate(promise, () => session.abort('the loop over its events was left'))
    },
  })
}

class Session {
  readonly history: History = { losses: [], epochs: [] }
  private readonly model: Layer
  private readonly options
  private readonly loss: Loss
  private readonly optimizer: Optimizer
  private readonly ownsOptimizer: boolean
  private readonly steps: Steps
  private readonly watchman: Watchman | null
  private readonly evaluator: Evaluator | null
  private readonly judges: readonly {
    readonly rule: StopRule
    readonly judge: ReturnType<StopRule['start']>
  }[]
  private readonly pace = new Pace()
  /** One for each loop over the events. */
  private readonly queues: EventQueue[] = []
  private ended = false
  private readonly leaving = new AbortController()
  /** The record of the last epoch whose steps were all submitted. */
  private told: Promise<unknown> = Promise.resolve()
  private stopped: FitResult['stopped'] = null
  private best: Weights | null = null
  private bestEpoch: number | null = null
  private start = 0
  private firstFinish = 0
  /** Rows trained on since the first submit finished. */
  private finishedRows = 0

  constructor(model: Layer, given: FitOptions) {
    checkLayers('fit', [model])
    const options = parseOptions('fit', given, schema)
    this.model = model
    this.options = options
    const {
      train,
      validation,
      loss = defaultLoss(train),
      batchSize,
      dropLast,
      shuffle,
      seed,
      watch,
    } = options
    this.loss = lossOf('fit', loss, train)
    checkNames('fit', 'validation', model, validation?.classNames, train.classNames)
    const metrics = metricsOf('fit', options.metrics)
    if (metrics.length > 0 && !validation)
      fail('option', 'fit', 'metrics need a validation set.', 'Pass { validation }, or call train.evaluate.')
    this.judges = stopRules('fit', options.stop).map(rule => ({
      rule,
      judge: rule.start(validation && metrics),
    }))
    this.ownsOptimizer = typeof options.optimizer !== 'object'
    this.optimizer = optimizerOf(options.optimizer, model.parameters())
    const made: { dispose(): void }[] = this.ownsOptimizer ? [this.optimizer] : []
    const { parameters } = this.optimizer
    this.watchman =
      watch && parameters.length > 0
        ? new Watchman({ model, loss: this.loss.apply, parameters }, step => this.leaveAfter(step))
        : null
    if (this.watchman) made.push(this.watchman)
    try {
      const body = (batch: Batch) => this.body(batch)
      this.steps = stepsOf(train, body, {
        batchSize,
        dropLast,
        shuffle,
        seed,
        watch,
        pace: this.pace,
        look: this.loss.look,
        signal: this.leaving.signal,
      })
      made.push(this.steps)
      this.evaluator = validation ? new Evaluator('fit, validation', model, validation, loss, metrics) : null
    } catch (error) {
      for (const item of made) item.dispose()
      throw error
    }
    learnNames(model, train.classNames)
  }

  /** What a step does. */
  private body({ features, labels }: Batch): readonly [Tensor, Tensor?] {
    const { model, loss, optimizer } = this
    const finite = this.watchman?.finite
    const { scale } = this.options
    const value = loss.apply(model(features, { training: true }), labels)
    const gradients = grad(scale?.apply(value) ?? value, [...optimizer.parameters])
    const watch = finite ? { watch: { loss: value, finite } } : {}
    optimizer.step(gradients, { ...watch, ...(scale ? { scale } : {}) })
    return finite ? [value, finite] : [value]
  }

  /** The events from now on. */
  listen(): EventQueue {
    const queue = new EventQueue()
    if (this.ended) queue.end()
    else this.queues.push(queue)
    return queue
  }

  abort(reason: string): void {
    this.stopped ??= { by: 'abort', reason }
    this.leaving.abort()
  }

  async run(): Promise<FitResult> {
    const { options, optimizer, pace, judges } = this
    const onAbort = (): void => this.abort('the signal was aborted')
    options.signal?.addEventListener('abort', onAbort)
    if (options.signal?.aborted) onAbort()
    const records: Promise<EpochRecord>[] = []
    try {
      if (!this.stopped) await Promise.all([this.steps.warmUp(), this.evaluator?.warmUp()])
      this.start = performance.now()
      // Otherwise the next epoch begins while this one's losses are read.
      const waits = judges.length > 0 || options.onEpoch !== undefined || optimizer.observes
      for (let epoch = 1; epoch <= options.epochs && !this.stopped; epoch++) {
        const sums: Promise<Sum>[] = []
        for await (const submit of this.steps.epoch(epoch)) {
          const sum = this.read(submit, epoch)
          sums.push(sum)
          await pace.add(submit.losses.size, sum)
          if (this.stopped) break
        }
        if (this.stopped) break
        const record = this.record(epoch, sums)
        record.catch(() => undefined) // it is awaited, maybe later
        records.push(record)
        this.told = record
        if (!waits) continue
        const known = await record
        optimizer.observe(known.validation?.loss ?? known.loss)
        await options.onEpoch?.({ kind: 'epoch', ...known })
        for (const { rule, judge } of judges) {
          const { best, stop } = judge(known)
          if (best && rule.restoresBest) this.keep(epoch)
          if (stop) this.stopped ??= { by: 'rule', reason: stop }
        }
      }
      await pace.drain()
      await Promise.all(records)
      this.best?.restore()
      const { history, stopped, bestEpoch: restoredEpoch } = this
      return { history, stopped, restoredEpoch }
    } finally {
      options.signal?.removeEventListener('abort', onAbort)
      await Promise.allSettled([...records, pace.settled()])
      for (const item of [this.steps, this.evaluator, this.best, this.watchman]) item?.dispose()
      if (this.ownsOptimizer) optimizer.dispose()
      this.ended = true
      for (const queue of this.queues) queue.end()
    }
  }

  /** Reads the losses of steps and tells of them. */
  private async read(submit: Submit, epoch: number): Promise<Sum> {
    const { told } = this
    const { losses, finite, rows } = submit
    const free = (): void => {
      for (const item of [finite, submit]) item?.dispose()
    }
    let isKept = false
    try {
      const numbers = await losses.data()
      // What is told comes in order: an epoch's record before steps of the next.
      await told
      await this.watchman?.check()
      const first = this.history.losses.length + 1
      const sum = await this.tell(rows, epoch, numbers)
      isKept = finite !== null
      const { replay, dispose } = submit
      if (finite) await this.watchman?.add({ finite, losses: numbers, epoch, first, replay, dispose })
      return sum
    } finally {
      losses.dispose()
      if (!isKept) free()
    }
  }

  /** Ends where a step was not finite: those after it were skipped. */
  private leaveAfter(step: number): void {
    this.history.losses.length = Math.min(this.history.losses.length, step)
    this.abort('a step was not finite')
  }

  private async tell(rows: number, epoch: number, numbers: HostArray): Promise<Sum> {
    const now = performance.now()
    if (this.firstFinish === 0) this.firstFinish = now
    else this.finishedRows += rows * numbers.length
    const { history, options, queues } = this
    const heard: unknown[] = []
    const { perEpoch } = this.steps
    const steps = perEpoch === null ? null : perEpoch * options.epochs
    const samplesPerSecond = (1000 * this.finishedRows) / Math.max(now - this.firstFinish, 1e-3)
    let loss = 0
    for (const value of numbers) {
      history.losses.push(value)
      loss += value * rows
      const step = history.losses.length
      if (queues.length > 0 || options.onStep) {
        const event: StepEvent = { kind: 'step', step, steps, epoch, loss: value, samplesPerSecond }
        for (const queue of queues) queue.push(event)
        heard.push(options.onStep?.(event))
      }
      // Under a loss scale that step was skipped; a watch says more.
      if (!Number.isFinite(value) && !options.scale && !this.watchman)
        fail(
          'value',
          'fit',
          `the loss of step ${step}, in epoch ${epoch}, is ${value}.`,
          'Lower the learning rate, clip the gradients, or look for what is odd in the data.',
        )
    }
    // Those of an async function, lest one that rejects is unhandled.
    await Promise.all(heard)
    return { loss, rows: rows * numbers.length }
  }

  /** The record of an epoch whose steps were all submitted. */
  private async record(epoch: number, reads: readonly Promise<Sum>[]): Promise<EpochRecord> {
    const learningRate = this.optimizer.lastLearningRate ?? this.optimizer.learningRate
    // Submitted behind the steps, so that it sees their weights and no later ones.
    const evaluation = this.evaluator?.run()
    evaluation?.catch(() => undefined) // awaited below
    const sums = await Promise.all(reads)
    await this.watchman?.look()
    const total = (key: keyof Sum): number => sums.reduce((sum, each) => sum + each[key], 0)
    const validation = await evaluation
    const record: EpochRecord = {
      epoch,
      loss: total('loss') / total('rows'),
      learningRate,
      seconds: (performance.now() - this.start) / 1000,
      ...(validation ? { validation } : {}),
    }
    this.history.epochs.push(record)
    for (const queue of this.queues) queue.push({ kind: 'epoch', ...record })
    return record
  }

  /** Keeps the weights of now, on the GPU. */
  private keep(epoch: number): void {
    this.best ??= new Weights(this.model)
    this.best.save()
    this.bestEpoch = epoch
  }
}

/** The losses of some rows, added up. */
interface Sum {
  readonly loss: number
  readonly rows: number
}
