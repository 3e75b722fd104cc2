// Activations as layers: elementwise functions, and softmax along the last axis.
import { show } from '../errors.ts'
import * as activationOps from '../ops/activations.ts'
import { clip as clipOp } from '../ops/binary.ts'
import { logSoftmax as logSoftmaxOp, softmax as softmaxOp } from '../ops/softmax.ts'
import { sign as signOp, tanh as tanhOp } from '../ops/unary.ts'
import type { Tensor } from '../tensor.ts'
import { type Layer, layer, plain } from './layer.ts'

/** A function with options as a layer; the label shows them. */
const adjustable =
  <O extends object>(name: string, apply: (x: Tensor, options?: O) => Tensor) =>
  (options?: O): Layer => {
    const words = Object.entries(options ?? {}).map(([key, value]) => `${key}: ${show(value)}`)
    return layer({ kind: name, label: `${name}(${words.join(', ')})`, forward: x => apply(x, options) })
  }

/** max(x, 0). */
export const relu = plain('relu', activationOps.relu)
/** x above 0, { slope = 0.01 }·x below. */
export const leakyRelu = adjustable('leakyRelu', activationOps.leakyRelu)
/** x above 0, { alpha = 1 }·(exp x − 1) below. */
export const elu = adjustable('elu', activationOps.elu)
/** The self-normalising elu of Klambauer et al. 2017. */
export const selu = plain('selu', activationOps.selu)
/** x·Φ(x), Φ exact or { approximate: 'tanh' }. */
export const gelu = adjustable('gelu', activationOps.gelu)
/** x·σ(x), also called swish. */
export const silu = plain('silu', activationOps.silu)
/** 1 / (1 + exp −x). */
export const sigmoid = plain('sigmoid', activationOps.sigmoid)
/** Hyperbolic tangent. */
export const tanh = plain('tanh', tanhOp)
/** ln(1 + exp x). */
export const softplus = plain('softplus', activationOps.softplus)
/** x as it is. */
export const identity = plain('identity', x => x)
/** Perceptron unit, 1 above 0 and 0 elsewhere: it passes no gradient. */
export const step = plain('step', activationOps.step)
/** The same with −1 below 0. */
export const sign = plain('sign', signOp)
/** Probabilities along { axis = −1 }. */
export const softmax = adjustable('softmax', softmaxOp)
/** Their logarithms. */
export const logSoftmax = adjustable('logSoftmax', logSoftmaxOp)
/** Holds x within { min, max }. */
export const clip = adjustable('clip', clipOp)

/** Activations that `mlp` takes by name. */
export const activations = {
  relu,
  leakyRelu,
  elu,
  selu,
  gelu,
  silu,
  sigmoid,
  tanh,
  softplus,
  identity,
  step,
  sign,
  softmax,
  logSoftmax,
}
/** Activations by name, for `mlp`. */
export type ActivationName = keyof typeof activations
