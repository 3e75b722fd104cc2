// Shapes: sizes, strides, broadcasting, axes, and the folding of adjacent axes.
import { fail, show } from './errors.ts'

/** The length of each axis, the outermost first; [] is a scalar. */
export type Shape = readonly number[]

/** Axes a kernel's strided loop can have once adjacent ones are folded; also the highest rank of a tensor. */
export const MAX_RANK = 8

export const sizeOf = (shape: Shape): number => shape.reduce((size, length) => size * length, 1)

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride
    stride *= at(shape, axis)
  }
  return strides
}

/** `list[index]` where the index is known to be inside. */
export function at(list: ArrayLike<number>, index: number): number {
  return list[index] as number
}

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((length, axis) => length === b[axis])

/** Checks a shape a person gave. Throws `shape` for NaN, negative or fractional sizes and for too many axes. */
export function checkShape(where: string, shape: unknown): Shape {
  if (!Array.isArray(shape)) {
    fail('shape', where, `a shape is a list of sizes, not ${show(shape)}.`, 'Pass one such as [2, 3].')
  }
  if (shape.length > MAX_RANK) {
    fail('shape', where, `shape ${show(shape)} has ${shape.length} axes; at most ${MAX_RANK} are supported.`)
  }
  for (const length of shape) {
    if (!Number.isSafeInteger(length) || length < 0) {
      fail(
        'shape',
        where,
        `${show(length)} in shape ${show(shape)} is not a size.`,
        'Sizes are whole numbers, 0 or more.',
      )
    }
  }
  return [...shape]
}

/** The shape all of `shapes` broadcast to, by NumPy's rule. Throws `shape` when they do not. */
export function broadcastShapes(where: string, ...shapes: Shape[]): Shape {
  const rank = Math.max(0, ...shapes.map(shape => shape.length))
  const result = new Array<number>(rank).fill(1)
  for (const shape of shapes) {
    for (let i = 0; i < shape.length; i++) {
      const axis = rank - shape.length + i
      const length = at(shape, i)
      if (length === 1) continue
      if (result[axis] !== 1 && result[axis] !== length) {
        const names = shapes.map((s, k) => `${'abc'[k] ?? `input ${k}`} is ${show(s)}`).join(', ')
        fail(
          'shape',
          where,
          `shapes do not broadcast: ${names}.`,
          'Sizes must be equal or 1, aligned at the last axis.',
        )
      }
      result[axis] = length
    }
  }
  return result
}

/** Strides with which an array of `shape` is read as `target`: 0 along broadcast axes. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const strides = stridesOf(shape)
  const lead = target.length - shape.length
  return target.map((_, axis) => (axis < lead || shape[axis - lead] === 1 ? 0 : at(strides, axis - lead)))
}

/** A whole axis in [0, rank), counted from the end when negative. Throws `axis`. */
export function normalizeAxis(where: string, axis: unknown, rank: number): number {
  if (typeof axis !== 'number' || !Number.isInteger(axis) || axis < -rank || axis >= rank) {
    const range = rank === 0 ? 'a scalar has no axes' : `rank ${rank} has axes ${-rank} to ${rank - 1}`
    fail('axis', where, `axis ${show(axis)} is out of range: ${range}.`)
  }
  return axis < 0 ? axis + rank : axis
}

/** Sorted, distinct axes; every axis where none is named. Throws `axis`. */
export function normalizeAxes(where: string, axes: unknown, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis)
  const list = (Array.isArray(axes) ? axes : [axes]).map(axis => normalizeAxis(where, axis, rank))
  if (new Set(list).size !== list.length) fail('axis', where, `axes ${show(axes)} name one axis twice.`)
  return list.sort((a, b) => a - b)
}

/** A loop nest over `shape` that walks several operands, each with strides of its own. */
export interface LoopNest {
  readonly shape: number[]
  readonly strides: number[][]
}

/** The same nest with as few axes as possible: axes of length 1 dropped, adjacent ones folded where every operand allows. */
export function foldAxes(shape: Shape, strides: readonly (readonly number[])[]): LoopNest {
  const folded: LoopNest = { shape: [], strides: strides.map(() => []) }
  for (let axis = 0; axis < shape.length; axis++) {
    const length = at(shape, axis)
    if (length === 1) continue
    const last = folded.shape.length - 1
    const fits =
      last >= 0 && strides.every((s, k) => at(folded.strides[k] as number[], last) === at(s, axis) * length)
    if (fits) folded.shape[last] = at(folded.shape, last) * length
    else folded.shape.push(length)
    strides.forEach((s, k) => {
      const list = folded.strides[k] as number[]
      if (fits) list[last] = at(s, axis)
      else list.push(at(s, axis))
    })
  }
  return folded
}

/** Calls `visit` with each operand's offset, in row-major order of the nest. */
export function walk(
  nest: LoopNest,
  offsets: readonly number[],
  visit: (offsets: number[], index: number) => void,
): void {
  const { shape, strides } = nest
  const size = sizeOf(shape)
  const current = [...offsets]
  const position = new Array<number>(shape.length).fill(0)
  for (let index = 0; index < size; index++) {
    visit(current, index)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position[axis] = at(position, axis) + 1
      for (let k = 0; k < strides.length; k++) current[k] = at(current, k) + at(strides[k] as number[], axis)
      if (at(position, axis) < at(shape, axis)) break
      position[axis] = 0
      for (let k = 0; k < strides.length; k++) {
        current[k] = at(current, k) - at(shape, axis) * at(strides[k] as number[], axis)
      }
    }
  }
}
