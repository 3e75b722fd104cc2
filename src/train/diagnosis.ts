// What diagnose finds, and how it is said: when norms and shares call for a warning, and what helps.
import { columns, percent, rounded } from '../text.ts'
import { layerName } from './trace.ts'

/** What was seen of a layer. */
export interface LayerDiagnosis {
  /** As in the names of parameters: '' for the model, '0', '2.1'. */
  readonly path: string
  readonly label: string
  /** As the layer says: 'linear', 'relu'. */
  readonly kind: string
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
const EXPLODING = 1e3

/** Shares of saturated or dead units above this call for one. */
export const TOO_MANY = 0.5

/** What helps. */
export const REMEDIES = {
  vanishing:
    'relu in place of sigmoid and tanh, batch normalisation, residual connections or larger initial weights help',
  exploding:
    'clip gradients by norm, lower the learning rate, standardise the inputs, or start with smaller weights',
  saturated: 'start with smaller weights, standardise the inputs, use batch normalisation or relu',
  dead: 'lower the learning rate, use leakyRelu, or start with "heUniform" weights',
}

/** A layer's place and label. */
export const layerTitle = ({ path, label }: LayerDiagnosis): string =>
  path === '' ? label : `${path} ${label}`
/** A norm, or nothing where there is none. */
export const short = (value: number | null): string => (value === null ? '' : value.toExponential(1))

/** What is wrong with a layer. */
export function warningsOf(layer: LayerDiagnosis): string[] {
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

/** The layers as a table, and the warnings. */
export function diagnosisTable(
  loss: number,
  layers: readonly LayerDiagnosis[],
  warnings: readonly string[],
): string {
  const rows = layers.map(layer => [
    layerTitle(layer),
    short(layer.activation),
    layer.saturated === null ? '' : percent(layer.saturated),
    layer.dead === null ? '' : percent(layer.dead),
    short(layer.gradient),
    short(layer.update),
  ])
  const head = ['layer', 'activation', 'saturated', 'dead', 'gradient', 'update']
  return [...columns([head, ...rows]), `loss ${rounded(loss, 6)}`, ...warnings].join('\n')
}
