// A chain: elementwise nodes joined to one expression, for a kernel of its own or for one that ends or begins with it.
import { dtypes, roundTo } from '../dtype.ts'
import { bug, must } from '../errors.ts'
import type {
  DeviceTraits,
  Expression,
  ExpressionConstant,
  ExpressionInput,
  Instruction,
  KernelRequest,
  Operand,
} from '../kernel.ts'
import { at } from '../shape.ts'
import { MAX_CONSTANTS } from '../skeletons/expression.ts'
import { MAX_INPUTS } from '../skeletons/map.ts'
import type { Node, Value } from '../tape.ts'

/** Host scalars one kernel may read: each is a binding with a dynamic offset, of which WebGPU promises four. */
const MAX_HOSTS = 4

/** Ops of one chain: longer kernels take longer to compile than they save. */
const MAX_STEPS = 48

/** What a kernel is asked with at this stage: every variant has the same expression. */
export const requestOf = (node: Node, device: DeviceTraits): KernelRequest => ({
  inputs: node.inputs,
  outputs: node.outputs,
  attributes: node.attributes,
  device,
  variant: '',
})

/** A single number the host knows once and for all. */
export function constantOf(value: Value): number | null {
  return value.host && !value.host.evaluate && value.host.values.length === 1
    ? at(value.host.values, 0)
    : null
}

/** An expression in the making: nodes appended in order, reading each other's results without a way through memory. */
export class Chain {
  readonly names: string[] = []
  private readonly inputs: { value: Value | null; spec: ExpressionInput }[] = []
  private readonly constants: ExpressionConstant[] = []
  private readonly steps: Instruction[] = []
  private readonly computed = new Map<Value, Operand>()

  constructor(private readonly device: DeviceTraits) {}

  /** Makes input 0 stand for a value that the kernel around the expression computes. */
  static after(value: Value, device: DeviceTraits): Chain {
    const chain = new Chain(device)
    chain.inputs.push({ value: null, spec: { type: 'f32' } })
    chain.computed.set(value, { input: 0 })
    return chain
  }

  has(value: Value): boolean {
    return this.computed.has(value)
  }

  get values(): Value[] {
    return [...this.computed.keys()]
  }

  get reads(): Value[] {
    return this.inputs.flatMap(({ value }) => value ?? [])
  }

  /** Whether the kernel that evaluates it has room for as many outputs and for what else it reads. */
  fits(outputs: number, others: readonly Value[] = []): boolean {
    const read = [...this.reads, ...others]
    return (
      read.filter(value => value.host).length <= MAX_HOSTS &&
      this.steps.length <= MAX_STEPS &&
      this.inputs.length <= MAX_INPUTS &&
      this.constants.length <= MAX_CONSTANTS &&
      read.length + outputs <= this.device.maxStorageBuffers
    )
  }

  copy(): Chain {
    const chain = new Chain(this.device)
    chain.names.push(...this.names)
    chain.inputs.push(...this.inputs)
    chain.constants.push(...this.constants)
    chain.steps.push(...this.steps)
    for (const [value, operand] of this.computed) chain.computed.set(value, operand)
    return chain
  }

  append(node: Node): this {
    const expression = node.op.kernel.expression?.(requestOf(node, this.device)) ?? bug('no expression')
    const operands = expression.inputs.map((spec, i) => this.operand(must(node.inputs[i], 'input'), spec))
    const constants = expression.constants.map(constant => this.constant(constant))
    const before = this.steps.length
    const moved = (operand: Operand): Operand => {
      if ('input' in operand) return must(operands[operand.input], 'operand')
      if ('constant' in operand) return must(constants[operand.constant], 'constant')
      return { step: operand.step + before }
    }
    this.steps.push(...expression.steps.map(step => ({ ...step, operands: step.operands.map(moved) })))
    node.outputs.forEach((output, j) => {
      this.computed.set(output, moved(must(expression.results[j], 'result')))
    })
    this.names.push(node.op.name)
    return this
  }

  private operand(value: Value, spec: ExpressionInput): Operand {
    const known = this.computed.get(value)
    if (known) return known
    const number = constantOf(value)
    if (number !== null)
      return this.constant({ value: roundTo(value.dtype, number), type: dtypes[value.dtype].compute })
    const found = this.inputs.findIndex(
      input => input.value === value && input.spec.type === spec.type && input.spec.first === spec.first,
    )
    return { input: found >= 0 ? found : this.inputs.push({ value, spec }) - 1 }
  }

  private constant(constant: ExpressionConstant): Operand {
    const found = this.constants.findIndex(
      known => Object.is(known.value, constant.value) && known.type === constant.type,
    )
    return { constant: found >= 0 ? found : this.constants.push(constant) - 1 }
  }

  /** The expression that gives `outputs`. */
  expression(outputs: readonly Value[]): Expression {
    return {
      inputs: this.inputs.map(({ spec }) => spec),
      constants: this.constants,
      steps: this.steps,
      results: outputs.map(output => must(this.computed.get(output), 'output')),
    }
  }
}
