// Matrix product kernels: the dispatches of every way to tile a product.
import batch from '../../shaders/matmul_batch.wgsl?raw'
import columns from '../../shaders/matmul_columns.wgsl?raw'
import dot from '../../shaders/matmul_dot.wgsl?raw'
import quads from '../../shaders/matmul_quads.wgsl?raw'
import register from '../../shaders/matmul_register.wgsl?raw'
import scalars from '../../shaders/matmul_scalars.wgsl?raw'
import single from '../../shaders/matmul_single.wgsl?raw'
import small from '../../shaders/matmul_small.wgsl?raw'
import sum from '../../shaders/matmul_sum.wgsl?raw'
import tiled from '../../shaders/matmul_tiled.wgsl?raw'
import vectors from '../../shaders/matmul_vectors.wgsl?raw'
import { dtypes } from '../dtype.ts'
import { must } from '../errors.ts'
import {
  axisList,
  type Binding,
  type Dispatch,
  type Kernel,
  type KernelSource,
  type Program,
  shader,
  WORKGROUP_SIZE,
} from '../kernel.ts'
import { sizeOf } from '../shape.ts'
import { compose, constantBits, declarations, generated } from './expression.ts'
import {
  ceilDivide,
  choose,
  ENOUGH_WORKGROUPS,
  nextPowerOfTwo,
  operandsOf,
  QUADS_TILES,
  SPLIT_DEPTH,
  supports,
  TILINGS,
  type Tiling,
  tilesOf,
  tilesOfTiling,
} from './matmul_variants.ts'
import type { Product, ProductAttributes, ProductRequest as Request } from './product.ts'
import { type Ending, SUM, storing, withBias } from './product_ending.ts'

const BATCH = shader(batch)
const SINGLE = shader(single)
const COLUMNS = shader(columns)
const SMALL = shader(small)
const REGISTER = shader(register)
const QUADS = shader(quads)
const DOT = shader(dot)
const TILED = shader(tiled)
const SCALARS = shader(scalars)
const VECTORS = shader(vectors)
const PARTS_SUM = shader(sum)

/** Threads of a workgroup, and what one thread computes, as the shaders have it. */
const QUADS_THREADS = 8
const REGISTER_THREADS = 64
const REGISTER_ROWS = 8
const THREAD_COLUMNS = 4
const DOT_THREADS = 64
const DOT_TILE = 4

/** What sets one dispatch of a product apart. */
interface Part {
  readonly source: Pick<KernelSource, 'skeleton' | 'fragments' | 'constants'>
  readonly overrides?: Readonly<Record<string, number>>
  readonly params: Readonly<Record<string, number>>
  readonly workgroups: number
  /** Operands are read in vectors of four. */
  readonly isVector?: boolean
  /** Writes float32 parts to scratch, for another pass to add. */
  readonly toScratch?: boolean
}

/** Adds what all dispatches share: operands, batch, and the end. */
function dispatchOf(
  request: Request,
  ending: Ending,
  { source, overrides = {}, params, workgroups, toScratch = false, isVector = false }: Part,
): Dispatch {
  const { product } = operandsOf(request)
  const { shape, strides } = product.batch
  const end = storing(request, ending, toScratch)
  const sums = ending.columnSums ? [{ name: 'columnSums', type: 'Out', written: true }] : []
  const element = isVector ? 'f32(b[index / 4][index % 4])' : 'f32(b[index])'
  const code = generated([
    ...declarations([...end.declared, ...sums], 2),
    ending.columnSums
      ? `fn elementB(index: u32) -> f32 { return ${element}; }`
      : 'fn sumColumns(thread: u32, threads: u32, columns: u32) {}',
  ])
  return {
    source: {
      ...source,
      fragments: [
        shape.length > 0 ? BATCH : SINGLE,
        ...(ending.columnSums ? [COLUMNS] : []),
        ...end.files,
        code,
        ...(source.fragments ?? []),
      ],
      types: {
        T: dtypes[must(request.inputs[0], 'a').dtype].wgsl,
        ...(ending.columnSums ? { Out: dtypes[must(request.outputs.at(-1), 'sums').dtype].wgsl } : {}),
      },
    },
    overrides,
    bindings: [
      { input: 0 },
      { input: 1 },
      ...end.bindings,
      ...sums.map((): Binding => ({ output: request.outputs.length - 1 })),
    ],
    params: {
      depth: product.depth,
      columns: product.columns,
      batchRank: shape.length,
      batch: axisList(shape, 1),
      batchA: axisList(strides[0] ?? [], 0),
      batchB: axisList(strides[1] ?? [], 0),
      constants: constantBits(toScratch ? SUM : ending.expression),
      ...params,
    },
    workgroups,
  }
}

const stridesOf = ({ rowStride, depthStrideA, columnStride, depthStrideB }: Product) => ({
  rowStride,
  depthStrideA,
  columnStride,
  depthStrideB,
})

function smallPart(request: Request): Part {
  const { product, out } = operandsOf(request)
  const size = sizeOf(out.shape)
  const params = { rows: product.rows, ...stridesOf(product), size }
  return {
    source: { skeleton: SMALL },
    overrides: { WORKGROUP_SIZE },
    params,
    workgroups: ceilDivide(size, WORKGROUP_SIZE),
  }
}

function registerPart(request: Request): Part {
  const { product } = operandsOf(request)
  const across = Math.min(REGISTER_THREADS, nextPowerOfTwo(product.columns / THREAD_COLUMNS))
  const tiles = tilesOf(product, REGISTER_ROWS * (REGISTER_THREADS / across), THREAD_COLUMNS * across)
  const params = { rows: product.rows, ...stridesOf(product), across, ...tiles }
  return { source: { skeleton: REGISTER }, params, workgroups: tiles.tiles }
}

