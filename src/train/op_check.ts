// One op's gradient, as its own rule gives it, at the inputs that a model's forward applied it to.
import { isFloat } from '../dtype.ts'
import type { Engine } from '../engine.ts'
import { must } from '../errors.ts'
import { undoBroadcast } from '../grad.ts'
import { applyOp } from '../op.ts'
import { tensor } from '../ops/create.ts'
import { drawWeights } from '../proof/samples.ts'
import type { Node } from '../tape.ts'
import { scope, type Tensor } from '../tensor.ts'
import type { Slopes } from './differences.ts'

/** An op at the inputs it was applied to, its outputs weighed; its slopes are those its gradient's rule gives. */
export class OpCheck implements Slopes {
  /** Inputs for which the rule gives a gradient. */
  inputs: readonly number[] = []
  private numbers: readonly Float64Array[] = []
  private rules: readonly Float64Array[] = []

  constructor(
    private readonly engine: Engine,
    private readonly node: Node,
    private readonly given: readonly Tensor[],
  ) {}

  get sources(): readonly Float64Array[] {
    return this.inputs.map(input => must(this.numbers[input], 'input'))
  }

  async load(): Promise<void> {
    const { node, given } = this
    this.numbers = await Promise.all(given.map(async x => Float64Array.from(await x.data())))
    const gradients = this.engine.use(() =>
      scope(() => {
        const inputs = this.uploaded(null)
        const outputs = applyOp(node.op, inputs, node.attributes)
        const { gradient } = node.op
        if (gradient === 'none') return []
        const rules = gradient(inputs, outputs, outputs.map(weightOf), node.attributes)
        return rules.map((rule, i) => {
          const { shape, dtype } = must(node.inputs[i], 'input')
          return rule && isFloat(dtype) ? undoBroadcast(rule, shape) : null
        })
      }),
    )
    this.inputs = gradients.flatMap((gradient, i) => (gradient ? [i] : []))
    this.rules = await Promise.all(
      gradients
        .flatMap(gradient => (gradient ? [gradient.data()] : []))
        .map(async data => Float64Array.from(await data)),
    )
  }

  gradients(): Promise<readonly Float64Array[]> {
    return Promise.resolve(this.rules)
  }

  async evaluate(source: number, numbers: Float64Array): Promise<number> {
    const { op, attributes } = this.node
    const outputs = this.engine.use(() =>
      scope(() =>
        applyOp(op, this.uploaded({ input: must(this.inputs[source], 'input'), numbers }), attributes),
      ),
    )
    let total = 0
    for (const [stream, output] of outputs.entries()) {
      if (!isFloat(output.dtype)) continue
      const weights = drawWeights(output.shape, 0, stream)
      for (const [i, value] of (await output.data()).entries()) total += value * (weights[i] as number)
      output.dispose()
    }
    return total
  }

  private uploaded(changed: { input: number; numbers: Float64Array } | null): Tensor[] {
    return this.node.inputs.map(({ shape, dtype }, i) => {
      const numbers = changed?.input === i ? changed.numbers : must(this.numbers[i], 'input')
      return tensor(numbers, { shape, dtype, engine: this.engine })
    })
  }
}

/** Numbers to weigh an output with; nothing weighs what is no float. */
function weightOf({ shape, dtype, engine }: Tensor, stream: number): Tensor {
  const weights = drawWeights(shape, 0, stream)
  return isFloat(dtype)
    ? tensor(weights, { shape, dtype, engine })
    : tensor(weights.fill(0), { shape, dtype, engine })
}
