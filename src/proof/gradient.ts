// gradientCheck: gradients against finite differences, in double precision on the reference.
import { isFloat } from '../dtype.ts'
import type { Engine } from '../engine.ts'
import { fail, show } from '../errors.ts'
import { grad } from '../grad.ts'
import { init } from '../init.ts'
import type { AnyOp, Sample } from '../op.ts'
import { add, mul } from '../ops/binary.ts'
import { tensor } from '../ops/create.ts'
import { sum } from '../ops/reduce.ts'
import { boolean, integer, number, parseOptions } from '../options.ts'
import { hostRandom } from '../random.ts'
import { stridesOf } from '../shape.ts'
import { scope, type Tensor } from '../tensor.ts'
import {
  argumentsOf,
  callOp,
  type Drawn,
  describeSample,
  drawInputs,
  drawWeights,
  upload,
} from './samples.ts'

/** Options of an op's `gradientCheck`. */
export interface GradientCheckOptions {
  /** Inputs to check at. Default: the entry's samples but those marked `gradient: false`; a plain function needs them. */
  samples?: readonly Sample[]
  /** Seeds inputs and weights. Default 0. */
  seed?: number
  /** The relative error allowed. Default 1e-6. */
  relative?: number
  /** Checks the gradient of the gradient too. Default true. */
  second?: boolean
}

/** One partial derivative that finite differences do not confirm. */
export interface GradientFailure {
  readonly sample: string
  /** 1: the gradient. 2: the gradient of the gradient. */
  readonly order: 1 | 2
  readonly input: number
  readonly index: readonly number[]
  /** By finite differences. */
  readonly expected: number
  /** By `grad`. */
  readonly actual: number
  readonly message: string
}

/** What the gradient check of an op found. */
export interface GradientReport {
  readonly op: string
  /** Partial derivatives compared. */
  readonly checks: number
  readonly failures: readonly GradientFailure[]
}

/** Partial derivatives compared for each input: all of a small one, this many of a large one. */
const MOST_ELEMENTS = 48

/**
 * The step of the differences, at numbers around 1. The stencil of four points errs by step⁴·f⁗′/30, which is nothing, and
 * by rounding of 2⁻⁵³/step ≈ 3e-11, far below 1e-6; a longer step would cross the corners of min and max more often.
 * A power of 2, so that x ± step is exact.
 */
const STEP = 2 ** -18

/** What rounding in the outputs may be, over their size: a few dozen operations in double precision. */
const ROUNDING = 2 ** -47

/** The gradient's own gradient is computed through divisions and differences of gradients: ten times as much is allowed. */
const SECOND_ORDER = 10

/**
 * Compares `grad` of an op, or of any function of tensors, with central differences of fourth order
 * (8·(f(x+h) − f(x−h)) − (f(x+2h) − f(x−2h))) / 12h, outputs weighed by seeded numbers, with respect to every float
 * input. Runs on a CPU engine of its own that stores float64; a function must make its constants from its arguments.
 */
export async function gradientCheck(
  target: AnyOp | ((...inputs: Tensor[]) => Tensor),
  options: GradientCheckOptions = {},
): Promise<GradientReport> {
  if (typeof target !== 'function')
    fail('value', 'gradientCheck', `expected an op or a function, not ${show(target)}.`)
  const entry = 'definition' in target ? target.definition : null
  const { samples, seed, relative, second } = parseOptions('gradientCheck', options, {
    samples: value => value as readonly Sample[] | undefined,
    seed: integer(0),
    relative: number(1e-6, { min: 0 }),
    second: boolean(true),
  })
  const cases = samples ?? entry?.samples.filter(sample => sample.gradient !== false && !sample.benchmark)
  if (!cases)
    fail(
      'option',
      'gradientCheck',
      'a function has no samples of its own.',
      'Pass { samples: [{ inputs: [{ shape: [2, 3] }] }] }.',
    )
  const op = (entry ? target : asOp(target as (...inputs: Tensor[]) => Tensor)) as AnyOp
  const failures: GradientFailure[] = []
  let checks = 0
  if (entry?.gradient === 'none') return { op: op.name, checks, failures }
  const engine = await init({ backend: 'cpu', precision: 'float64' })
  try {
    for (const sample of cases) {
      const drawn = drawInputs(sample, seed)
      const first = (...inputs: Tensor[]) =>
        callOp(op, argumentsOf(sample, inputs)).filter(output => isFloat(output.dtype))
      for (const order of second ? ([1, 2] as const) : ([1] as const)) {
        const check = new Check(
          engine,
          order === 1 ? first : gradientOf(first, drawn, seed),
          drawn,
          seed + order,
        )
        const tolerance = order === 1 ? relative : SECOND_ORDER * relative
        for (const found of await check.run(tolerance)) {
          const where = `[${op.name}] gradient of order ${order}, input ${found.input}, index ${show(found.index)}`
          const message = `${where}: by differences ${found.expected}, by grad ${found.actual} (sample ${describeSample(sample)})`
          failures.push({ ...found, sample: describeSample(sample), order, message })
        }
        checks += check.count
      }
    }
  } finally {
    engine.dispose()
  }
  return { op: op.name, checks, failures }
}

/** A plain function as an op that is called with tensors alone. */
function asOp(fn: (...inputs: Tensor[]) => Tensor): AnyOp {
  const call = (...inputs: Tensor[]) => fn(...inputs)
  Object.defineProperty(call, 'name', { value: fn.name || 'function' })
  return call as unknown as AnyOp
}

