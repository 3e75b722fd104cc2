// The restricted Boltzmann machine: two layers of units that are 0 or 1, independent within a layer given the other.
import { isFloat } from '../dtype.ts'
import { fail, show } from '../errors.ts'
import { sigmoid, softplus } from '../ops/activations.ts'
import { less, mul, sub } from '../ops/binary.ts'
import { add } from '../ops/elementwise.ts'
import { linear, matmul } from '../ops/matmul.ts'
import { filledParameter, parameterFrom } from '../ops/parameter.ts'
import { uniform } from '../ops/random.ts'
import { mean, sum } from '../ops/reduce.ts'
import { checkTensor } from '../ops/signature.ts'
import { cast, neg } from '../ops/unary.ts'
import { integer, parseOptions } from '../options.ts'
import { keepResult, type Tensor } from '../tensor.ts'
import { type Initializer, type InitializerName, initialize, normal } from './initializers.ts'
import { checkSize, type Layer, layer, parameterFor } from './layer.ts'

/** Options of `rbm`. */
export interface RbmOptions {
  /** How the weight starts. Default normal(0.01): Hinton 2010, "A practical guide to training restricted Boltzmann machines". */
  initializer?: InitializerName | Initializer
}

/** Options of the sampling of an RBM. */
export interface GibbsOptions {
  /** Steps of the chain: each draws the hidden units and then the visible ones. Default 1. */
  steps?: number
}

/**
 * A restricted Boltzmann machine. Called like any layer it gives the probabilities of the hidden units, P(h = 1 | x) =
 * σ(x·W + b), so that it is the encoder of what it has learnt. x is [batch, visible], h is [batch, hidden]; both may hold
 * probabilities in place of zeros and ones. Parameters: weight W [visible, hidden], hiddenBias b, visibleBias c.
 */
export interface Rbm extends Layer {
  /** E(x, h) = −x·W·h − c·x − b·h of each row: [batch]. */
  energy(x: Tensor, h: Tensor): Tensor
  /** F(x) = −log Σₕ exp(−E(x, h)) = −c·x − Σⱼ softplus(b + x·W)ⱼ of each row: [batch]. */
  freeEnergy(x: Tensor): Tensor
  /** The probabilities of the visible units, P(x = 1 | h) = σ(h·Wᵀ + c): [batch, visible]. */
  visible(h: Tensor): Tensor
  /** Zeros and ones [batch, visible] of a Gibbs chain that starts at x, by the engine's random stream. They have no gradient. */
  gibbs(x: Tensor, options?: GibbsOptions): Tensor
  /**
   * The mean of F(x) − F(x′), with x′ from a Gibbs chain of so many steps that starts at x (CD-k: Hinton 2002). Its
   * gradient is that of contrastive divergence, ⟨x·h⟩ of the chain less ⟨x·h⟩ of the data; its value is no measure of success.
   */
  contrastiveDivergence(x: Tensor, options?: GibbsOptions): Tensor
}

/**
 * Makes a restricted Boltzmann machine, with biases of zeros. It is trained as any model is, on a set whose targets are its
 * features, numbers in [0, 1]:
 *
 *     const machine = nn.rbm(784, 256)
 *     await train.fit(machine, { train: data.dataset(images), loss: (_, x) => machine.contrastiveDivergence(x) })
 */
export function rbm(visible: number, hidden: number, options: RbmOptions = {}): Rbm {
  checkSize('rbm', visible, 'visible')
  checkSize('rbm', hidden, 'hidden')
  const { initializer } = parseOptions('rbm', options, {
    initializer: (value = normal(0.01)) => value as InitializerName | Initializer,
  })
  const weight = parameterFrom(initialize('rbm', [visible, hidden], initializer))
  const hiddenBias = filledParameter([hidden], 0)
  const visibleBias = filledParameter([visible], 0)
  const label = `rbm(${visible}, ${hidden})`

  const check = (x: Tensor, width: number, what: string): void => {
    checkTensor(label, x, what)
    if (!isFloat(x.dtype) || x.shape.at(-1) !== width)
      fail(
        'shape',
        label,
        `${what} is ${x.dtype} ${show(x.shape)}; it must be floats […, ${width}].`,
        what === 'x' ? 'Train on data.dataset(features), whose targets are its features.' : '',
      )
  }
  /** A state of the visible units with b + x·W, which all that follows from it needs. */
  const state = (x: Tensor) => ({ x, input: linear(x, parameterFor(x, weight), parameterFor(x, hiddenBias)) })
  const visibleOf = (h: Tensor): Tensor =>
    sigmoid(add(matmul(h, parameterFor(h, weight), { transposeB: true }), parameterFor(h, visibleBias)))
  const dotVisible = (x: Tensor): Tensor => sum(mul(x, parameterFor(x, visibleBias)), { axis: -1 })
  const freeEnergyOf = ({ x, input }: ReturnType<typeof state>): Tensor =>
    neg(add(dotVisible(x), sum(softplus(input), { axis: -1 })))
  const chain = (start: ReturnType<typeof state>, options: GibbsOptions) => {
    const { steps } = parseOptions(label, options, { steps: integer(1, { min: 1 }) })
    let current = start
    for (let step = 0; step < steps; step++) current = state(drawn(visibleOf(drawn(sigmoid(current.input)))))
    return current
  }

  const made = layer({
    kind: 'rbm',
    label,
    parameters: { weight, hiddenBias, visibleBias },
    forward: x => {
      check(x, visible, 'x')
      return keepResult(() => sigmoid(state(x).input))
    },
  })
  return Object.assign(made, {
    energy: (x: Tensor, h: Tensor): Tensor => {
      check(x, visible, 'x')
      check(h, hidden, 'h')
      return keepResult(() => neg(add(dotVisible(x), sum(mul(state(x).input, h), { axis: -1 }))))
    },
    freeEnergy: (x: Tensor): Tensor => {
      check(x, visible, 'x')
      return keepResult(() => freeEnergyOf(state(x)))
    },
    visible: (h: Tensor): Tensor => {
      check(h, hidden, 'h')
      return keepResult(() => visibleOf(h))
    },
    gibbs: (x: Tensor, options: GibbsOptions = {}): Tensor => {
      check(x, visible, 'x')
      return keepResult(() => chain(state(x), options).x)
    },
    contrastiveDivergence: (x: Tensor, options: GibbsOptions = {}): Tensor => {
      check(x, visible, 'x')
      return keepResult(() => {
        const data = state(x)
        return mean(sub(freeEnergyOf(data), freeEnergyOf(chain(data, options))))
      })
    },
  })
}

/** 1 with the probability at its place, else 0. Comparisons pass no gradient on. */
const drawn = (probabilities: Tensor): Tensor =>
  cast(
    less(uniform(probabilities.shape, { engine: probabilities.engine }), cast(probabilities, 'float32')),
    probabilities.dtype,
  )
