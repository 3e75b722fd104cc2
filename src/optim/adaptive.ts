// Optimizers that scale each parameter's step by its gradients so far: Adagrad, RMSProp, Adam, AdamW.
import {
  adagradUpdate,
  adamUpdate,
  centeredRmspropMomentumUpdate,
  centeredRmspropUpdate,
  rmspropMomentumUpdate,
  rmspropUpdate,
} from '../ops/update.ts'
import { boolean, parseOptions } from '../options.ts'
import type { Parameter } from '../tensor.ts'
import { type Optimizer, optimizer } from './optimizer.ts'
import { common, epsilon, type OptimizerOptions, share } from './options.ts'

/** Options of `adagrad`. */
export interface AdagradOptions extends OptimizerOptions {
  /** Default 1e-10. */
  epsilon?: number
}

/** Adagrad: Duchi, Hazan and Singer 2011. s += g², p −= learningRate·g/(√s + ε). The learning rate is 0.01 by default. */
export function adagrad(parameters: readonly Parameter[], options: AdagradOptions = {}): Optimizer {
  const { epsilon: ε, ...rest } = parseOptions('adagrad', options, {
    ...common(0.01),
    epsilon: epsilon(1e-10),
  })
  return optimizer({
    name: 'adagrad',
    parameters,
    options: rest,
    update: adagradUpdate,
    settings: rate => ({ rate, epsilon: ε }),
  })
}

/** Options of `rmsprop`. */
export interface RmspropOptions extends OptimizerOptions {
  /** What remains of the mean square at each step, in [0, 1). Default 0.99. */
  alpha?: number
  /** Default 1e-8. */
  epsilon?: number
  /** Whether the mean of the gradients is taken off: steps are by their deviation. Default false. */
  centered?: boolean
  /** μ of v = μ·v + g/(√s + ε), p −= learningRate·v. Default 0: no velocity. */
  momentum?: number
}

/**
 * RMSProp: Tieleman and Hinton 2012. s = α·s + (1 − α)·g², p −= learningRate·g/(√s + ε); centered (Graves 2013), s less
 * the square of the gradients' mean, which is the state `variance`. The learning rate is 0.01 by default.
 */
export function rmsprop(parameters: readonly Parameter[], options: RmspropOptions = {}): Optimizer {
  const {
    alpha,
    epsilon: ε,
    centered,
    momentum,
    ...rest
  } = parseOptions('rmsprop', options, {
    ...common(0.01),
    alpha: share(0.99),
    epsilon: epsilon(1e-8),
    centered: boolean(false),
    momentum: share(0),
  })
  const shared = { name: 'rmsprop', parameters, options: rest }
  const settings = (rate: number) => ({ rate, alpha, rest: 1 - alpha, epsilon: ε })
  if (momentum === 0)
    return optimizer({ ...shared, update: centered ? centeredRmspropUpdate : rmspropUpdate, settings })
  return optimizer({
    ...shared,
    update: centered ? centeredRmspropMomentumUpdate : rmspropMomentumUpdate,
    settings: rate => ({ ...settings(rate), momentum, share: 1, direct: 0 }),
  })
}

/** Options of `adam` and `adamw`. */
export interface AdamOptions extends OptimizerOptions {
  /** Default 0.9. */
  beta1?: number
  /** Default 0.999. */
  beta2?: number
  /** Default 1e-8. */
  epsilon?: number
}

/** Adam: Kingma and Ba 2015. The learning rate is 0.001 by default. */
export function adam(parameters: readonly Parameter[], options: AdamOptions = {}): Optimizer {
  return byMoments('adam', parameters, options, 0)
}

/** Adam with decoupled weight decay: Loshchilov and Hutter 2019; `weightDecay` is 0.01 by default. */
export function adamw(parameters: readonly Parameter[], options: AdamOptions = {}): Optimizer {
  return byMoments('adamw', parameters, options, 0.01)
}

function byMoments(
  name: 'adam' | 'adamw',
  parameters: readonly Parameter[],
  options: AdamOptions,
  decay: number,
): Optimizer {
  const {
    beta1,
    beta2,
    epsilon: ε,
    ...rest
  } = parseOptions(name, options, {
    ...common(1e-3, decay),
    beta1: share(0.9),
    beta2: share(0.999),
    epsilon: epsilon(1e-8),
  })
  return optimizer({
    name,
    parameters,
    options: rest,
    update: adamUpdate,
    isDecoupled: name === 'adamw',
    settings: (rate, step) => ({
      rate,
      beta1,
      rest1: 1 - beta1,
      beta2,
      rest2: 1 - beta2,
      epsilon: ε,
      correction1: 1 - beta1 ** step,
      correction2: 1 - beta2 ** step,
    }),
  })
}
