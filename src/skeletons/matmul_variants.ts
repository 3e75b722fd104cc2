// Which variants of a matrix product there are, and which of them an adapter gets.
import quads16 from '../../shaders/matmul_quads16.wgsl?raw'
import quads32 from '../../shaders/matmul_quads32.wgsl?raw'
import { must } from '../errors.ts'
import { shader } from '../kernel.ts'
import type { Spec } from '../tape.ts'
import { type Product, productOf, type ProductRequest as Request } from './product.ts'

/** The shape of a tiled variant: threads, vectors of four that each computes, depth steps at a time. */
export interface Tiling {
  readonly ROW_THREADS: number
  readonly COLUMN_THREADS: number
  readonly ROW_VECTORS: number
  readonly COLUMN_VECTORS: number
  readonly DEPTH: number
}

/** Tiles of 32 × 32, 64 × 64 and 128 × 128 outputs. */
const TILED32: Tiling = { ROW_THREADS: 8, COLUMN_THREADS: 8, ROW_VECTORS: 1, COLUMN_VECTORS: 1, DEPTH: 16 }
const TILED64: Tiling = { ROW_THREADS: 16, COLUMN_THREADS: 16, ROW_VECTORS: 1, COLUMN_VECTORS: 1, DEPTH: 16 }
const TILED128: Tiling = { ROW_THREADS: 16, COLUMN_THREADS: 16, ROW_VECTORS: 2, COLUMN_VECTORS: 2, DEPTH: 8 }
export const TILINGS = new Map([
  ['tiled32', TILED32],
  ['tiled64', TILED64],
  ['tiled128', TILED128],
  ['split', TILED32],
])

/** The tile of a quad, and its side, by variant. */
export const QUADS_TILES = new Map([
  ['quads16', { side: 16, fragment: shader(quads16) }],
  ['quads32', { side: 32, fragment: shader(quads32) }],
])

/** Multiply-adds up to which one output a thread is best: on a GPU only many threads hide how long each load takes. */
const FEW_OPERATIONS = 2 ** 15
/** … and up to which SwiftShader gets the smaller tiles: larger ones are 1.3 times as fast, but take 0.1 s more to compile. */
const MANY_SOFTWARE_OPERATIONS = 2 ** 27
/** Subgroups of SwiftShader, whose loads cost so much more than arithmetic that large tiles pay. */
const NARROW_SUBGROUPS = 4
/**
 * … and for narrow products, from which on a network has others that take far longer: there compiling quads, three times
 * as long as registers (90 ms against 30 on SwiftShader where rows are no whole vectors), costs more than they save.
 */
const MANY_NARROW_OPERATIONS = 2 ** 20
/** Workgroups that keep a GPU busy: larger tiles pay only where there are as many. */
export const ENOUGH_WORKGROUPS = 128
/** Least depth of each part worth a second pass. */
export const SPLIT_DEPTH = 128
/** Sides up to which a product is all edge to the tiled variants. */
const NARROW = 16

export const ceilDivide = (a: number, b: number): number => Math.ceil(a / b)
export const nextPowerOfTwo = (least: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, least)))

interface Tiles {
  readonly tilesAcross: number
  readonly tilesEach: number
  readonly tiles: number
}

/** Tiles along the columns, in one matrix, and in all. */
export function tilesOf({ rows, columns, matrices }: Product, high: number, wide: number): Tiles {
  const tilesAcross = ceilDivide(columns, wide)
  const tilesEach = tilesAcross * ceilDivide(rows, high)
  return { tilesAcross, tilesEach, tiles: tilesEach * matrices }
}

export const tilesOfTiling = (
  product: Product,
  { ROW_THREADS, ROW_VECTORS, COLUMN_THREADS, COLUMN_VECTORS }: Tiling,
): Tiles => tilesOf(product, 4 * ROW_THREADS * ROW_VECTORS, 4 * COLUMN_THREADS * COLUMN_VECTORS)

export function operandsOf({ inputs, outputs, attributes }: Request): { out: Spec; product: Product } {
  const out = must(outputs[0], 'output')
  return { out, product: productOf(must(inputs[0], 'a'), must(inputs[1], 'b'), out, attributes) }
}

/** Whether an adapter has what a variant needs. */
export function supports({ variant, device }: Request): boolean {
  if (QUADS_TILES.has(variant)) return device.subgroups && device.subgroupMinSize >= 4
  const tiling = TILINGS.get(variant)
  if (!tiling) return true
  const { ROW_THREADS, COLUMN_THREADS, ROW_VECTORS, COLUMN_VECTORS, DEPTH } = tiling
  const bytes = 16 * DEPTH * (ROW_THREADS * ROW_VECTORS + 1 + COLUMN_THREADS * COLUMN_VECTORS + 1)
  return device.maxInvocations >= ROW_THREADS * COLUMN_THREADS && device.maxWorkgroupBytes >= bytes
}

/**
 * Software adapters pay for each load, lane by lane, and nothing for workgroup memory but its upkeep: registers, shared by
 * quads. GPUs take the largest tile of which there are enough, and cut the depth where no tile is small enough.
 */
export function choose(request: Request): string {
  const { product } = operandsOf(request)
  const { device } = request
  const { rows, columns, depth, matrices } = product
  const operations = rows * columns * depth * matrices
  const narrow = Math.min(rows, columns) <= NARROW
  if (operations <= FEW_OPERATIONS) return 'small'
  if (device.isSoftware) {
    if (!device.subgroups || device.subgroupMinSize < 4) return 'register'
    if (narrow && operations > MANY_NARROW_OPERATIONS) return 'register'
    const pays =
      !narrow && operations > MANY_SOFTWARE_OPERATIONS && device.subgroupMinSize === NARROW_SUBGROUPS
    return pays ? 'quads32' : 'quads16'
  }
  if (narrow) return 'dot'
  const enough = (tiling: Tiling): boolean => tilesOfTiling(product, tiling).tiles >= ENOUGH_WORKGROUPS
  if (enough(TILED128)) return 'tiled128'
  if (enough(TILED64)) return 'tiled64'
  return depth >= 4 * SPLIT_DEPTH && tilesOfTiling(product, TILED32).tiles * 4 < ENOUGH_WORKGROUPS
    ? 'split'
    : 'tiled32'
}
