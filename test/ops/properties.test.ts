// Shapes drawn at random, against implementations so plain that they cannot be wrong: nested loops over coordinates.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  add,
  broadcastTo,
  concat,
  type Engine,
  flip,
  init,
  max,
  pad,
  RetrogradError,
  reshape,
  slice,
  sum,
  type Tensor,
  tensor,
  transpose,
} from '../../src/index.ts'
import { at, sizeOf, stridesOf } from '../../src/shape.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
})

afterAll(() => engine.dispose())

const RUNS = { numRuns: 150 }
const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })

/** 0, 1, 2, … in a shape: every element tells where it came from. */
const counting = (shape: readonly number[]): Tensor =>
  tensor(
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => i),
    { shape, engine },
  )

/** All coordinates of a shape, in row-major order. */
function coordinates(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, length) => all.flatMap(head => Array.from({ length }, (_, i) => [...head, i])),
    [[]],
  )
}

/** The number that `counting` puts at a coordinate. */
const offsetOf = (shape: readonly number[], coordinate: readonly number[]): number =>
  stridesOf(shape).reduce((offset, stride, axis) => offset + stride * at(coordinate, axis), 0)

async function expectNumbers(
  x: Tensor,
  shape: readonly number[],
  number: (coordinate: number[]) => number,
): Promise<void> {
  expect(x.shape).toEqual(shape)
  expect(Array.from(await x.data())).toEqual(coordinates(shape).map(number))
}

test('broadcasting follows NumPy', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, shapes, async (a, b) => {
      const rank = Math.max(a.length, b.length)
      const padded = [a, b].map(shape => [...new Array<number>(rank - shape.length).fill(1), ...shape])
      const [left, right] = padded as [number[], number[]]
      const fits = left.every((length, axis) => length === right[axis] || length === 1 || right[axis] === 1)
      if (!fits) {
        expect(() => add(counting(a), counting(b))).toThrow(RetrogradError)
        return
      }
      const shape = left.map((length, axis) => (length === 1 ? at(right, axis) : length))
      const pick = (from: number[], coordinate: number[]) =>
        offsetOf(
          from,
          coordinate.map((c, axis) => (from[axis] === 1 ? 0 : c)),
        )
      await expectNumbers(add(counting(a), counting(b)), shape, c => pick(left, c) + pick(right, c))
    }),
    RUNS,
  )
})

const shapeAndAxes = shapes.chain(shape =>
  fc.tuple(fc.constant(shape), fc.subarray(shape.map((_, axis) => axis)), fc.boolean()),
)

test('sums along any axes', async () => {
  await fc.assert(
    fc.asyncProperty(shapeAndAxes, async ([shape, axes, keepDims]) => {
      const kept = shape.map((length, axis) => (axes.includes(axis) ? 1 : length))
      const result = keepDims ? kept : shape.filter((_, axis) => !axes.includes(axis))
      const totals = new Float64Array(sizeOf(kept))
      for (const c of coordinates(shape)) {
        const place = offsetOf(
          kept,
          c.map((i, axis) => (axes.includes(axis) ? 0 : i)),
        )
        totals[place] = at(totals, place) + offsetOf(shape, c)
      }
      // Negative axes name the same ones.
      const total = sum(counting(shape), {
        axis: axes.map((axis, i) => (i % 2 ? axis - shape.length : axis)),
        keepDims,
      })
      expect(total.shape).toEqual(result)
      expect(Array.from(await total.data())).toEqual(Array.from(totals))
    }),
    RUNS,
  )
})

test('maxima along an axis', async () => {
  const positive = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(positive, fc.nat(), async (shape, pick) => {
      const axis = pick % shape.length
      const rest = shape.toSpliced(axis, 1)
      await expectNumbers(max(counting(shape), { axis }), rest, c =>
        offsetOf(shape, c.toSpliced(axis, 0, at(shape, axis) - 1)),
      )
    }),
    RUNS,
  )
})

const permuted = shapes.chain(shape =>
  fc.tuple(
    fc.constant(shape),
    fc.shuffledSubarray(
      shape.map((_, axis) => axis),
      { minLength: shape.length },
    ),
  ),
)

test('transposing', async () => {
  await fc.assert(
    fc.asyncProperty(permuted, async ([shape, permutation]) => {
      const result = permutation.map(axis => at(shape, axis))
      await expectNumbers(transpose(counting(shape), { permutation }), result, c => {
        const source = new Array<number>(shape.length).fill(0)
        permutation.forEach((axis, i) => {
          source[axis] = at(c, i)
        })
        return offsetOf(shape, source)
      })
    }),
    RUNS,
  )
})

const margins = shapes.chain(shape =>
  fc.tuple(
    fc.constant(shape),
    ...[0, 1].map(() =>
      fc.array(fc.integer({ min: 0, max: 2 }), { minLength: shape.length, maxLength: shape.length }),
    ),
  ),
) as fc.Arbitrary<[number[], number[], number[]]>

test('padding, and slicing it off again', async () => {
  await fc.assert(
    fc.asyncProperty(margins, async ([shape, before, after]) => {
      const wide = shape.map((length, axis) => at(before, axis) + length + at(after, axis))
      const padded = pad(counting(shape), { before, after, value: -1 })
      await expectNumbers(padded, wide, c => {
        const inner = c.map((i, axis) => i - at(before, axis))
        return inner.every((i, axis) => i >= 0 && i < at(shape, axis)) ? offsetOf(shape, inner) : -1
      })
      const end = shape.map((length, axis) => at(before, axis) + length)
      await expectNumbers(slice(padded, { start: before, end }), shape, c => offsetOf(shape, c))
    }),
    RUNS,
  )
})

test('flipping, reshaping, joining and broadcasting', async () => {
  const positive = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(positive, fc.nat(), async (shape, pick) => {
      const axis = pick % shape.length
      const x = counting(shape)
      const length = at(shape, axis)
      await expectNumbers(flip(x, { axis }), shape, c =>
        offsetOf(shape, c.with(axis, length - 1 - at(c, axis))),
      )
      await expectNumbers(reshape(x, [-1]), [sizeOf(shape)], ([i = 0]) => i)
      await expectNumbers(concat([x, x], { axis }), shape.with(axis, 2 * length), c =>
        offsetOf(shape, c.with(axis, at(c, axis) % length)),
      )
      await expectNumbers(broadcastTo(x, [2, ...shape]), [2, ...shape], ([, ...c]) => offsetOf(shape, c))
    }),
    RUNS,
  )
})
