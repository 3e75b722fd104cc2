// Activations as layers: elementwise functions, and softmax along the last axis.
import { show } from '../errors.ts'
import * as activationOps from '../ops/activations.ts'
import { clip as clipOp } from '../ops/binary.ts'
import { refuseExtra } from '../ops/signature.ts'
import { logSoftmax as logSoftmaxOp, softmax as softmaxOp } from '../ops/softmax.ts'
import { sign as signOp, tanh as tanhOp } from '../ops/unary.ts'
import type { Tensor } from '../tensor.ts'
import { type Layer, layer } from './layer.ts'

/** A function without options as a layer. */
const plain =
  (name: string, apply: (x: Tensor) => Tensor) =>
  (...options: readonly never[]): Layer => {
    refuseExtra(name, options, 0)
    return layer({ label: `${name}()`, forward: x => apply(x) })
  }

/** One with options, which the label shows. */
const adjustable =
  <O extends object>(name: string, apply: (x: Tensor, options?: O) => Tensor) =>
  (options?: O): Layer => {
    const words = Object.entries(options ?? {}).map(([key, value]) => `${key}: ${show(value)}`)
    return layer({ label: `${name}(${words.join(', ')})`, forward: x => apply(x, options) })
  }

export const relu = plain('relu', activationOps.relu)
export const leakyRelu = adjustable('leakyRelu', activationOps.leakyRelu)
export const elu = adjustable('elu', activationOps.elu)
export const selu = plain('selu', activationOps.selu)
export const gelu = adjustable('gelu', activationOps.gelu)
export const silu = plain('silu', activationOps.silu)
export const sigmoid = plain('sigmoid', activationOps.sigmoid)
export const tanh = plain('tanh', tanhOp)
export const softplus = plain('softplus', activationOps.softplus)
export const identity = plain('identity', x => x)
/** Perceptron unit, 1 above 0 and 0 elsewhere: it passes no gradient. */
export const step = plain('step', activationOps.step)
/** The same with −1 below 0. */
export const sign = plain('sign', signOp)
export const softmax = adjustable('softmax', softmaxOp)
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
export type ActivationName = keyof typeof activations
