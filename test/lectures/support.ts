// What the tests of the lectures share: reading numbers, and comparing them.
import { expect } from 'vitest'
import { argMax, grad, type nn, type Tensor, tensor, train } from '../../src/index.ts'

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

/** The classes a model of two inputs gives the points of a grid over ±limit, row by row. */
export async function classesOnGrid(model: nn.Layer, limit: number, cells = 50): Promise<number[][]> {
  const points = tensor(Array.from({ length: cells * cells }, (_, i) => gridPoint(i, limit, cells)))
  const outputs = train.predict(model, points)
  const isLogit = outputs.shape[1] === 1
  const classes = isLogit
    ? (await numbers(outputs)).map(z => (z > 0 ? 1 : 0))
    : await numbers(argMax(outputs, { axis: 1 }))
  return Array.from({ length: cells }, (_, row) => classes.slice(row * cells, (row + 1) * cells))
}

const gridPoint = (i: number, limit: number, cells: number): [number, number] => {
  const at = (cell: number): number => limit * ((2 * cell) / (cells - 1) - 1)
  return [at(i % cells), at(Math.floor(i / cells))]
}

/**
 * Where the class changes between neighbours on a grid over ±limit, and how far those points are from the straight line
 * nearest to them all (root mean square).
 */
export async function boundary(
  model: nn.Layer,
  limit: number,
  cells = 50,
): Promise<{ points: [number, number][]; bend: number }> {
  const classes = await classesOnGrid(model, limit, cells)
  const points: [number, number][] = []
  for (let row = 0; row < cells; row++)
    for (let column = 0; column < cells; column++) {
      const [x, y] = gridPoint(row * cells + column, limit, cells)
      const half = limit / (cells - 1)
      const own = classes[row]?.[column]
      if (column + 1 < cells && classes[row]?.[column + 1] !== own) points.push([x + half, y])
      if (row + 1 < cells && classes[row + 1]?.[column] !== own) points.push([x, y + half])
    }
  const [mx, my] = [average(points.map(([x]) => x)), average(points.map(([, y]) => y))]
  const moment = (of: (dx: number, dy: number) => number) =>
    average(points.map(([x, y]) => of(x - mx, y - my)))
  const [xx, xy, yy] = [moment(dx => dx * dx), moment((dx, dy) => dx * dy), moment((_, dy) => dy * dy)]
  // The smaller of the two principal moments is the one across the line.
  return { points, bend: Math.sqrt(Math.max(0, (xx + yy) / 2 - Math.hypot((xx - yy) / 2, xy))) }
}