/** Whether the operands' rows, as stored, are whole vectors of four. */
function isAligned(
  { rows, columns, depth }: Product,
  { transposeA, transposeB }: ProductAttributes,
): boolean {
  const lengths = [transposeA ? rows : depth, transposeB ? depth : columns]
  return depth > 0 && lengths.every(length => length % 4 === 0)
}

const transpositions = ({ transposeA, transposeB }: ProductAttributes) => ({
  TRANSPOSE_A: Number(transposeA),
  TRANSPOSE_B: Number(transposeB),
})

function quadsPart(request: Request): Part {
  const { product } = operandsOf(request)
  const { side, fragment } = must(QUADS_TILES.get(request.variant), request.variant)
  const tiles = tilesOf(product, side, side)
  const aligned = isAligned(product, request.attributes)
  return {
    source: { skeleton: QUADS, fragments: [aligned ? VECTORS : SCALARS, fragment] },
    overrides: transpositions(request.attributes),
    params: { rows: product.rows, ...tiles },
    workgroups: ceilDivide(tiles.tiles, QUADS_THREADS / 4),
    isVector: aligned,
  }
}

function dotPart(request: Request): Part {
  const { product } = operandsOf(request)
  const tiles = tilesOf(product, DOT_TILE, DOT_TILE)
  // At least 8 depth steps a thread, or sharing costs more than it gives.
  const split = Math.min(DOT_THREADS, nextPowerOfTwo(product.depth / 16))
  const params = { rows: product.rows, ...stridesOf(product), split, ...tiles }
  return { source: { skeleton: DOT }, params, workgroups: ceilDivide(tiles.tiles, DOT_THREADS / split) }
}

/** Parts to cut the depth in, each a whole number of the tile's steps. */
function splitOf(product: Product, tiles: number, { DEPTH }: Tiling): { splits: number; splitDepth: number } {
  const wanted = Math.min(ceilDivide(2 * ENOUGH_WORKGROUPS, tiles), Math.floor(product.depth / SPLIT_DEPTH))
  const splitDepth = Math.max(1, ceilDivide(ceilDivide(product.depth, Math.max(2, wanted)), DEPTH)) * DEPTH
  return { splits: Math.max(1, ceilDivide(product.depth, splitDepth)), splitDepth }
}

function tiledProgram(request: Request, ending: Ending): Program {
  const { product, out } = operandsOf(request)
  const tiling = must(TILINGS.get(request.variant), request.variant)
  const { tilesAcross, tilesEach, tiles } = tilesOfTiling(product, tiling)
  const { rows, columns, depth, matrices } = product
  const twoPasses = request.variant === 'split'
  const { splits, splitDepth } = twoPasses
    ? splitOf(product, tiles, tiling)
    : { splits: 1, splitDepth: depth }
  const aligned = isAligned(product, request.attributes)
  const first = dispatchOf(request, ending, {
    source: { skeleton: TILED, fragments: [aligned ? VECTORS : SCALARS], constants: { ...tiling } },
    overrides: transpositions(request.attributes),
    params: { rows, tilesAcross, tilesEach, tiles: tiles * splits, splits, splitDepth, matrices },
    workgroups: tiles * splits,
    isVector: aligned,
    toScratch: twoPasses,
  })
  if (!twoPasses) return { dispatches: [first] }
  const size = sizeOf(out.shape)
  const end = storing(request, ending, false)
  const second: Dispatch = {
    source: {
      skeleton: PARTS_SUM,
      fragments: [...end.files, generated(declarations(end.declared, 1))],
      types: {},
    },
    overrides: { WORKGROUP_SIZE },
    bindings: [{ scratch: 0 }, ...end.bindings],
    params: { size, columns, splits, constants: constantBits(ending.expression) },
    workgroups: ceilDivide(size, WORKGROUP_SIZE),
  }
  return { dispatches: [first, second], scratch: [size * splits * 4] }
}

const PARTS_OF: Readonly<Record<string, (request: Request) => Part>> = {
  register: registerPart,
  small: smallPart,
  quads16: quadsPart,
  quads32: quadsPart,
  dot: dotPart,
}

/** A kernel of products that end as `endingOf` says. */
function productKernel(endingOf: (request: Request) => Ending): Kernel<ProductAttributes> {
  return {
    variants: ['register', 'small', 'quads16', 'quads32', 'dot', 'tiled32', 'tiled64', 'tiled128', 'split'],
    supports,
    choose,
    program: request => {
      const part = PARTS_OF[request.variant]?.(request)
      const ending = endingOf(request)
      return part ? { dispatches: [dispatchOf(request, ending, part)] } : tiledProgram(request, ending)
    },
    withEpilogue: (epilogue, request) => {
      const ending = endingOf(request)
      return productKernel(() => ({ ...ending, expression: compose(ending.expression, epilogue) }))
    },
    withWatch: request => {
      const ending = endingOf(request)
      return productKernel(() => ({ ...ending, watched: true }))
    },
  }
}

/** The kernel of a product. */
export const product = productKernel(() => ({ expression: SUM, columnSums: false }))

/** The kernel of a product that gives the sums of b's columns as its last output. */
export const productWithColumnSums = productKernel(() => ({ expression: SUM, columnSums: true }))

/** The kernel of a product with a bias for each column where there is a third input. */
export const affine = productKernel(({ inputs: [, , bias] }) => ({
  expression: bias ? withBias(dtypes[bias.dtype].wgsl) : SUM,
  columnSums: false,
}))
