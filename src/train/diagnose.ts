// diagnose: how large a network's activations, gradients and updates are, layer by layer, and what is wrong with them.
import { compile } from '../compile.ts'
import { Dataset } from '../data/dataset.ts'
import { isFloat } from '../dtype.ts'
import { fail, must } from '../errors.ts'
import { grad } from '../grad.ts'
import { checkLayers, type Layer, observeLayers } from '../nn/layer.ts'
import { add, div, equal, greater, less, sub } from '../ops/binary.ts'
import { inDType } from '../ops/in_dtype.ts'
import { concat } from '../ops/join.ts'
import { assignTo } from '../ops/parameter.ts'
import { max, mean, sum } from '../ops/reduce.ts'
import { detach, reshape } from '../ops/reshape.ts'
import { abs, cast, sqrt, square } from '../ops/unary.ts'
import { type Optimizer, optimizerOption } from '../optim/optimizer.ts'
import { asGiven, integer, optional, parseOptions } from '../options.ts'
import type { Parameter, Tensor } from '../tensor.ts'
import { columns } from '../text.ts'
import {
  type Diagnosis,
  diagnosisTable,
  type LayerDiagnosis,
  layerTitle,
  type ParameterDiagnosis,
  short,
  warningsOf,
} from './diagnosis.ts'
import { type Batch, type BatchLike, batchOf } from './feed.ts'
import type { EpochEvent } from './history.ts'
import { type Loss, type LossFunction, type LossName, lossOf } from './losses.ts'

/** Options of `diagnose` and `monitor`. */
export interface DiagnoseOptions {
  /** A set, of which the first `rows` are taken, or a batch { features, labels }. */
  data: BatchLike
  /** By default as the labels ask: softmax cross-entropy for class ids, squared error for numbers. */
  loss?: LossName | LossFunction
  /** Measures the step it would take, too. It and the parameters stay as they are. */
  optimizer?: Optimizer
  /** Default 256. */
  rows?: number
}

/**
 * Looks at a model's forward and backward on one batch, as in training: norms of each layer's output, gradient and update, shares
 * of saturated and dead units, and warnings. One submit, one read; the model, its running statistics, the optimizer
 * and the engine's random stream stay as they are.
 *
 *     console.log(String(await train.diagnose(model, { data: set, optimizer })))
 */
export async function diagnose(model: Layer, options: DiagnoseOptions): Promise<Diagnosis> {
  const probe = new Probe('diagnose', model, options)
  try {
    return await probe.run()
  } finally {
    probe.dispose()
  }
}

/** Diagnoses a model after each epoch, on the same batch. */
export interface ModelMonitor {
  /** For `fit`. */
  readonly onEpoch: (event: EpochEvent) => Promise<void>
  readonly history: readonly (Diagnosis & { readonly epoch: number })[]
  /** Frees the batch and the plan. */
  dispose(): void
  /** The gradient's norm of each layer over the epochs, as a table. */
  toString(): string
}

/**
 * Norms over time:
 *
 *     const monitor = train.monitor(model, { data: set, optimizer })
 *     await train.fit(model, { train: set, optimizer, onEpoch: monitor.onEpoch })
 *     console.log(String(monitor))
 */
export function monitor(model: Layer, options: DiagnoseOptions): ModelMonitor {
  const probe = new Probe('monitor', model, options)
  const history: (Diagnosis & { epoch: number })[] = []
  return {
    history,
    onEpoch: async ({ epoch }) => {
      history.push({ epoch, ...(await probe.run()) })
    },
    dispose: () => probe.dispose(),
    toString: () => {
      const known = (history[0]?.layers ?? []).filter(({ gradient }) => gradient !== null)
      const head = ['gradients of epoch', ...history.map(({ epoch }) => String(epoch))]
      const rows = known.map(({ path }) => {
        const own = history.map(({ layers }) => layers.find(layer => layer.path === path))
        return [layerTitle(must(own[0], 'layer')), ...own.map(layer => short(layer?.gradient ?? null))]
      })
      return columns([head, ...rows]).join('\n')
    },
  }
}

interface Seen {
  readonly path: string
  readonly label: string
  /** Names of its own parameters. */
  readonly names: readonly string[]
  readonly kind: string
  /** What its share of units is. */
  readonly shows: 'saturated' | 'dead' | null
}

/** A recorded look at a model, to be repeated. */
class Probe {
  private readonly loss: Loss
  private readonly optimizer: Optimizer | null
  private readonly batch: Batch
  private readonly made: readonly Tensor[]
  private readonly seen: Seen[] = []
  private readonly step

  constructor(
    where: string,
    private readonly model: Layer,
    options: DiagnoseOptions,
  ) {
    checkLayers(where, [model])
    const { data, loss, optimizer, rows } = parseOptions(where, options, {
      data: asGiven,
      loss: asGiven,
      optimizer: optional(optimizerOption),
      rows: integer(256, { min: 1 }),
    })
    const [first] = model.parameters()
    const engine = first?.engine ?? fail('value', where, 'the model has no parameters.')
    const { batch, made } = batchOf(where, data, engine, rows)
    this.batch = batch
    this.made = made
    this.optimizer = optimizer ?? null
    const numbers = isFloat(batch.labels.dtype) ? 'meanSquaredError' : 'softmaxCrossEntropy'
    const isSet = data instanceof Dataset
    try {
      this.loss = lossOf(where, loss ?? (isSet ? undefined : numbers), isSet ? data : undefined)
      this.step = compile(() => this.record(), { engine })
      this.step.planned()
    } catch (error) {
      this.dispose()
      throw error
    }
  }

