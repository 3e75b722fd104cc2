// Fusion: small named rewrites of a plan's nodes, after which fewer kernels move less memory and give the same numbers.
import { dtypes, roundTo } from './dtype.ts'
import { bug, must } from './errors.ts'
import type {
  DeviceTraits,
  Expression,
  ExpressionConstant,
  ExpressionInput,
  Instruction,
  Kernel,
  KernelRequest,
  Operand,
} from './kernel.ts'
import type { OpDefinition } from './op.ts'
import { at, sameShape, sizeOf } from './shape.ts'
import { MAX_CONSTANTS } from './skeletons/expression.ts'
import { MAX_INPUTS, mapExpression } from './skeletons/map.ts'
import { type Node, Value } from './tape.ts'

/** Host scalars one kernel may read: each is a binding with a dynamic offset, of which WebGPU promises four. */
const MAX_HOSTS = 4

/** Ops of one chain: longer kernels take longer to compile than they save. */
const MAX_STEPS = 48

/** Names of the rules, in the order they are applied. */
export const FUSION_RULES = [
  'aliases',
  'constants',
  'broadcasts',
  'chains',
  'prologues',
  'joint',
  'epilogues',
] as const

export type FusionRule = (typeof FUSION_RULES)[number]

/**
 * Rewrites the nodes of a plan by the rules named. The values in `keep` are computed as before; others may vanish.
 * Nodes never move across an update.
 */
export function fuse(
  nodes: readonly Node[],
  keep: ReadonlySet<Value>,
  device: DeviceTraits,
  rules: readonly FusionRule[] = FUSION_RULES,
): Node[] {
  const graph = new Graph(nodes, keep, device)
  for (const rule of FUSION_RULES) if (rules.includes(rule)) RULES[rule](graph)
  return graph.ordered()
}

const RULES: Readonly<Record<FusionRule, (graph: Graph) => void>> = {
  aliases: dropIdleAliases,
  constants: foldConstants,
  broadcasts: readThroughBroadcasts,
  chains: joinChains,
  prologues: computeAsRead,
  joint: computeTogether,
  epilogues: finishAsProductsStore,
}

/** Nodes with who computes and who reads each value. */
class Graph {
  private readonly nodes = new Map<number, Node>()
  private readonly producers = new Map<Value, Node>()
  private readonly readers = new Map<Value, Set<Node>>()
  /** Ids of the update nodes. */
  private readonly updates: readonly number[]

  constructor(
    nodes: readonly Node[],
    private readonly keep: ReadonlySet<Value>,
    readonly device: DeviceTraits,
  ) {
    this.updates = nodes.filter(node => node.op.updates).map(node => node.id)
    for (const node of nodes) this.add(node)
  }

  private add(node: Node): void {
    this.nodes.set(node.id, node)
    for (const output of node.outputs) this.producers.set(output, node)
    for (const input of node.inputs) {
      const readers = this.readers.get(input)
      if (readers) readers.add(node)
      else this.readers.set(input, new Set([node]))
    }
  }

  private remove(node: Node): void {
    this.nodes.delete(node.id)
    for (const output of node.outputs) {
      if (this.producers.get(output) === node) this.producers.delete(output)
    }
    for (const input of node.inputs) this.readers.get(input)?.delete(node)
  }

  /** The nodes in tape order, each as it is when its turn comes. */
  *each(): Generator<Node> {
    for (const id of [...this.nodes.keys()].sort((a, b) => a - b)) {
      const node = this.nodes.get(id)
      if (node) yield node
    }
  }

  /** The same from the end. */
  *eachBackwards(): Generator<Node> {
    for (const id of [...this.nodes.keys()].sort((a, b) => b - a)) {
      const node = this.nodes.get(id)
      if (node) yield node
    }
  }

  /** The node that computes a value, null for a leaf. */
  producer(value: Value): Node | null {
    return this.producers.get(value) ?? null
  }

  readersOf(value: Value): Node[] {
    return [...(this.readers.get(value) ?? [])]
  }

  /** Whether a value is needed beyond `nodes`. */
  escapes(value: Value, nodes: readonly Node[]): boolean {
    return this.keep.has(value) || this.readersOf(value).some(reader => !nodes.includes(reader))
  }

  isKept(value: Value): boolean {
    return this.keep.has(value)
  }

  /** Puts one node in the place of several. */
  replace(old: readonly Node[], next: Node): void {
    for (const node of old) this.remove(node)
    this.add(next)
  }

