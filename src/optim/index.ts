// optim: rules that turn gradients into steps.
import { fail, show } from '../errors.ts'
import { adamUpdate, momentumUpdate, sgdUpdate } from '../ops/update.ts'
import type { Parameter } from '../tensor.ts'
import { type Optimizer, optimizer, positive, share, withDefaults } from './optimizer.ts'

export { type LossScale, type LossScaleOptions, lossScale } from './loss_scale.ts'
export type { Optimizer, StepOptions } from './optimizer.ts'

export interface SgdOptions {
  learningRate?: number
  momentum?: number
  /** Share of the gradient kept out of the momentum. */
  dampening?: number
  nesterov?: boolean
  /** λ of an L2 penalty λ/2·‖p‖²: λ·p is added to the gradient. */
  weightDecay?: number
}

/** Stochastic gradient descent, with momentum as in PyTorch: v = μ·v + (1 − dampening)·g, v = g at first. */
export function sgd(parameters: readonly Parameter[], options: SgdOptions = {}): Optimizer {
  const all = withDefaults<Required<SgdOptions>>('sgd', options, {
    learningRate: 0.01,
    momentum: 0,
    dampening: 0,
    nesterov: false,
    weightDecay: 0,
  })
  const momentum = share('sgd', 'momentum', all.momentum)
  const dampening = share('sgd', 'dampening', all.dampening, 1 + Number.EPSILON)
  const weightDecay = share('sgd', 'weightDecay', all.weightDecay, Number.POSITIVE_INFINITY)
  if (typeof all.nesterov !== 'boolean')
    fail('option', 'sgd', `nesterov is ${show(all.nesterov)}; it must be true or false.`)
  if (all.nesterov && (momentum === 0 || dampening !== 0)) {
    fail(
      'option',
      'sgd',
      `nesterov needs momentum above 0 and dampening 0, not ${momentum} and ${dampening}.`,
    )
  }
  const common = { name: 'sgd', parameters, learningRate: all.learningRate }
  if (momentum === 0) {
    return optimizer({ ...common, states: [], update: sgdUpdate, settings: rate => [rate, weightDecay] })
  }
  return optimizer({
    ...common,
    states: ['velocity'],
    update: momentumUpdate,
    settings: (rate, step) => [
      rate,
      weightDecay,
      momentum,
      step === 1 ? 1 : 1 - dampening,
      Number(all.nesterov),
    ],
  })
}

export interface AdamOptions {
  learningRate?: number
  beta1?: number
  beta2?: number
  epsilon?: number
}

/** Adam: Kingma and Ba 2015. */
export function adam(parameters: readonly Parameter[], options: AdamOptions = {}): Optimizer {
  const all = withDefaults<Required<AdamOptions>>('adam', options, {
    learningRate: 1e-3,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
  })
  const beta1 = share('adam', 'beta1', all.beta1)
  const beta2 = share('adam', 'beta2', all.beta2)
  const epsilon = positive('adam', 'epsilon', all.epsilon)
  return optimizer({
    name: 'adam',
    parameters,
    learningRate: all.learningRate,
    states: ['mean', 'square'],
    update: adamUpdate,
    settings: (rate, step) => [
      rate,
      beta1,
      1 - beta1,
      beta2,
      1 - beta2,
      epsilon,
      1 - beta1 ** step,
      1 - beta2 ** step,
    ],
  })
}
