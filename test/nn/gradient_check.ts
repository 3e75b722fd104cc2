// Checks a model's gradient against finite differences of its loss, parameter by parameter.
import { type Engine, grad, type nn, scope, type Tensor, tensor } from '../../src/index.ts'

export interface ModelCheck {
  /** Partial derivatives compared. */
  readonly checks: number
  /** The worst relative error among them. */
  readonly worst: number
  readonly failures: readonly {
    /** Name of the parameter, and the place in it. */
    readonly name: string
    readonly index: number
    readonly expected: number
    readonly actual: number
  }[]
}

/**
 * A power of 2, so that weight ± step is exact near 1. The stencil errs by step⁴·f⁗′/30 ≈ 5e-19·f⁗′; a shorter step
 * would let through more of the loss's rounding, which normalising nearly equal numbers magnifies.
 */
const STEP = 2 ** -14

/** Partial derivatives compared of each parameter: all of a small one, this many evenly spread of a large one. */
const MOST = 24

/**
 * Compares `grad` of a loss with central differences of fourth order, (8·(f(p+h) − f(p−h)) − (f(p+2h) − f(p−2h))) / 12h,
 * for every parameter of the model. Of use on an engine of `precision: 'float64'`, on which model and loss were made.
 * Every evaluation draws the same random numbers, so that dropout drops the same units. Parameters and buffers are
 * afterwards what they were.
 */
export async function checkModel(
  engine: Engine,
  model: nn.Layer,
  loss: () => Tensor,
  { relative = 1e-6, seed = 1 } = {},
): Promise<ModelCheck> {
  const evaluate = (): Tensor => engine.withSeed(seed, () => scope(loss))
  const buffers = await Promise.all(
    model.buffers().map(async buffer => [buffer, await copyOf(buffer)] as const),
  )
  const named = [...model.namedParameters()].filter(
    ([, parameter], i, all) => all.findIndex(([, other]) => other === parameter) === i,
  )
  const gradients = engine.withSeed(seed, () =>
    scope(() =>
      grad(
        loss(),
        named.map(([, parameter]) => parameter),
      ),
    ),
  )
  const failures: ModelCheck['failures'][number][] = []
  let checks = 0
  let worst = 0
  for (const [k, [name, parameter]] of named.entries()) {
    const analytic = await copyOf(gradients[k] as Tensor)
    const numbers = await copyOf(parameter)
    const assign = (values: readonly number[]) =>
      scope(() => parameter.assign(tensor(values, { shape: parameter.shape, engine })))
    const stride = Math.max(1, Math.floor(numbers.length / MOST))
    for (let index = 0; index < numbers.length; index += stride) {
      const at = async (steps: number): Promise<number> => {
        assign(numbers.with(index, (numbers[index] as number) + steps * STEP))
        return evaluate().item()
      }
      const [low2, low1, high1, high2] = [await at(-2), await at(-1), await at(1), await at(2)]
      const expected = (8 * (high1 - low1) - (high2 - low2)) / (12 * STEP)
      const actual = analytic[index] as number
      // Rounding of the loss, a few dozen operations in double precision, over the step.
      const noise = (Math.abs(high1) * 2 ** -46) / STEP
      const error = Math.abs(actual - expected)
      checks++
      worst = Math.max(worst, (error - noise) / Math.max(Math.abs(expected), Math.abs(actual), 1e-12))
      if (!(error <= relative * Math.max(Math.abs(expected), Math.abs(actual)) + noise))
        failures.push({ name, index, expected, actual })
    }
    assign(numbers)
  }
  for (const [buffer, numbers] of buffers) buffer.assign(tensor(numbers, { shape: buffer.shape, engine }))
  return { checks, worst, failures }
}

const copyOf = async (x: Tensor): Promise<number[]> => Array.from(await x.data())