  /** Lets readers of `value`, where `may` allows, read `other` instead; what nobody reads then is left out. */
  redirect(value: Value, other: Value, may: (reader: Node) => boolean): void {
    for (const reader of this.readersOf(value)) {
      if (!may(reader)) continue
      this.replace([reader], {
        ...reader,
        inputs: reader.inputs.map(input => (input === value ? other : input)),
      })
    }
    this.drop(value)
  }

  /** Leaves out the node of a value that nobody needs. */
  private drop(value: Value): void {
    const node = this.producer(value)
    if (!node || node.op.updates || node.outputs.some(output => this.escapes(output, []))) return
    this.remove(node)
    for (const input of node.inputs) this.drop(input)
  }

  /** Whether no update runs between two nodes, in either order. */
  areClose(a: Node, b: Node): boolean {
    const [low, high] = a.id < b.id ? [a.id, b.id] : [b.id, a.id]
    return !this.updates.some(id => low < id && id <= high)
  }

  /** Whether a node can as well be computed when a later one is: no update runs between them. */
  mayWait(node: Node, later: Node): boolean {
    return !this.updates.some(id => node.id < id && id < later.id)
  }

  /** Whether two values may lie in one buffer that updates overwrite: one dispatch cannot read and write it. */
  shareMemory(a: Value, b: Value): boolean {
    const [first, second] = [this.origin(a), this.origin(b)]
    return first === second || (first.storage !== null && first.storage.block === second.storage?.block)
  }

  /** The value whose memory another has under a new name: as an alias of it, or as what an update made of it. */
  private origin(value: Value): Value {
    const node = this.producer(value)
    const place = node?.op.alias ? 0 : node?.op.updates?.[node.outputs.indexOf(value)]
    const source = place === undefined ? undefined : node?.inputs[place]
    return source ? this.origin(source) : value
  }

  /** Whether a node needs, through others, what one of `sources` computes; those in `through` do not count. */
  needs(node: Node, sources: readonly Node[], through: readonly Node[] = []): boolean {
    const seen = new Set<Node>()
    const queue = [node]
    for (let next = queue.pop(); next; next = queue.pop()) {
      for (const input of next.inputs) {
        const producer = this.producer(input)
        if (!producer || seen.has(producer)) continue
        // What the node reads of them directly is what fusing is about.
        if (sources.includes(producer)) {
          if (next !== node) return true
          continue
        }
        if (through.includes(producer)) continue
        seen.add(producer)
        queue.push(producer)
      }
    }
    return false
  }

  /** All nodes with every value computed before it is read, updates where they were. */
  ordered(): Node[] {
    const done = new Set<Node>()
    const order: Node[] = []
    const emit = (node: Node): void => {
      if (done.has(node)) return
      done.add(node)
      for (const input of node.inputs) {
        const producer = this.producer(input)
        if (producer && !producer.op.updates) emit(producer)
      }
      order.push(node)
    }
    for (const node of this.each()) emit(node)
    return order
  }
}

/** What a kernel is asked with at this stage: every variant has the same expression. */
const requestOf = (node: Node, device: DeviceTraits): KernelRequest => ({
  inputs: node.inputs,
  outputs: node.outputs,
  attributes: node.attributes,
  device,
  variant: '',
})

/** A node that runs several. The name tells which, the joined ones in the order they run. */
function fusedNode(
  base: Node,
  name: string,
  kernel: Kernel,
  inputs: readonly Value[],
  outputs: readonly Value[],
): Node {
  const { alias: _alias, layout: _layout, joint: _joint, ...op } = base.op
  return { ...base, op: { ...op, base: op.base ?? op.name, name, kernel } as OpDefinition, inputs, outputs }
}

const isMap = (node: Node): boolean => node.op.kernel.expression !== undefined

/** A single number the host knows once and for all. */
function constantOf(value: Value): number | null {
  return value.host && !value.host.evaluate && value.host.values.length === 1
    ? at(value.host.values, 0)
    : null
}

/** An alias of the same shape is the value itself, and one of a single number is to whoever broadcasts. */
function dropIdleAliases(graph: Graph): void {
  for (const node of graph.each()) {
    const [from, to] = [node.inputs[0], node.outputs[0]]
    if (!node.op.alias || !from || !to) continue
    const isSame = sameShape(from.shape, to.shape)
    const isSingle = sizeOf(from.shape) === 1
    graph.redirect(
      to,
      from,
      reader => graph.areClose(node, reader) && (isSame || (isSingle && isMap(reader))),
    )
  }
}