  async run(): Promise<Diagnosis> {
    const { optimizer, step, batch } = this
    const steps = optimizer?.state().steps
    const { engine } = batch.features
    const result = engine.withSeed({ seed: engine.seed, counter: DRAWS }, () => step())
    // Its tensors are back already; the count of its steps is the host's.
    if (optimizer && steps !== undefined) optimizer.load({ ...optimizer.state(), steps })
    const numbers = await result.data()
    result.dispose()
    return this.report([...numbers])
  }

  dispose(): void {
    for (const item of [this.step, ...this.made]) item?.dispose()
  }

  /** The parameters, each by its first name. */
  private get named(): Map<Parameter, string> {
    return new Map([...this.model.namedParameters()].reverse().map(([name, parameter]) => [parameter, name]))
  }

  /** What is measured, as one list of numbers: the loss, each layer's, each parameter's. */
  private record(): Tensor {
    const { model, optimizer, batch, seen } = this
    // Parameters that moved to an arena are recorded anew.
    seen.length = 0
    const touched = [
      ...model.buffers(),
      ...(optimizer ? [...optimizer.parameters, ...Object.values(optimizer.state().tensors)] : []),
    ]
    // In training mode buffers are overwritten, and by the optimizer the rest: all is put back in the end.
    const before = new Map(touched.map(item => [item, detach(item)]))
    const measures: Tensor[] = []
    const measure = (value: Tensor): void => void measures.push(reshape(value, [1]))
    const names = [...model.namedParameters().keys()]
    const output = observeLayers(
      ({ path, layer, output }) => {
        if (!output) return
        const own = names.filter(name => name.split('.').slice(0, -1).join('.') === path)
        if (layer.layers.length > 0 && own.length === 0) return
        const { label, kind } = layer
        const look = Object.hasOwn(looks, kind) ? looks[kind] : undefined
        seen.push({ path, label, kind, names: own, shows: look?.shows ?? null })
        const x = inDType(detach(output), 'float32')
        measure(div(norm(x), Math.sqrt(output.shape[0] ?? 1)))
        if (look) measure(look.share(x))
      },
      () => model(batch.features, { training: true }),
    )
    const loss = this.loss.apply(output, batch.labels)
    const parameters = [...new Set([...model.parameters(), ...(optimizer?.parameters ?? [])])]
    const gradients = grad(loss, parameters, { allowUnused: true })
    const gradientOf = (parameter: Parameter): Tensor =>
      must(gradients[parameters.indexOf(parameter)], 'gradient')
    for (const parameter of model.parameters()) {
      measure(norm(parameter))
      measure(norm(gradientOf(parameter)))
    }
    optimizer?.step(optimizer.parameters.map(gradientOf))
    for (const parameter of model.parameters()) {
      const old = before.get(parameter)
      if (optimizer && old) measure(norm(sub(parameter, old)))
    }
    for (const [item, old] of before) assignTo(item, old)
    return concat([reshape(inDType(loss, 'float32'), [1]), ...measures])
  }

  private report(numbers: number[]): Diagnosis {
    const next = (): number => must(numbers.shift(), 'number')
    const { model, optimizer, named } = this
    const loss = next()
    const seen = this.seen.map(item => ({ ...item, activation: next(), share: item.shows ? next() : null }))
    const own = model.parameters().map(parameter => ({ parameter, norm: next(), gradient: next() }))
    const parameters = own.map(({ parameter, norm, gradient }): ParameterDiagnosis => {
      const steps = optimizer?.parameters.includes(parameter)
      return { name: must(named.get(parameter), 'name'), norm, gradient, update: steps ? next() : null }
    })
    const aliases = model.namedParameters()
    const layers = seen.map(({ path, label, kind, names, shows, activation, share }): LayerDiagnosis => {
      const mine = names.map(name => {
        const first = named.get(must(aliases.get(name), 'parameter'))
        return must(
          parameters.find(parameter => parameter.name === first),
          'parameter',
        )
      })
      const steps = mine.flatMap(({ update }) => update ?? [])
      return {
        path,
        label,
        kind,
        activation,
        saturated: shows === 'saturated' ? share : null,
        dead: shows === 'dead' ? share : null,
        gradient: mine.length > 0 ? Math.hypot(...mine.map(({ gradient }) => gradient)) : null,
        update: steps.length > 0 ? Math.hypot(...steps) / Math.hypot(...mine.map(({ norm }) => norm)) : null,
      }
    })
    const warnings = layers.flatMap(warningsOf)
    return { loss, layers, parameters, warnings, toString: () => diagnosisTable(loss, layers, warnings) }
  }
}

/** Counter of what a probe draws, far from others': the same elements are dropped each time. */
const DRAWS = 2 ** 43

const norm = (x: Tensor): Tensor => sqrt(sum(square(inDType(x, 'float32'))))
const shareOf = (condition: Tensor): Tensor => mean(cast(condition, 'float32'))

/** Layers whose units are looked at, by their kind. */
const looks: Readonly<
  Record<string, { shows: 'saturated' | 'dead'; share: (x: Tensor) => Tensor } | undefined>
> = {
  sigmoid: {
    shows: 'saturated',
    share: x => add(shareOf(less(x, 0.01)), shareOf(greater(x, 0.99))),
  },
  tanh: { shows: 'saturated', share: x => shareOf(greater(abs(x), 0.98)) },
  relu: {
    shows: 'dead',
    share: x => shareOf(equal(max(x, { axis: Array.from({ length: x.rank - 1 }, (_, i) => i) }), 0)),
  },
}