type Outputs = (...inputs: Tensor[]) => Tensor[]

/** All gradients of a function, its outputs weighed, as a function of the same inputs. */
function gradientOf(fn: Outputs, drawn: readonly Drawn[], seed: number): Outputs {
  return (...inputs) => {
    const sources = inputs.filter((_, i) => isFloat((drawn[i] as Drawn).dtype))
    return grad(weighed(fn(...inputs), seed), sources, { allowUnused: true })
  }
}

/** Σ weights · outputs, a scalar. */
function weighed(outputs: readonly Tensor[], seed: number): Tensor {
  const terms = outputs.map((output, stream) => {
    const { shape, engine } = output
    return sum(mul(output, tensor(drawWeights(shape, seed, stream), { shape, engine })))
  })
  return terms.reduce((total, term) => add(total, term))
}

interface Partial {
  readonly input: number
  readonly index: readonly number[]
  readonly expected: number
  readonly actual: number
}

/** The comparison of one function's gradient at one point. */
class Check {
  count = 0

  constructor(
    private readonly engine: Engine,
    private readonly fn: Outputs,
    private readonly drawn: readonly Drawn[],
    private readonly seed: number,
  ) {}

  async run(relative: number): Promise<Partial[]> {
    const failures: Partial[] = []
    const analytic = await this.analytic()
    for (const [input, { shape, dtype, numbers }] of this.drawn.entries()) {
      const gradient = analytic[input]
      if (!isFloat(dtype) || !gradient) continue
      for (const position of this.positions(numbers.length)) {
        const { expected, noise } = await this.difference(input, position)
        const actual = gradient[position] as number
        this.count++
        if (Math.abs(actual - expected) <= relative * Math.max(Math.abs(expected), Math.abs(actual)) + noise)
          continue
        const index = stridesOf(shape).map(
          (stride, axis) => Math.floor(position / stride) % (shape[axis] as number),
        )
        failures.push({ input, index, expected, actual })
      }
    }
    return failures
  }

  /** All positions of a small input, a seeded choice of a large one. */
  private positions(size: number): number[] {
    if (size <= MOST_ELEMENTS) return Array.from({ length: size }, (_, i) => i)
    const random = hostRandom(this.seed, 2000)
    return Array.from({ length: MOST_ELEMENTS }, () => Math.floor(random() * size))
  }

  private async analytic(): Promise<(Float64Array | null)[]> {
    const gradients = this.engine.use(() =>
      scope(() => {
        const inputs = this.drawn.map(input => upload(this.engine, input))
        const outputs = this.fn(...inputs)
        if (outputs.length === 0) return inputs.map(() => null)
        const sources = inputs.filter(input => isFloat(input.dtype))
        const found = grad(weighed(outputs, this.seed), sources, { allowUnused: true })
        return inputs.map(input => (isFloat(input.dtype) ? (found[sources.indexOf(input)] ?? null) : null))
      }),
    )
    return Promise.all(
      gradients.map(async gradient => (gradient ? Float64Array.from(await take(gradient)) : null)),
    )
  }

  /**
   * The weighed outputs' derivative by one number, and what rounding makes of it. Differences are taken output by
   * output, so that only outputs that depend on the number add noise.
   */
  private async difference(input: number, position: number): Promise<{ expected: number; noise: number }> {
    const at = (this.drawn[input] as Drawn).numbers[position] as number
    const step = STEP * 2 ** Math.max(0, Math.ceil(Math.log2(Math.abs(at) || 1)))
    const [low2, low1, high1, high2] = await Promise.all(
      [-2, -1, 1, 2].map(k => this.evaluate(input, position, at + k * step)),
    )
    let expected = 0
    let noise = 0
    for (const [j, { shape, numbers }] of (high1 as Numbers[]).entries()) {
      const weights = drawWeights(shape, this.seed, j)
      const value = (numbersOf: Numbers[] | undefined, i: number) => numbersOf?.[j]?.numbers[i] as number
      for (let i = 0; i < numbers.length; i++) {
        const near = value(high1, i) - value(low1, i)
        const far = value(high2, i) - value(low2, i)
        const weight = weights[i] as number
        expected += (weight * (8 * near - far)) / (12 * step)
        if (near !== 0 || far !== 0) noise += (Math.abs(weight * value(high1, i)) * ROUNDING) / step
      }
    }
    return { expected, noise }
  }

  private async evaluate(input: number, position: number, replaced: number): Promise<Numbers[]> {
    const outputs = this.engine.use(() =>
      scope(() => {
        const inputs = this.drawn.map((drawn, i) =>
          upload(this.engine, i === input ? withNumber(drawn, position, replaced) : drawn),
        )
        return this.fn(...inputs)
      }),
    )
    return Promise.all(outputs.map(async output => ({ shape: output.shape, numbers: await take(output) })))
  }
}

interface Numbers {
  readonly shape: readonly number[]
  readonly numbers: ArrayLike<number>
}

const withNumber = (drawn: Drawn, position: number, replaced: number): Drawn => ({
  ...drawn,
  numbers: drawn.numbers.with(position, replaced),
})

/** The numbers of a tensor that is not needed any more. */
async function take(x: Tensor): Promise<ArrayLike<number>> {
  const numbers = await x.data()
  x.dispose()
  return numbers
}
