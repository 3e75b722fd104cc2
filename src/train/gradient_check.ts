// gradientCheck: a model's gradients against finite differences, in double precision, and the op to blame where they differ.
import { unscoped } from '../data/numbers.ts'
import { isFloat } from '../dtype.ts'
import type { Engine } from '../engine.ts'
import { fail, must, RetrogradError, show } from '../errors.ts'
import { grad } from '../grad.ts'
import { init } from '../init.ts'
import { checkLayers, type Layer } from '../nn/layer.ts'
import { tensor } from '../ops/create.ts'
import { parameterFrom } from '../ops/parameter.ts'
import { boolean, integer, number, parseOptions } from '../options.ts'
import type { Node, Spec, Value } from '../tape.ts'
import { type Parameter, scope, Tensor } from '../tensor.ts'
import { columns } from '../text.ts'
import { compareSlopes, type Slopes } from './differences.ts'
import { type Batch, type BatchLike, batchOf } from './feed.ts'
import { type LossFunction, type LossName, lossOf } from './losses.ts'
import { OpCheck } from './op_check.ts'
import { layerName, traceModel } from './trace.ts'
import { placeOf } from './watch.ts'

/** Options of a model's `gradientCheck`. */
export interface GradientCheckOptions {
  /** Whether the model is called as in training: dropout drops, the same elements each time. Default true. */
  training?: boolean
  /** Numbers compared of each parameter, drawn by `seed` where it has more. Default 24. */
  elements?: number
  /** The relative error allowed. Default 1e-6. */
  relative?: number
  /** Seeds the choice of numbers and what is dropped. Default 0. */
  seed?: number
}

/** The number of a parameter whose slope is worst. */
export interface ParameterCheck {
  readonly name: string
  /** The layer whose parameter it is. */
  readonly layer: string
  readonly index: readonly number[]
  /** By finite differences. */
  readonly expected: number
  /** By `grad`. */
  readonly actual: number
  /** Their difference over the larger, less what rounding may be. */
  readonly error: number
  readonly passed: boolean
}

/** What the gradient check of a model found. */
export interface ModelGradientReport {
  readonly passed: boolean
  /** Partial derivatives compared. */
  readonly checks: number
  readonly parameters: readonly ParameterCheck[]
  /** In words: each parameter that fails, and the ops whose own gradients are wrong. Empty where all passed. */
  readonly failures: readonly string[]
  /** The same as a table. */
  toString(): string
}

/** Rows of a set that are looked at. */
const ROWS = 32

/**
 * Compares `grad` of a model's loss, at its present weights, with central differences with respect to every parameter:
 *
 *     const { passed, failures } = await train.gradientCheck(model, 'softmaxCrossEntropy', { features, labels })
 *
 * Runs on a CPU engine of its own that stores float64. The model stays as it is, running statistics too. Where a corner
 * lies between the points (of relu, say), any slope from the one side's to the other's passes. Throws `engine` for a model
 * that computes with tensors that are neither parameters nor buffers of it.
 */
export async function gradientCheck(
  model: Layer,
  loss: LossName | LossFunction,
  batch: BatchLike,
  options: GradientCheckOptions = {},
): Promise<ModelGradientReport> {
  const where = 'gradientCheck'
  checkLayers(where, [model])
  const settings = parseOptions(where, options, {
    training: boolean(true),
    elements: integer(24, { min: 1 }),
    relative: number(1e-6, { min: 0 }),
    seed: integer(0),
  })
  const names = new Map([...model.namedParameters()].reverse().map(([name, p]) => [p, name]))
  const parameters = model.parameters()
  const [first] = parameters
  if (!first) return fail('value', where, 'the model has no parameters.')
  const { batch: given, made } = batchOf(where, batch, first.engine, ROWS)
  const engine = await init({ backend: 'cpu', precision: 'float64' })
  try {
    const check = new ModelCheck(engine, model, lossOf(where, loss).apply, settings)
    await check.load(given)
    const compared = await compareSlopes(check, settings)
    const results = compared.map((found, i): ParameterCheck => {
      const parameter = must(parameters[i], 'parameter')
      const name = must(names.get(parameter), 'name')
      const index = placeOf(found.position, parameter.shape)
      const { expected, actual, error, passed } = found
      return { name, layer: ownerOf(model, name), index, expected, actual, error, passed }
    })
    const wrong = results.filter(({ passed }) => !passed)
    const failures = [
      ...wrong.map(
        ({ name, layer, index, expected, actual }) =>
          `${name} of ${layer}, index ${show(index)}: by differences ${expected}, by grad ${actual}`,
      ),
      ...(wrong.length > 0 ? await check.blame() : []),
    ]
    const checks = compared.reduce((sum, { count }) => sum + count, 0)
    return {
      passed: wrong.length === 0,
      checks,
      parameters: results,
      failures,
      toString: () => table(results, failures),
    }
  } finally {
    engine.dispose()
    for (const item of made) item.dispose()
  }
}

/** The layer of a parameter: its name's last word is the layer's own. */
function ownerOf(model: Layer, name: string): string {
  const path = name.split('.').slice(0, -1)
  const layer = path.reduce((found, place) => found.layers[Number(place)] ?? found, model)
  return layerName({ path: path.join('.'), layer })
}

interface Copy extends Spec {
  readonly parameter: Parameter
  readonly numbers: Float64Array
}

