// diagnose: how large a network's activations, gradients and updates are, layer by layer, and what is wrong with them.
import { compile } from '../compile.ts'
import { Dataset } from '../data/dataset.ts'
import { isFloat } from '../dtype.ts'
import { fail, must } from '../errors.ts'
import { grad } from '../grad.ts'
import { checkLayers, type Layer, observeLayers } from '../nn/layer.ts'
import { add, div, equal, greater, less, sub } from '../ops/binary.ts'
import { concat } from '../ops/join.ts'
import { detach, reshape } from '../ops/move.ts'
import { assignTo } from '../ops/parameter.ts'
import { max, mean, sum } from '../ops/reduce.ts'
import { abs, cast, sqrt, square } from '../ops/unary.ts'
import type { Optimizer } from '../optim/optimizer.ts'
import { integer, parseOptions } from '../options.ts'
import type { Parameter, Tensor } from '../tensor.ts'
import { defaultLoss } from './evaluate.ts'
import { type Batch, type BatchLike, batchOf } from './feed.ts'
import type { EpochEvent } from './history.ts'
import { type Loss, type LossFunction, type LossName, lossOf } from './losses.ts'
import { columns } from './text.ts'
import { layerName } from './trace.ts'

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

/** What was seen of a layer. */
export interface LayerDiagnosis {
  /** As in the names of parameters: '' for the model, '0', '2.1'. */
  readonly path: string
  readonly label: string
  /** L2 norm of the layer's output for a row: the root of the mean square over rows. */
  readonly activation: number
  /** Share of outputs of sigmoid and tanh within 1 % of their range's ends, where slopes are below 4 % of the steepest; else null. */
  readonly saturated: number | null
  /** Share of units of relu that give 0 for every row; else null. */
  readonly dead: number | null
  /** L2 norm of the gradient of the layer's own parameters; null where it has none. */
  readonly gradient: number | null
  /** L2 norm of the optimizer's step over that of those parameters; null without either. */
  readonly update: number | null
}

/** What was seen of a parameter. */
export interface ParameterDiagnosis {
  readonly name: string
  /** L2 norms of the parameter, of its gradient, and of the optimizer's step. */
  readonly norm: number
  readonly gradient: number
  readonly update: number | null
}

/** What `diagnose` saw. */
export interface Diagnosis {
  readonly loss: number
  /** In the order in which they are called: those that are made of no others, or have parameters of their own. */
  readonly layers: readonly LayerDiagnosis[]
  readonly parameters: readonly ParameterDiagnosis[]
  /** What is wrong, in plain words, and what helps. */
  readonly warnings: readonly string[]
  /** The layers as a table, and the warnings. */
  toString(): string
}

/** Norms of a layer's gradient outside of these call for a warning: the lectures' [1e-6, 1e3]. */
export const VANISHING = 1e-6
export const EXPLODING = 1e3

/** Shares of saturated or dead units above this call for one. */
export const TOO_MANY = 0.5

const REMEDIES = {
  vanishing:
    'relu in place of sigmoid and tanh, batch normalisation, residual connections or larger initial weights help',
  exploding:
    'clip gradients by norm, lower the learning rate, standardise the inputs, or start with smaller weights',
  saturated: 'start with smaller weights, standardise the inputs, use batch normalisation or relu',
  dead: 'lower the learning rate, use leakyRelu, or start with "heUniform" weights',
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
      return columns(
        ['gradients of epoch', ...history.map(({ epoch }) => String(epoch))],
        known.map(({ path }) => {
          const own = history.map(({ layers }) => layers.find(layer => layer.path === path))
          return [layerTitle(must(own[0], 'layer')), ...own.map(layer => short(layer?.gradient ?? null))]
        }),
      )
    },
  }
}

