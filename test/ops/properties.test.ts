// Properties over random shapes: broadcasting, reductions and movement agree with indices worked out one by one.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  add,
  concat,
  type Engine,
  flip,
  init,
  matmul,
  max,
  pad,
  reshape,
  scope,
  slice,
  sum,
  type Tensor,
  tensor,
  transpose,
} from '../../src/index.ts'
import { broadcastShapes, foldAxes, sizeOf, stridesOf, walk } from '../../src/shape.ts'

let engine: Engine

beforeAll(async () => {
  engine = await init({ backend: 'cpu' })
})

afterAll(() => engine.dispose())

const shape = (max = 4) => fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: max })

/** Numbers that name their own position. */
const counting = (of: readonly number[]): Tensor =>
  tensor(
    Float32Array.from({ length: sizeOf(of) }, (_, i) => i + 1),
    { shape: of },
  )

/** Every index of a shape, in row-major order. */
function indices(of: readonly number[]): number[][] {
  return of.reduce<number[][]>(
    (list, length) => list.flatMap(index => Array.from({ length }, (_, i) => [...index, i])),
    [[]],
  )
}

const offset = (of: readonly number[], index: readonly number[]): number =>
  stridesOf(of).reduce((total, stride, axis) => total + stride * (index[axis] as number), 0)

const holds = (property: fc.IAsyncProperty<unknown>) => fc.assert(property, { numRuns: 60, seed: 1 })

const read = async (build: () => Tensor): Promise<{ shape: readonly number[]; data: number[] }> => {
  const result = scope(build)
  const found = { shape: result.shape, data: [...(await result.data())] }
  result.dispose()
  return found
}

describe('shapes', () => {
  test('broadcasting reads each operand at the index, or at 0 along its axes of length 1', () =>
    holds(
      fc.asyncProperty(
        shape(),
        fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
        fc.nat(4),
        async (full, ones, cut) => {
          const partial = full
            .map((length, axis) => (ones[axis] ? 1 : length))
            .slice(Math.min(cut, full.length))
          expect(broadcastShapes('test', full, partial)).toEqual(full)
          const found = await read(() => add(counting(full), counting(partial)))
          expect(found.shape).toEqual(full)
          const lead = full.length - partial.length
          const expected = indices(full).map(index => {
            const inner = partial.map((length, axis) => (length === 1 ? 0 : (index[axis + lead] as number)))
            return offset(full, index) + 1 + offset(partial, inner) + 1
          })
          expect(found.data).toEqual(expected)
        },
      ),
    ))

  test('folding axes changes no offset', () => {
    fc.assert(
      fc.property(shape(5), fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), (of, repeated) => {
        const strides = [stridesOf(of), stridesOf(of).map((stride, axis) => (repeated[axis] ? 0 : stride))]
        const offsets = (nest: { shape: number[]; strides: number[][] }): number[][] => {
          const found: number[][] = []
          walk(nest, [0, 0], current => found.push([...current]))
          return found
        }
        expect(offsets(foldAxes(of, strides))).toEqual(offsets({ shape: of, strides }))
      }),
    )
  })
})

describe('reductions', () => {
  test('sum adds up what differs only along the axes', () =>
    holds(
      fc.asyncProperty(
        shape(),
        fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
        fc.boolean(),
        async (of, chosen, keepDims) => {
          const axis = of.flatMap((_, i) => (chosen[i] ? [i] : []))
          const found = await read(() => sum(counting(of), { axis, keepDims }))
          const kept = of.map((length, i) => (axis.includes(i) ? 1 : length))
          expect(found.shape).toEqual(keepDims ? kept : of.filter((_, i) => !axis.includes(i)))
          const expected = new Array<number>(sizeOf(kept)).fill(0)
          for (const index of indices(of)) {
            const to = offset(
              kept,
              index.map((at, i) => (axis.includes(i) ? 0 : at)),
            )
            expected[to] = (expected[to] as number) + offset(of, index) + 1
          }
          expect(found.data).toEqual(expected)
        },
      ),
    ))

  test('max of what counts up is its last', () =>
    holds(
      fc.asyncProperty(shape(), async of => {
        fc.pre(sizeOf(of) > 0)
        expect((await read(() => max(counting(of)))).data).toEqual([sizeOf(of)])
      }),
    ))
})

describe('movement', () => {
  test('transpose moves element by element, and back', () =>
    holds(
      fc.asyncProperty(
        shape().chain(of =>
          fc.tuple(
            fc.constant(of),
            fc.shuffledSubarray(
              of.map((_, i) => i),
              { minLength: of.length },
            ),
          ),
        ),
        async ([of, permutation]) => {
          const found = await read(() => transpose(counting(of), { permutation }))
          expect(found.shape).toEqual(permutation.map(axis => of[axis]))
          const expected = indices(found.shape).map(index => {
            const source = of.map((_, axis) => index[permutation.indexOf(axis)] as number)
            return offset(of, source) + 1
          })
          expect(found.data).toEqual(expected)
        },
      ),
    ))

  test('reshape keeps the order; slice undoes pad; flip undoes flip', () =>
    holds(
      fc.asyncProperty(shape(), fc.nat(2), fc.nat(2), async (of, before, after) => {
        const x = counting(of)
        const data = [...(await x.data())]
        expect((await read(() => reshape(x, [sizeOf(of)]))).data).toEqual(data)
        const margins = { before: of.map(() => before), after: of.map(() => after) }
        const end = of.map(length => length + before)
        expect((await read(() => slice(pad(x, margins), { start: margins.before, end }))).data).toEqual(data)
        if (of.length > 0)
          expect((await read(() => flip(flip(x, { axis: -1 }), { axis: -1 }))).data).toEqual(data)
        x.dispose()
      }),
    ))

  test('the parts of a concat are its slices', () =>
    holds(
      fc.asyncProperty(shape(3), fc.nat(3), async (of, extra) => {
        fc.pre(of.length > 0)
        const longer = of.with(0, extra)
        const [a, b] = [counting(of), counting(longer)]
        const whole = await read(() => concat([a, b]))
        expect(whole.shape).toEqual(of.with(0, (of[0] as number) + extra))
        expect(whole.data).toEqual([...(await a.data()), ...(await b.data())])
      }),
    ))
})

test('matmul sums products, however its operands are turned', () =>
  holds(
    fc.asyncProperty(
      fc.nat(5),
      fc.nat(5),
      fc.nat(5),
      fc.boolean(),
      fc.boolean(),
      async (m, k, n, transposeA, transposeB) => {
        const a = counting(transposeA ? [k, m] : [m, k])
        const b = counting(transposeB ? [n, k] : [k, n])
        const found = await read(() => matmul(a, b, { transposeA, transposeB }))
        expect(found.shape).toEqual([m, n])
        const expected = indices([m, n]).map(([i, j]) => {
          let total = 0
          for (let p = 0; p < k; p++) {
            const left = transposeA ? p * m + (i as number) : (i as number) * k + p
            const right = transposeB ? (j as number) * k + p : p * n + (j as number)
            total += (left + 1) * (right + 1)
          }
          return total
        })
        expect(found.data).toEqual(expected)
      },
    ),
  ))
