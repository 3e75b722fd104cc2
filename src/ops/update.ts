// Update ops: optimizers' rules that overwrite parameters in place, in tape order, after all readers of the old version.
import adagradWgsl from '../../shaders/update/adagrad.wgsl?raw'
import adamWgsl from '../../shaders/update/adam.wgsl?raw'
import centeredWgsl from '../../shaders/update/centered.wgsl?raw'
import plainWgsl from '../../shaders/update/plain.wgsl?raw'
import rmspropWgsl from '../../shaders/update/rmsprop.wgsl?raw'
import { type Direction, straightUpdate, velocityUpdate } from './update_entry.ts'

export { assign } from './assign.ts'

/** The gradient itself. */
const plain: Direction<never> = {
  wgsl: plainWgsl,
  states: [],
  settings: [],
  along: () => g => g,
  samples: [{}],
  error: 4,
}

/** p − rate·g. */
export const sgdUpdate = straightUpdate('sgdUpdate', plain)

/** Momentum, in any of its written forms. */
export const momentumUpdate = velocityUpdate('momentumUpdate', plain)

/** Kingma and Ba 2015, algorithm 1. The corrections are 1 − βᵗ, the rests 1 − β. */
const byMoments: Direction<
  'beta1' | 'rest1' | 'beta2' | 'rest2' | 'epsilon' | 'correction1' | 'correction2'
> = {
  wgsl: adamWgsl,
  states: ['mean', 'square'],
  settings: ['beta1', 'rest1', 'beta2', 'rest2', 'epsilon', 'correction1', 'correction2'],
  along:
    ({ beta1, rest1, beta2, rest2, epsilon, correction1, correction2 }) =>
    (g, next, metric) => {
      const [mean, square] = next as [number, number]
      const m = beta1 * mean + rest1 * g
      const v = beta2 * square + rest2 * g * g
      next[0] = m
      next[1] = v
      metric.stretch = 1 / (Math.sqrt(v / correction2) + epsilon)
      return (m / correction1) * metric.stretch
    },
  samples: [
    {
      beta1: 0.9,
      rest1: 0.1,
      beta2: 0.999,
      rest2: 0.001,
      epsilon: 1e-8,
      correction1: 0.65,
      correction2: 0.01,
    },
    {
      beta1: 0.9,
      rest1: 0.1,
      beta2: 0.999,
      rest2: 0.001,
      epsilon: 1e-8,
      correction1: 0.1,
      correction2: 0.001,
    },
  ],
  // A step is at most 0.1·1.5·√10, within a dozen ULP; a threshold of at most p ≤ 3 and the step, within six.
  error: 32,
}

export const adamUpdate = straightUpdate('adamUpdate', byMoments)

/** Duchi, Hazan and Singer 2011: the gradient over the root of all squared gradients so far. */
const byTotal: Direction<'epsilon'> = {
  wgsl: adagradWgsl,
  states: ['square'],
  settings: ['epsilon'],
  along:
    ({ epsilon }) =>
    (g, next, metric) => {
      const [square] = next as [number]
      const total = square + g * g
      next[0] = total
      metric.stretch = 1 / (Math.sqrt(total) + epsilon)
      return g * metric.stretch
    },
  samples: [{ epsilon: 1e-10 }, { epsilon: 0.1 }],
  // A direction is at most 1; a threshold as above.
  error: 32,
}

export const adagradUpdate = straightUpdate('adagradUpdate', byTotal)

/** α and 1 − α. */
const meanSamples = [
  { alpha: 0.9, rest: 0.1, epsilon: 1e-8 },
  { alpha: 0.99, rest: 0.01, epsilon: 0.1 },
]

/** Tieleman and Hinton 2012, "Lecture 6.5": the gradient over the root of its mean square. */
const byMeanSquare: Direction<'alpha' | 'rest' | 'epsilon'> = {
  wgsl: rmspropWgsl,
  states: ['square'],
  settings: ['alpha', 'rest', 'epsilon'],
  along:
    ({ alpha, rest, epsilon }) =>
    (g, next, metric) => {
      const [square] = next as [number]
      const v = alpha * square + rest * g * g
      next[0] = v
      metric.stretch = 1 / (Math.sqrt(v) + epsilon)
      return g * metric.stretch
    },
  samples: meanSamples,
  // A direction is at most 1/√(1 − α), 3.2 in the samples, within a dozen ULP, and may cancel with a velocity below 1.
  error: 48,
}

/** Graves 2013, "Generating Sequences With Recurrent Neural Networks": by the gradient's deviation. */
const byDeviation: Direction<'alpha' | 'rest' | 'epsilon'> = {
  ...byMeanSquare,
  wgsl: centeredWgsl,
  states: ['mean', 'variance'],
  along:
    ({ alpha, rest, epsilon }) =>
    (g, next, metric) => {
      const [mean, variance] = next as [number, number]
      const apart = g - mean
      const v = alpha * (variance + rest * apart * apart)
      next[0] = mean + rest * apart
      next[1] = v
      metric.stretch = 1 / (Math.sqrt(v) + epsilon)
      return g * metric.stretch
    },
}

export const rmspropUpdate = straightUpdate('rmspropUpdate', byMeanSquare)
export const rmspropMomentumUpdate = velocityUpdate('rmspropMomentumUpdate', byMeanSquare)
export const centeredRmspropUpdate = straightUpdate('centeredRmspropUpdate', byDeviation)
export const centeredRmspropMomentumUpdate = velocityUpdate('centeredRmspropMomentumUpdate', byDeviation)
