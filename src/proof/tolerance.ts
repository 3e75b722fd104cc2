// How far results that went through several ops may be from the reference: each op's own tolerance, added up.
import { isFloat, type DType } from '../dtype.ts'
import type { Tolerance } from '../op.ts'
import type { Node, Value } from '../tape.ts'
import type { Tensor } from '../tensor.ts'

/** Two float32 results of one number rounded apart: a unit in the last place. */
const FLOAT32_ROUNDING = 2 ** -23

/** The same of float16, and the smallest normal half: GPUs may flush what is below. */
const FLOAT16_ROUNDING = 2 ** -10
const FLOAT16_FLUSHED = 2 ** -14

/** An op's own tolerance, widened for results stored as halves. */
export function storedTolerance({ absolute, relative }: Tolerance, dtype: DType): Tolerance {
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

/**
 * The sum of what each of `nodes` may add: its relative and its absolute tolerance, and the rounding of its result.
 * First-order error analysis with every condition number taken as 1, which holds where errors are measured against the
 * largest magnitude of the result rather than against each of its elements.
 */
export function budgetOf(nodes: readonly Node[]): number {
  return nodes.reduce((sum, { op, inputs, outputs }) => {
    const floats = outputs.filter(output => isFloat(output.dtype))
    if (floats.length === 0) return sum
    const { absolute, relative } = op.tolerance(inputs)
    const half = floats.some(output => output.dtype === 'float16')
    return sum + absolute + relative + (op.alias ? 0 : half ? FLOAT16_ROUNDING : FLOAT32_ROUNDING)
  }, 0)
}

/**
 * The tolerance of a result of many ops, such as a gradient: their budget times the result's scale, four times over,
 * since a condition number above 1 (an inner sum that cancels, an outer factor of up to 4) is common in gradients.
 */
export function accumulated(budget: number, scale: number): Tolerance {
  return { absolute: 4 * budget * Math.max(1, scale), relative: 0 }
}
