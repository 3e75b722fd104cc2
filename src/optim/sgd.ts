// Stochastic gradient descent, plain and with momentum.
import { fail } from '../errors.ts'
import { momentumUpdate, sgdUpdate } from '../ops/update.ts'
import { boolean, parseOptions } from '../options.ts'
import type { Parameter } from '../tensor.ts'
import { type Optimizer, optimizer } from './optimizer.ts'
import { common, type OptimizerOptions, share } from './options.ts'

/** Options of `sgd`. */
export interface SgdOptions extends OptimizerOptions {
  /** μ, in [0, 1). Default 0. */
  momentum?: number
  /** Share of the gradient kept out of the momentum, from the second step on. */
  dampening?: number
  nesterov?: boolean
  /** v = μ·v + (1 − μ)·learningRate·g from v = 0, and p −= v: the velocity is an average of steps. */
  averaged?: boolean
}

/**
 * Stochastic gradient descent. Momentum is v = μ·v + (1 − dampening)·g, v = g at first, and p −= learningRate·v, as in
 * PyTorch; with `nesterov` p −= learningRate·(g + μ·v) (Sutskever et al. 2013); with `averaged` the other written form.
 */
export function sgd(parameters: readonly Parameter[], options: SgdOptions = {}): Optimizer {
  const { momentum, dampening, nesterov, averaged, ...rest } = parseOptions('sgd', options, {
    ...common(0.01),
    momentum: share(0),
    dampening: share(0, { orOne: true }),
    nesterov: boolean(false),
    averaged: boolean(false),
  })
  if (nesterov && (momentum === 0 || dampening !== 0))
    fail(
      'option',
      'sgd',
      `nesterov needs momentum above 0 and dampening 0, not ${momentum} and ${dampening}.`,
    )
  if (averaged && (momentum === 0 || dampening !== 0 || nesterov))
    fail('option', 'sgd', 'averaged needs momentum above 0, and neither dampening nor nesterov.')
  const shared = { name: 'sgd', parameters, options: rest }
  if (momentum === 0) return optimizer({ ...shared, update: sgdUpdate, settings: rate => ({ rate }) })
  return optimizer({
    ...shared,
    update: momentumUpdate,
    settings: (rate, step) =>
      averaged
        ? { momentum, share: (1 - momentum) * rate, direct: 0, rate: 1 }
        : {
            momentum,
            share: step === 1 ? 1 : 1 - dampening,
            direct: nesterov ? rate : 0,
            rate: nesterov ? rate * momentum : rate,
          },
  })
}
