// What the tests of the lectures share: reading numbers, and comparing them.
import { expect } from 'vitest'
import { grad, type nn, type Tensor } from '../../src/index.ts'

/** The numbers of tensors, one after another. */
export const numbers = async (...tensors: readonly Tensor[]): Promise<number[]> =>
  (await Promise.all(tensors.map(x => x.data()))).flatMap(data => [...data])

/** All parameters of a model as numbers. */
export const weightsOf = (model: nn.Layer): Promise<number[]> => numbers(...model.parameters())

/** A parameter of a model by its name. */
export function named(model: nn.Layer, name: string): Tensor {
  const found = model.namedParameters().get(name)
  if (!found) throw new Error(`there is no ${name}`)
  return found
}

/** The gradient of a scalar with respect to one tensor. */
export const slope = (y: Tensor, x: Tensor): Tensor => grad(y, [x])[0] as Tensor

/** Equal within a tolerance; the default is what rounding in float64 makes of a few dozen operations. */
export function expectClose(actual: readonly number[], expected: readonly number[], tolerance = 1e-12): void {
  expect(actual.length).toBe(expected.length)
  actual.forEach((value, i) => {
    const wanted = expected[i] as number
    expect(Math.abs(value - wanted), `number ${i}: ${value}, not ${wanted}`).toBeLessThanOrEqual(tolerance)
  })
}

/** Equal to the four decimals the lectures print: 0.00005 from rounding, and what multiples of rounded slopes add. */
export const expectFigures = (actual: readonly number[], expected: readonly number[]): void =>
  expectClose(actual, expected, 1e-4)

export const sum = (list: readonly number[]): number => list.reduce((total, value) => total + value, 0)

export const average = (list: readonly number[]): number => sum(list) / list.length
