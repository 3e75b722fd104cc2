// Scaling: worked numbers, the same on host and engine, inverted, and refused where they do not fit.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataset, minMax, standardize, transformFromJSON } from '../../src/data/index.ts'
import {
  compile,
  type Engine,
  hostScalar,
  hostVector,
  init,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts'
import { refusal, rejection } from './refusal.ts'

fc.configureGlobal({ seed: 4 })

let engine: Engine
beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
})
afterAll(() => engine.dispose())

// Column 0 has mean 2 and mean square (1 + 0 + 1)/3 about it; column 1 is constant.
const rows = [
  [1, 7],
  [2, 7],
  [3, 7],
]
const deviation = Math.sqrt(2 / 3)

test('worked by hand; a constant column becomes 0 or low', () => {
  const scale = standardize(rows)
  expect(scale.toJSON()).toEqual({ kind: 'standardize', mean: [2, 7], deviation: [deviation, 1] })
  expect([scale.kind, scale.inputs, scale.outputs]).toEqual(['standardize', 2, 2])
  expect(scale.apply(rows).flat()).toEqual([-1 / deviation, 0, 0, 0, 1 / deviation, 0])
  expect(minMax(rows).apply([[2.5, 8]])).toEqual([[0.75, 1]])
  expect(minMax(rows, { low: -1 }).apply(rows)).toEqual([
    [-1, -1],
    [0, -1],
    [1, -1],
  ])
  expect(standardize([0.1, 0.1, 0.1]).apply([0.1])).toEqual([[0]])
})

test('fitted columns have mean 0 and deviation 1, or their range; inverting gives the numbers back', () => {
  const numbers = fc.float({ min: -1000, max: 1000, noNaN: true, noDefaultInfinity: true })
  const matrix = fc
    .integer({ min: 1, max: 4 })
    .chain(width => fc.array(fc.array(numbers, { minLength: width, maxLength: width }), { minLength: 2 }))
  fc.assert(
    fc.property(matrix, given => {
      const x = given.map(row => row.map(value => Math.round(value * 8) / 8))
      for (const scale of [standardize(x), minMax(x, { low: -1, high: 3 })]) {
        const y = scale.apply(x)
        x[0]?.forEach((_, i) => {
          const [before, after] = [x, y].map(rows => rows.map(row => row[i] as number)) as [
            number[],
            number[],
          ]
          const constant = new Set(before).size === 1
          const mean = after.reduce((sum, value) => sum + value, 0) / after.length
          const square = after.reduce((sum, value) => sum + (value - mean) ** 2, 0) / after.length
          // Sums of float64 numbers up to some hundreds: far better than 1e-9.
          if (scale.kind === 'standardize') {
            expect(Math.abs(mean)).toBeLessThan(1e-9)
            expect(Math.abs(Math.sqrt(square) - (constant ? 0 : 1))).toBeLessThan(1e-9)
          } else {
            expect(Math.min(...after)).toBeCloseTo(-1, 9)
            expect(Math.max(...after)).toBeCloseTo(constant ? -1 : 3, 9)
          }
        })
        const back = scale.invert(y).flat()
        x.flat().forEach((value, i) => {
          expect(Math.abs((back[i] as number) - value)).toBeLessThan(1e-9)
        })
        expect(transformFromJSON(JSON.stringify(scale)).apply(x as never)).toEqual(y)
      }
    }),
  )
})

test('tensors and sets are fitted by what they hold, and scaled on their engine', async () => {
  const x = tensor(rows)
  const scale = await standardize(x)
  expect(scale.toJSON()).toEqual(standardize(rows).toJSON())
  const scaled = scale.apply(x)
  const host = scale.apply(rows).flat()
  ;[...(await scaled.data())].forEach((value, i) => {
    expect(value).toBeCloseTo(host[i] as number, 6)
  })
  expect(await scale.invert(scaled).array()).toEqual(rows)
  const range = await minMax(x, { low: -1, high: 1 })
  expect(await range.apply(x).array()).toEqual(minMax(rows, { low: -1 }).apply(rows))
  expect(await range.invert(range.apply(x)).array()).toEqual(rows)

  using set = dataset([...rows, [100, 100]], new Uint8Array([0, 1, 0, 1]))
  const train = set.subset([2, 0, 1])
  const fitted = await standardize(train)
  expect(fitted.toJSON()).toEqual(scale.toJSON())
  using applied = fitted.apply(train)
  expect([...applied.labelIds()]).toEqual([0, 0, 1])
  expect(((await applied.features.array()) as number[][])[2]).toEqual([0, 0])
  using back = fitted.invert(applied)
  expect(await back.features.array()).toEqual([
    [3, 7],
    [1, 7],
    [2, 7],
  ])
})