/** A model whose parameters and buffers stand for copies in double precision while it is called. */
class ModelCheck implements Slopes {
  private parameters: Copy[] = []
  private buffers: Copy[] = []
  private batch: Batch | null = null

  constructor(
    private readonly engine: Engine,
    private readonly model: Layer,
    private readonly loss: LossFunction,
    private readonly settings: { readonly training: boolean; readonly seed: number },
  ) {}

  get sources(): readonly Float64Array[] {
    return this.parameters.map(({ numbers }) => numbers)
  }

  /** Copies the model's numbers and the batch. */
  async load({ features, labels }: Batch): Promise<void> {
    const copy = async (parameter: Parameter): Promise<Copy> => {
      const { shape, dtype } = parameter
      return { parameter, shape, dtype, numbers: Float64Array.from(await parameter.data()) }
    }
    this.parameters = await Promise.all(this.model.parameters().map(copy))
    this.buffers = await Promise.all(this.model.buffers().map(copy))
    const moved = async (x: Tensor): Promise<Tensor> => this.upload(x, await x.data())
    this.batch = { features: await moved(features), labels: await moved(labels) }
  }

  async evaluate(source: number, numbers: Float64Array): Promise<number> {
    return this.call(loss => loss, { source, numbers }).item()
  }

  async gradients(): Promise<Float64Array[]> {
    const gradients = this.call((loss, stand) => grad(loss, stand, { allowUnused: true }))
    return Promise.all(gradients.map(async gradient => Float64Array.from(await gradient.data())))
  }

  /** The ops applied in the forward whose own gradient, at the same inputs, is wrong. */
  async blame(): Promise<string[]> {
    const applied: { node: Node; place: string; inputs: Tensor[] }[] = []
    // Handles that outlive the scope their values were made in; the engine is disposed soon.
    const handle = (value: Value): Tensor => unscoped(new Tensor(value))
    this.call(
      loss => loss,
      null,
      body =>
        traceModel(({ node, place }) => applied.push({ node, place, inputs: node.inputs.map(handle) }), body),
    )
    const wrong: string[] = []
    const silent = new Set<string>()
    for (const { node, place, inputs } of applied) {
      const { op } = node
      if (op.updates || !node.outputs.some(({ dtype }) => isFloat(dtype))) continue
      if (op.gradient === 'none') silent.add(`[${op.name}] in ${place}`)
      else {
        const check = new OpCheck(this.engine, node, inputs)
        await check.load()
        const found = (await compareSlopes(check, { elements: 12, relative: 1e-6, seed: 0 })).flatMap(
          (one, i) => (one.passed ? [] : [{ ...one, input: must(check.inputs[i], 'input') }]),
        )
        for (const { input, position, expected, actual } of found.slice(0, 1))
          wrong.push(
            `[${op.name}] in ${place} has a wrong gradient: input ${input}, index ` +
              `${show(placeOf(position, must(node.inputs[input], 'input').shape))}: by differences ${expected}, by its rule ${actual}`,
          )
      }
    }
    if (wrong.length > 0) return wrong
    const passed = silent.size > 0 ? `; no gradient passes ${[...silent].join(', ')}` : ''
    return [`each op's own gradient is right${passed}`]
  }

  private upload({ shape, dtype }: Spec, numbers: ArrayLike<number>): Tensor {
    return tensor(Float64Array.from(numbers), { shape, dtype, engine: this.engine })
  }

  /** Calls the model; the parameter `changed` tells has other numbers. */
  private call<T>(
    use: (loss: Tensor, parameters: Tensor[]) => T,
    changed: { source: number; numbers: Float64Array } | null = null,
    around: <R>(body: () => R) => R = body => body(),
  ): T {
    const { model, engine, settings, parameters, buffers } = this
    const { features, labels } = must(this.batch, 'batch')
    const before = [...parameters, ...buffers].map(({ parameter }) => parameter.value)
    return engine.withSeed({ seed: settings.seed, counter: 0 }, () =>
      scope(() => {
        const stand = parameters.map((copy, i) =>
          this.upload(copy, changed?.source === i ? changed.numbers : copy.numbers),
        )
        const running = buffers.map(copy => parameterFrom(this.upload(copy, copy.numbers)))
        try {
          for (const [i, { value }] of [...stand, ...running].entries())
            must([...parameters, ...buffers][i], 'parameter').parameter.value = value
          const own = parameters.map(({ parameter }) => parameter)
          return use(
            around(() => this.loss(model(features, { training: settings.training }), labels)),
            own,
          )
        } catch (error) {
          if (!(error instanceof RetrogradError) || error.code !== 'engine') throw error
          return fail(
            'engine',
            'gradientCheck',
            `the model computes with a tensor that is neither a parameter nor a buffer of it: ${error.message}`,
            'List it among the buffers of its layer.',
          )
        } finally {
          for (const [i, { parameter }] of [...parameters, ...buffers].entries())
            parameter.value = must(before[i], 'value')
        }
      }),
    )
  }
}

function table(results: readonly ParameterCheck[], failures: readonly string[]): string {
  const rows = results.map(({ name, index, expected, actual, error, passed }) => [
    name,
    show(index),
    expected.toPrecision(6),
    actual.toPrecision(6),
    error.toExponential(1),
    passed ? '' : 'wrong',
  ])
  const head = ['parameter', 'worst at', 'differences', 'grad', 'error', '']
  return [...columns([head, ...rows]), ...failures].join('\n')
}
