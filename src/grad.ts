// The gradient: a walk over the tape in reverse that records more ops, so that a gradient has gradients of its own.
import { isFloat } from './dtype.ts'
import { fail, show } from './errors.ts'
import { ones, zeros } from './ops/create.ts'
import { add } from './ops/elementwise.ts'
import { sum } from './ops/reduce.ts'
import { reshape } from './ops/reshape.ts'
import { checkOptions } from './options.ts'
import { type Shape, sameShape } from './shape.ts'
import { currentRecording, type Node, serving, type Value } from './tape.ts'
import { keepResult, Tensor } from './tensor.ts'

/** Options of `grad`. */
export interface GradOptions {
  /** Weighs the outputs: a tensor of the output's shape. Needed where the output is no scalar. */
  outputGradient?: Tensor
  /** Gives zeros for inputs the output does not depend on, rather than throwing. */
  allowUnused?: boolean
}

/**
 * Gradients of `output` with respect to each of `inputs`, in their order. Recorded like any op: `grad` of `grad` works.
 * Throws `gradient` for an output that is no scalar without `outputGradient`, for an input the output does not depend
 * on (unless `allowUnused`), and for one that an update has overwritten since.
 */
export function grad(output: Tensor, inputs: readonly Tensor[], options: GradOptions = {}): Tensor[] {
  checkOptions('grad', options, ['outputGradient', 'allowUnused'])
  if (!(output instanceof Tensor)) fail('value', 'grad', `output must be a tensor, not ${show(output)}.`)
  if (!Array.isArray(inputs))
    fail(
      'value',
      'grad',
      `inputs must be a list of tensors, not ${show(inputs)}.`,
      'Write grad(loss, [w, b]).',
    )
  const root = output.read('grad')
  const sources = inputs.map((input, index) => {
    if (!(input instanceof Tensor))
      fail('value', 'grad', `input ${index} must be a tensor, not ${show(input)}.`)
    return input.read('grad')
  })
  const seed = checkSeed(output, options.outputGradient)

  return keepResult(() => {
    const reached = reach(root, new Set(sources))
    const gradients = new Map<Value, Tensor>()
    if (reached.has(root))
      gradients.set(root, seed ?? ones([], { dtype: output.dtype, engine: output.engine }))
    const nodes = [...new Set([...reached].flatMap(value => (value.node ? [value.node] : [])))].sort(
      (a, b) => b.id - a.id,
    )
    for (const node of nodes) {
      if (node.outputs.some(value => gradients.has(value)))
        serving(node, () => backward(node, gradients, reached, new Set(sources)))
    }
    return sources.map((source, index) => {
      const found = gradients.get(source)
      if (found) return found
      if (options.allowUnused) return zeros(source.shape, { dtype: source.dtype, engine: source.engine })
      return explainMissing(root, inputs[index] as Tensor, index)
    })
  })
}

function checkSeed(output: Tensor, seed: Tensor | undefined): Tensor | null {
  if (!isFloat(output.dtype)) {
    fail(
      'gradient',
      'grad',
      `output is ${output.dtype}; only floats have gradients.`,
      "Use cast(x, 'float32') before the loss.",
    )
  }
  if (seed === undefined) {
    if (output.rank === 0) return null
    fail(
      'gradient',
      'grad',
      `output has shape ${show(output.shape)}, which is no scalar.`,
      'Reduce it with sum or mean, or pass outputGradient.',
    )
  }
  if (!(seed instanceof Tensor)) fail('value', 'grad', `outputGradient must be a tensor, not ${show(seed)}.`)
  seed.read('grad')
  if (!sameShape(seed.shape, output.shape)) {
    fail(
      'shape',
      'grad',
      `outputGradient is ${show(seed.shape)}, the output is ${show(output.shape)}.`,
      'They must be the same.',
    )
  }
  return seed
}

/** All values on a path from one of `sources` to `root`. */
function reach(root: Value, sources: ReadonlySet<Value>): Set<Value> {
  const seen = new Set<Node>()
  const nodes: Node[] = []
  const queue = [root]
  for (let value = queue.pop(); value; value = queue.pop()) {
    const node = value.node
    if (!node || seen.has(node)) continue
    seen.add(node)
    nodes.push(node)
    queue.push(...node.inputs)
  }
  const reached = new Set<Value>(sources.has(root) ? [root] : [])
  for (const node of nodes.sort((a, b) => a.id - b.id)) {
    if (node.op.gradient === 'none') continue
    for (const input of node.inputs) if (sources.has(input)) reached.add(input)
    if (node.inputs.some(input => reached.has(input))) {
      for (const output of node.outputs) if (isFloat(output.dtype)) reached.add(output)
    }
  }
  return reached
}

/** Adds to the gradients of a node's inputs what its outputs' gradients say. */
function backward(
  node: Node,
  gradients: Map<Value, Tensor>,
  reached: ReadonlySet<Value>,
  sources: ReadonlySet<Value>,
): void {
  const { op, inputs, outputs, attributes } = node
  if (op.gradient === 'none') return
  const incoming = outputs.map(
    value => gradients.get(value) ?? zeros(value.shape, { dtype: value.dtype, engine: value.engine }),
  )
  const rules = op.gradient(inputs.map(saved), outputs.map(saved), incoming, attributes)
  inputs.forEach((input, index) => {
    const rule = rules[index]
    if (!rule || !reached.has(input) || !isFloat(input.dtype)) return
    const gradient = undoBroadcast(rule, input.shape)
    const before = gradients.get(input)
    gradients.set(input, before ? add(before, gradient) : gradient)
  })
  // A gradient that has been passed on is not needed again, unless somebody asked for it.
  for (const output of outputs) if (!sources.has(output)) gradients.delete(output)
}

/** A handle on a value of the tape, for a gradient rule to read. */
function saved(value: Value): Tensor {
  return new Tensor(value)
}

/** Sums a gradient over the axes along which its input was broadcast. The one place where broadcasting is undone. */
export function undoBroadcast(gradient: Tensor, shape: Shape): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient
  const lead = gradient.rank - shape.length
  const axes = gradient.shape.flatMap((length, axis) =>
    axis < lead || (shape[axis - lead] === 1 && length !== 1) ? [axis] : [],
  )
  return reshape(sum(gradient, { axis: axes }), shape)
}

function explainMissing(root: Value, input: Tensor, index: number): never {
  const queue = [root]
  const seen = new Set<Value>()
  for (let value = queue.pop(); value; value = queue.pop()) {
    if (seen.has(value)) continue
    seen.add(value)
    const stale = value.outdated || currentRecording()?.outdated.has(value)
    if (stale && sameShape(value.shape, input.shape)) {
      fail(
        'gradient',
        'grad',
        `input ${index}, of shape ${show(input.shape)}, was updated after the output was computed.`,
        'Compute the loss again, then its gradient.',
      )
    }
    queue.push(...(value.node?.inputs ?? []))
  }
  if (!isFloat(input.dtype))
    fail('gradient', 'grad', `input ${index} is ${input.dtype}; only floats have gradients.`)
  return fail(
    'gradient',
    'grad',
    `the output does not depend on input ${index}, of shape ${show(input.shape)}.`,
    'Check the inputs, or pass { allowUnused: true }.',
  )
}