/** What is computed elementwise, or reshaped, from single constants alone is a constant. */
function foldConstants(graph: Graph): void {
  for (const node of graph.each()) {
    const [output] = node.outputs
    if (!output || sizeOf(output.shape) !== 1 || !(isMap(node) || node.op.alias)) continue
    const numbers = node.inputs.map(constantOf)
    if (numbers.some(number => number === null)) continue
    const result = new Float64Array(1)
    node.op.reference(
      numbers.map(number => [number as number]),
      [result],
      { inputs: node.inputs, outputs: node.outputs, attributes: node.attributes, reportRow: () => undefined },
    )
    const values = [roundTo(output.dtype, at(result, 0))]
    const constant = new Value(output.engine, output.shape, output.dtype, { values }, output.recording)
    graph.redirect(output, constant, () => true)
  }
}

/** Elementwise kernels broadcast as they read, and some others read one number for all: nothing need be spread out for them. */
function readThroughBroadcasts(graph: Graph): void {
  for (const node of graph.each()) {
    const [from, to] = [node.inputs[0], node.outputs[0]]
    if (!node.op.broadcasts || !from || !to) continue
    graph.redirect(to, from, reader => {
      if (!graph.areClose(node, reader)) return false
      if (isMap(reader)) return true
      return sizeOf(from.shape) === 1 && (reader.op.scalars ?? []).includes(reader.inputs.indexOf(to))
    })
  }
}

/** An expression in the making: nodes appended in order, reading each other's results without a way through memory. */
class Chain {
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