interface Seen {
  readonly path: string
  readonly label: string
  /** Names of its own parameters. */
  readonly names: readonly string[]
  readonly kind: 'saturated' | 'dead' | null
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
    const asGiven = (value: unknown) => value
    const { data, loss, optimizer, rows } = parseOptions(where, options, {
      data: asGiven,
      loss: asGiven,
      optimizer: value => value as Optimizer | undefined,
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
    this.loss = lossOf(where, loss ?? (isSet ? defaultLoss(data) : numbers), isSet ? data.classes : null)
    this.step = compile(() => this.record(), { engine })
    try {
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
        const look = kinds[layer.label.replace(/\(.*/, '')]
        seen.push({ path, label: layer.label, names: own, kind: look?.kind ?? null })
        const x = full(detach(output))
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
      measure(norm(full(parameter)))
      measure(norm(full(gradientOf(parameter))))
    }
    optimizer?.step(optimizer.parameters.map(gradientOf))
    for (const parameter of model.parameters()) {
      const old = before.get(parameter)
      if (optimizer && old) measure(norm(full(sub(parameter, old))))
    }
    for (const [item, old] of before) assignTo(item, old)
    return concat([reshape(full(loss), [1]), ...measures])
  }

  private report(numbers: number[]): Diagnosis {
    const next = (): number => must(numbers.shift(), 'number')
    const { model, optimizer, named } = this
    const loss = next()
    const seen = this.seen.map(item => ({ ...item, activation: next(), share: item.kind ? next() : null }))
    const own = model.parameters().map(parameter => ({ parameter, norm: next(), gradient: next() }))
    const parameters = own.map(({ parameter, norm, gradient }): ParameterDiagnosis => {
      const steps = optimizer?.parameters.includes(parameter)
      return { name: must(named.get(parameter), 'name'), norm, gradient, update: steps ? next() : null }
    })
    const aliases = model.namedParameters()
    const layers = seen.map(({ path, label, names, kind, activation, share }): LayerDiagnosis => {
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
        activation,
        saturated: kind === 'saturated' ? share : null,
        dead: kind === 'dead' ? share : null,
        gradient: mine.length > 0 ? Math.hypot(...mine.map(({ gradient }) => gradient)) : null,
        update: steps.length > 0 ? Math.hypot(...steps) / Math.hypot(...mine.map(({ norm }) => norm)) : null,
      }
    })
    const warnings = layers.flatMap(warningsOf)
    return { loss, layers, parameters, warnings, toString: () => table(loss, layers, warnings) }
  }
}

/** Counter of what a probe draws, far from others': the same elements are dropped each time. */
const DRAWS = 2 ** 43

const full = (x: Tensor): Tensor => (x.dtype === 'float32' ? x : cast(x, 'float32'))
const norm = (x: Tensor): Tensor => sqrt(sum(square(x)))
const shareOf = (condition: Tensor): Tensor => mean(cast(condition, 'float32'))

/** Layers whose units are looked at, by their label's first word. */
const kinds: Readonly<
  Record<string, { kind: 'saturated' | 'dead'; share: (x: Tensor) => Tensor } | undefined>
> = {
  sigmoid: {
    kind: 'saturated',
    share: x => add(shareOf(less(x, 0.01)), shareOf(greater(x, 0.99))),
  },
  tanh: { kind: 'saturated', share: x => shareOf(greater(abs(x), 0.98)) },
  relu: {
    kind: 'dead',
    share: x => shareOf(equal(max(x, { axis: Array.from({ length: x.rank - 1 }, (_, i) => i) }), 0)),
  },
}

const layerTitle = ({ path, label }: LayerDiagnosis): string => (path === '' ? label : `${path} ${label}`)
const short = (value: number | null): string => (value === null ? '' : value.toExponential(1))
const percent = (value: number): string => `${Math.round(100 * value)} %`

function warningsOf(layer: LayerDiagnosis): string[] {
  const { path, label, activation, saturated, dead, gradient } = layer
  const name = layerName({ path, layer: { label } })
  const found: string[] = []
  if (!Number.isFinite(activation))
    found.push(`The output of ${name} is not finite; train.fit with { watch: true } names the op.`)
  if (gradient !== null && !(gradient <= EXPLODING))
    found.push(`The gradient of ${name} explodes: its norm is ${short(gradient)}; ${REMEDIES.exploding}.`)
  if (gradient !== null && gradient < VANISHING)
    found.push(`The gradient of ${name} vanishes: its norm is ${short(gradient)}; ${REMEDIES.vanishing}.`)
  if (saturated !== null && saturated > TOO_MANY)
    found.push(`${percent(saturated)} of the units of ${name} are saturated; ${REMEDIES.saturated}.`)
  if (dead !== null && dead > TOO_MANY)
    found.push(`${percent(dead)} of the units of ${name} are dead, 0 for every row; ${REMEDIES.dead}.`)
  return found
}

function table(loss: number, layers: readonly LayerDiagnosis[], warnings: readonly string[]): string {
  const rows = layers.map(layer => [
    layerTitle(layer),
    short(layer.activation),
    layer.saturated === null ? '' : percent(layer.saturated),
    layer.dead === null ? '' : percent(layer.dead),
    short(layer.gradient),
    short(layer.update),
  ])
  const head = ['layer', 'activation', 'saturated', 'dead', 'gradient', 'update']
  return [columns(head, rows), `loss ${Number(loss.toPrecision(6))}`, ...warnings].join('\n')
}
