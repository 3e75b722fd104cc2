// Gradient clipping: by value, by the norm of each gradient, and by the norm of all of them.
import { fail, show } from '../errors.ts'
import { div, maximum, mul, clip as within } from '../ops/binary.ts'
import { gather, scatterAdd } from '../ops/gather.ts'
import { inDType } from '../ops/in_dtype.ts'
import { LAYOUT_ALIGNMENT, pack } from '../ops/join.ts'
import { sum } from '../ops/reduce.ts'
import { expandDims, reshape } from '../ops/reshape.ts'
import { checkTensor } from '../ops/signature.ts'
import { sqrt, square } from '../ops/unary.ts'
import { keepResult, type Tensor } from '../tensor.ts'
import { type ClipOptions, limitOf } from './options.ts'

const float = (x: Tensor): Tensor => inDType(x, 'float32')

/** What brings vectors of these squared norms to at most `most`: 1 for those that are no longer. */
const factorOf = (squared: Tensor, most: number): Tensor => div(most, maximum(sqrt(squared), most))

/** x·factor, of the dtype of x. */
const scaled = (x: Tensor, factor: Tensor): Tensor => inDType(mul(float(x), factor), x.dtype)

const squaredNorm = (gradients: readonly Tensor[]): Tensor => sum(square(pack(gradients.map(float))))

function checkGradients(where: string, gradients: readonly Tensor[]): void {
  if (!Array.isArray(gradients) || gradients.length === 0)
    fail('value', where, `expected a list of gradients, not ${show(gradients)}.`, 'Pass what grad gives.')
  for (const [i, gradient] of gradients.entries()) checkTensor(where, gradient, `gradient ${i}`)
}

/** The Euclidean norm of all gradients as one vector: a float32 scalar. */
export function globalNorm(gradients: readonly Tensor[]): Tensor {
  checkGradients('globalNorm', gradients)
  return keepResult(() => sqrt(squaredNorm(gradients)))
}

/** The gradients with every number held within ±limit. NaN stays NaN. */
export function clipByValue(gradients: readonly Tensor[], limit: number): Tensor[] {
  checkGradients('clipByValue', gradients)
  const max = limitOf('clipByValue', 'limit', limit)
  return gradients.map(gradient => within(gradient, { min: -max, max }))
}

/** The gradients, each whose Euclidean norm is above `max` scaled down to it. */
export function clipByNorm(gradients: readonly Tensor[], max: number): Tensor[] {
  checkGradients('clipByNorm', gradients)
  const most = limitOf('clipByNorm', 'max', max)
  return keepResult(() =>
    gradients.map(gradient => scaled(gradient, factorOf(sum(square(float(gradient))), most))),
  )
}

/**
 * The gradients, all scaled by one factor where the norm of all is above `max` (Pascanu, Mikolov and Bengio 2013, "On the
 * difficulty of training recurrent neural networks", algorithm 1). Where that norm is NaN, all become NaN.
 */
export function clipByGlobalNorm(gradients: readonly Tensor[], max: number): Tensor[] {
  checkGradients('clipByGlobalNorm', gradients)
  const most = limitOf('clipByGlobalNorm', 'max', max)
  return keepResult(() => {
    const factor = factorOf(squaredNorm(gradients), most)
    return gradients.map(gradient => scaled(gradient, factor))
  })
}

/**
 * The packed gradients, clipped. `read` records them anew for each reader, so that each computes them as it reads.
 * `table` is the number of the parameter in each block of the pack, of which there are `count`.
 */
export function clipped(
  read: () => Tensor,
  { value, norm, globalNorm: most }: ClipOptions,
  table: Tensor | null,
  count: number,
): Tensor {
  if (value !== undefined) return within(read(), { min: -value, max: value })
  if (most !== undefined) return mul(float(read()), factorOf(sum(square(float(read()))), most))
  if (norm === undefined || !table) return read()
  const blocks = (): Tensor => reshape(float(read()), [table.size, LAYOUT_ALIGNMENT])
  const squared = scatterAdd(table, sum(square(blocks()), { axis: 1 }), { size: count })
  const factor = factorOf(gather(squared, table), norm)
  return reshape(mul(blocks(), expandDims(factor, { axis: 1 })), [table.size * LAYOUT_ALIGNMENT])
}
