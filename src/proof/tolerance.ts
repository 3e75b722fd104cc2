// How far results that went through several ops may be from the reference: each op's own tolerance, added up.
import { type DType, isFloat } from '../dtype.ts'
import type { Tolerance } from '../op.ts'
import type { Node, Value } from '../tape.ts'
import type { Tensor } from '../tensor.ts'

/** Two float32 results of one number rounded apart: a unit in the last place. */
const FLOAT32_ROUNDING = 2 ** -23

/** The same of float16, and the smallest normal half: GPUs may flush what is below. */
const FLOAT16_ROUNDING = 2 ** -10
const FLOAT16_FLUSHED = 2 ** -14

/** What a result of a dtype may be off when computed within an op's own tolerance. Integers and bools are exact. */
export function storedTolerance({ absolute, relative }: Tolerance, dtype: DType): Tolerance {
  if (!isFloat(dtype)) return { absolute: 0, relative: 0 }
  if (dtype !== 'float16') return { absolute, relative }
  return { absolute: absolute + FLOAT16_FLUSHED, relative: relative + FLOAT16_ROUNDING }
}

/** The nodes `outputs` were computed by, back to `sources`. */
export function nodesBehind(outputs: readonly Tensor[], sources: readonly Tensor[]): Node[] {
  const stop = new Set<Value>(sources.map(source => source.value))
  const nodes = new Set<Node>()
  const queue = outputs.map(output => output.value)
  for (let value = queue.pop(); value; value = queue.pop()) {
    const { node } = value
    if (!node || stop.has(value) || nodes.has(node)) continue
    nodes.add(node)
    queue.push(...node.inputs)
  }
  return [...nodes]
}

/** The sum of what each of `nodes` may add to an error: its tolerance, and the rounding of its result. */
export function budgetOf(nodes: readonly Node[]): Tolerance {
  const budget = { absolute: 0, relative: 0 }
  for (const { op, inputs, outputs } of nodes) {
    const floats = outputs.filter(output => isFloat(output.dtype))
    if (floats.length === 0 || op.alias) continue
    const own = op.tolerance(inputs)
    const half = floats.some(output => output.dtype === 'float16')
    budget.absolute += own.absolute + (half ? FLOAT16_FLUSHED : 0)
    budget.relative += own.relative + (half ? FLOAT16_ROUNDING : FLOAT32_ROUNDING)
  }
  return budget
}

/**
 * The tolerance of a result of many ops, such as a gradient, from their budget. First-order error analysis, measured
 * against the largest magnitude of the result (`scale`) rather than each element, where a sum that cancels would have
 * no bound; four times over, since factors of up to 4 (the weights, an outer slope, 1 − y² near 1) stand in front of
 * inner errors. Absolute errors of inner results count in full even where the result is small.
 */
export function accumulated(budget: Tolerance, scale: number): Tolerance {
  return { absolute: 4 * (budget.relative * scale + budget.absolute * Math.max(1, scale)), relative: 0 }
}