  /** Whether the kernel that evaluates it has room, `others` storage buffers and `outputs` counted. */
  fits(outputs: number, others = 0): boolean {
    const buffers = this.reads.length + outputs + others
    const hosts = this.reads.filter(value => value.host).length
    return (
      hosts <= MAX_HOSTS &&
      this.steps.length <= MAX_STEPS &&
      this.inputs.length <= MAX_INPUTS &&
      this.constants.length <= MAX_CONSTANTS &&
      buffers <= this.device.maxStorageBuffers
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

/** Elementwise ops whose results one other elementwise op reads become a part of that one. */
function joinChains(graph: Graph): void {
  for (const last of graph.eachBackwards()) {
    if (!isMap(last)) continue
    let node = last
    const members = [last]
    for (let more = true; more; ) {
      const producers = node.inputs.flatMap(input => graph.producer(input) ?? [])
      const next = producers.find(producer => isAbsorbed(graph, producer, node, members))
      more = next !== undefined
      if (!next) continue
      members.push(next)
      const fused = chainOf(graph, members)
      graph.replace([next, node], fused)
      node = fused
    }
    if (members.length === 1 && node.inputs.some(input => constantOf(input) !== null))
      graph.replace([node], chainOf(graph, members))
  }
}

/** One elementwise node for several, the last of which is first in the list. */
function chainOf(graph: Graph, members: readonly Node[]): Node {
  const last = must(members[0], 'node')
  const chain = new Chain(graph.device)
  for (const member of [...members].sort((a, b) => a.id - b.id)) chain.append(member)
  return fusedNode(
    last,
    chain.names.join('+'),
    mapExpression(chain.expression(last.outputs)),
    chain.reads,
    last.outputs,
  )
}

/** Whether a node can be computed inside the chain that is to replace `reader`. */
function isAbsorbed(graph: Graph, node: Node, reader: Node, members: readonly Node[]): boolean {
  const [output] = node.outputs
  if (!output || node.outputs.length !== 1 || !isMap(node) || !graph.areClose(node, reader)) return false
  const shape = must(reader.outputs[0], 'output').shape
  if (!sameShape(output.shape, shape)) {
    // One result for all places may be computed at each, unless it depends on the place.
    const { steps } = node.op.kernel.expression?.(requestOf(node, graph.device)) ?? bug('no expression')
    if (sizeOf(output.shape) !== 1 || steps.some(step => step.indexed)) return false
  }
  if (graph.escapes(output, [reader])) return false
  const chain = new Chain(graph.device)
  for (const member of [...members, node].sort((a, b) => a.id - b.id)) chain.append(member)
  return chain.fits(1)
}

/** What only a reduction reads, or an update as its gradient, is computed as it is read. */
function computeAsRead(graph: Graph): void {
  for (const node of graph.each()) {
    const { withPrologue, prologueOperand = 0 } = node.op.kernel
    const value = node.inputs[prologueOperand]
    const producer = value && graph.producer(value)
    if (!value || !producer || !withPrologue || !isMap(producer) || producer.outputs.length !== 1) continue
    const others = node.inputs.filter((_, i) => i !== prologueOperand)
    const fits = producer.inputs.every(({ shape }) => sameShape(shape, value.shape) || sizeOf(shape) === 1)
    if (!fits || others.includes(value) || graph.escapes(value, [node])) continue
    if (!graph.mayWait(producer, node)) continue
    const chain = new Chain(graph.device).append(producer)
    const [first = null, ...rest] = chain.reads
    const overwritten = (node.op.updates ?? []).map(i => must(node.inputs[i], 'parameter'))
    if (chain.reads.some(read => overwritten.some(target => graph.shareMemory(read, target)))) continue
    if (!chain.fits(node.outputs.length, others.length - overwritten.length)) continue
    if (!first && others.length > 0) continue
    const inputs = node.inputs.flatMap((input, i) => (i === prologueOperand ? (first ?? []) : input))
    const kernel = withPrologue(chain.expression([value]), value)
    graph.replace(
      [producer, node],
      fusedNode(node, `${producer.op.name}+${node.op.name}`, kernel, [...inputs, ...rest], node.outputs),
    )
  }
}

/** Ops that say they can be computed along with another, over the same operands, are. */
function computeTogether(graph: Graph): void {
  for (const node of graph.each()) {
    for (const joint of node.op.joint ?? []) {
      const other = node.inputs
        .flatMap(input => graph.readersOf(input))
        .find(
          candidate =>
            candidate !== node &&
            candidate.op.name === joint.other &&
            joint.matches(node, candidate) &&
            graph.areClose(node, candidate),
        )
      if (!other || dependOnEachOther(graph, node, other)) continue
      const outputs = [...node.outputs, ...other.outputs]
      if (node.inputs.length + outputs.length > graph.device.maxStorageBuffers - 1) continue
      const name = `${node.op.name}+${other.op.name}`
      graph.replace([node, other], fusedNode(node, name, joint.kernel, node.inputs, outputs))
      break
    }
  }
}

function dependOnEachOther(graph: Graph, a: Node, b: Node): boolean {
  const reads = (x: Node, y: Node): boolean => x.inputs.some(input => graph.producer(input) === y)
  return reads(a, b) || reads(b, a) || graph.needs(a, [b]) || graph.needs(b, [a])
}

/** Elementwise ops over a product's result are applied to each sum as it is stored. */
function finishAsProductsStore(graph: Graph): void {
  for (const product of graph.each()) {
    const { withEpilogue } = product.op.kernel
    const [result, ...others] = product.outputs
    if (!withEpilogue || !result) continue
    let chain = Chain.after(result, graph.device)
    const members: Node[] = [product]
    for (let more = true; more; ) {
      more = false
      const candidates = chain.values.flatMap(value => graph.readersOf(value))
      for (const node of candidates) {
        if (members.includes(node) || !canFinish(graph, node, result, members, chain)) continue
        const longer = chain.copy().append(node)
        const outputs = longer.values.filter(value => graph.escapes(value, [...members, node]))
        if (!longer.fits(outputs.length, product.inputs.length + others.length)) continue
        chain = longer
        members.push(node)
        more = true
        break
      }
    }
    if (members.length === 1) continue
    const outputs = chain.values.filter(value => graph.escapes(value, members))
    const kernel = withEpilogue(chain.expression(outputs), requestOf(product, graph.device))
    const name = [product.op.name, ...chain.names].join('+')
    const inputs = [...product.inputs, ...chain.reads]
    graph.replace(members, fusedNode(product, name, kernel, inputs, [...outputs, ...others]))
  }
}

/** Whether an elementwise node can be computed where a product stores its result. */
function canFinish(graph: Graph, node: Node, result: Value, members: readonly Node[], chain: Chain): boolean {
  if (!isMap(node) || node.outputs.some(({ shape }) => !sameShape(shape, result.shape))) return false
  if (members.some(member => !graph.areClose(member, node))) return false
  const width = result.shape.at(-1)
  const firsts = node.op.kernel.expression?.(requestOf(node, graph.device)).inputs ?? []
  const fits = node.inputs.every((input, i) => {
    if (chain.has(input) || firsts[i]?.first || sizeOf(input.shape) === 1) return true
    if (sameShape(input.shape, result.shape)) return true
    return sizeOf(input.shape) === width && input.shape.at(-1) === width
  })
  return fits && !graph.needs(node, members)
}