test('an engine of doubles scales in doubles, now and in a compiled function', async () => {
  const exact = await init({ backend: 'cpu', precision: 'float64' })
  const scale = standardize(rows)
  const x = tensor(rows, { engine: exact })
  const step = compile((x: Tensor) => scale.apply(x))
  for (const scaled of [scale.apply(x), step(x)])
    for (const [i, value] of (await scaled.data()).entries())
      expect(value).toBeCloseTo(scale.apply(rows).flat()[i] as number, 14)
  expect(await hostScalar(() => 0.1, { engine: exact }).item()).toBe(0.1)
  expect(await hostScalar(() => 0.1).item()).toBe(Math.fround(0.1))
  // The nearest half to 0.1: 1638/2¹⁴.
  const half = hostVector(() => [0.1], { length: 1, dtype: 'float16' })
  for (const x of [half, half.reshape([]).reshape([1])]) expect(await x.array()).toEqual([1638 / 2 ** 14])
  exact.dispose()
})

test('numbers that lie far from 0 and near each other are scaled on the device as on the host', async () => {
  const far = [1, 2, 4, 7].map(digit => [1_000_000 + digit, -1_000_000 - digit / 8])
  const scale = standardize(far)
  const expected = scale.apply(far).flat()
  const scaled = scale.apply(tensor(far))
  for (const [i, value] of (await scaled.data()).entries())
    expect(value).toBeCloseTo(expected[i] as number, 6)
  expect(await scale.invert(scaled).array()).toEqual(far)
})

test('what is wrong with a set is told of the transform, once', () => {
  const other = dataset([[1, 2, 3]], [1])
  expect(refusal(() => standardize(rows).apply(other))).toMatch(/^shape \[standardize\.apply\] /)
  expect(refusal(() => standardize(rows).invert(other))).toMatch(/^shape \[standardize\.invert\] /)
  other.dispose()
})

test('a compiled function scales what it is given', async () => {
  const scale = standardize(rows)
  const predict = compile((x: ReturnType<typeof zeros>) => scale.apply(x).sum())
  for (const values of [rows, [[4, 8]]]) {
    const expected = scale
      .apply(values)
      .flat()
      .reduce((sum, value) => sum + value, 0)
    expect(await predict(tensor(values)).item()).toBeCloseTo(expected, 5)
  }
  predict.dispose()
})

test('leaves no memory behind', async () => {
  const alone = await init({ backend: 'cpu' })
  const set = dataset(rows, [1, 2, 3], { engine: alone })
  const applied = (await standardize(set)).apply(set)
  await applied.features.data()
  expect(alone.memory().tensors).toBe(4)
  for (const done of [applied, set]) done.dispose()
  expect(alone.memory()).toMatchObject({ tensors: 0, liveBytes: 0 })
  alone.dispose()
})

test('refused: another width, what is no number, a range that is none', async () => {
  const scale = standardize(rows)
  expect(refusal(() => scale.apply([[1, 2, 3]]))).toMatch(
    /^shape \[standardize.apply\].*\[1, 3\].*fitted on 2/,
  )
  expect(refusal(() => scale.invert(zeros([4, 1])))).toMatch(/^shape \[standardize.invert\]/)
  expect(refusal(() => scale.apply(zeros([2])))).toMatch(/^shape /)
  expect(refusal(() => scale.apply(zeros([2, 2], { dtype: 'int32' })))).toMatch(/^dtype /)
  expect(refusal(() => scale.apply(dataset([1, 2, 3])))).toMatch(/^shape /)
  expect(refusal(() => scale.apply([[1, Number.NaN]]))).toMatch(/^value .*row 0, column 1/)
  expect(refusal(() => standardize([]))).toMatch(/^shape /)
  expect(refusal(() => standardize([[1, '2' as never]]))).toMatch(/'2' at row 0, column 1/)
  expect(refusal(() => standardize({ values: [1, 2, 3, 4], shape: [1, 2, 2] }))).toMatch(/^shape /)
  expect(refusal(() => minMax(rows, { low: 1 }))).toMatch(/^option .*low is 1, high is 1/)
  const bad = tensor([[1], [Number.NaN]])
  expect(await rejection(standardize(bad))).toMatch(/^value .*NaN at row 1, column 0/)
})
