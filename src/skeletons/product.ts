// A matrix product as sizes and strides, whatever its operands' layout, and its reference.
import type { NumericArray } from '../dtype.ts'
import { must } from '../errors.ts'
import type { KernelRequest } from '../kernel.ts'
import { at, broadcastStrides, foldAxes, type LoopNest, type Shape, sizeOf, walk } from '../shape.ts'
import type { Spec } from '../tape.ts'

/** Which operands are stored with their last two axes exchanged. */
export interface ProductAttributes {
  readonly transposeA: boolean
  readonly transposeB: boolean
}

/** What a product's kernel is asked for. */
export type ProductRequest = KernelRequest<ProductAttributes>

/** A batch of products of a [rows, depth] and a [depth, columns] matrix. Strides are in elements. */
export interface Product {
  readonly rows: number
  readonly columns: number
  readonly depth: number
  readonly rowStride: number
  readonly depthStrideA: number
  readonly columnStride: number
  readonly depthStrideB: number
  /** The batch, with the strides of a and b. */
  readonly batch: LoopNest
  readonly matrices: number
}

const last = (shape: Shape, back: number): number => at(shape, shape.length - back)

/** Sizes and strides of a product whose shapes have been checked. Where b is one matrix for all of a, the batch is rows. */
export function productOf(
  a: Spec,
  b: Spec,
  out: Spec,
  { transposeA, transposeB }: ProductAttributes,
): Product {
  const columns = last(out.shape, 1)
  const depth = last(b.shape, transposeB ? 1 : 2)
  const strides = {
    columnStride: transposeB ? depth : 1,
    depthStrideB: transposeB ? 1 : columns,
  }
  if (!transposeA && sizeOf(b.shape.slice(0, -2)) === 1) {
    const rows = sizeOf(out.shape.slice(0, -1))
    const batch = { shape: [], strides: [[], []] }
    return { rows, columns, depth, rowStride: depth, depthStrideA: 1, ...strides, batch, matrices: 1 }
  }
  const rows = last(out.shape, 2)
  const shape = out.shape.slice(0, -2)
  const scaled = (operand: Spec, size: number): number[] =>
    broadcastStrides(operand.shape.slice(0, -2), shape).map(stride => stride * size)
  return {
    rows,
    columns,
    depth,
    rowStride: transposeA ? 1 : depth,
    depthStrideA: transposeA ? rows : 1,
    ...strides,
    batch: foldAxes(shape, [scaled(a, rows * depth), scaled(b, depth * columns)]),
    matrices: sizeOf(shape),
  }
}

/** The reference of a product: row by row, so that b and the row of sums are read in order. */
export function productReference(
  inputs: readonly NumericArray[],
  outputs: readonly NumericArray[],
  context: { inputs: readonly Spec[]; outputs: readonly Spec[]; attributes: ProductAttributes },
): void {
  const a = must(inputs[0], 'a')
  const b = must(inputs[1], 'b')
  const bias = inputs[2]
  const out = must(outputs[0], 'output')
  const specs = [...context.inputs, ...context.outputs]
  const { rows, columns, depth, rowStride, depthStrideA, columnStride, depthStrideB, batch } = productOf(
    must(specs[0], 'a'),
    must(specs[1], 'b'),
    must(specs.at(-1), 'output'),
    context.attributes,
  )
  const sums = new Float64Array(columns)
  walk(batch, [0, 0], (offsets, matrix) => {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) sums[column] = bias ? at(bias, column) : 0
      for (let k = 0; k < depth; k++) {
        const x = at(a, at(offsets, 0) + row * rowStride + k * depthStrideA)
        addScaled(sums, x, b, at(offsets, 1) + k * depthStrideB, columnStride)
      }
      for (let column = 0; column < columns; column++)
        out[(matrix * rows + row) * columns + column] = at(sums, column)
    }
  })
}

/** sums += x·b, where b is read from `start` on, `stride` apart. No call inside: this loop is what a reference costs. */
function addScaled(sums: Float64Array, x: number, b: NumericArray, start: number, stride: number): void {
  for (let i = 0, place = start; i < sums.length; i++, place += stride) {
    sums[i] = (sums[i] as number) + x * (b[place] as number)
  }
}
