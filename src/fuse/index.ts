// Fusion: small named rewrites of a plan's nodes, after which fewer kernels move less memory and give the same numbers.
import { roundTo } from '../dtype.ts'
import { bug, must } from '../errors.ts'
import type { DeviceTraits } from '../kernel.ts'
import { at, sameShape, sizeOf } from '../shape.ts'
import { mapExpression } from '../skeletons/map.ts'
import { type Node, Value } from '../tape.ts'
import { Chain, constantOf, requestOf } from './chain.ts'
import { fusedNode, Graph } from './graph.ts'
import { watchAsStored } from './watches.ts'

/** Names of the rules, in the order they are applied. */
export const FUSION_RULES = [
  'aliases',
  'constants',
  'broadcasts',
  'chains',
  'prologues',
  'joint',
  'epilogues',
  'watches',
] as const

/**
 * Names of the rewrites that join kernels, for `compile(fn, { fuse })`: `aliases` are the value itself, `constants` are folded,
 * `broadcasts` are read through, elementwise `chains` are one kernel, `prologues` are computed as a kernel reads, what is
 * `joint` shares a kernel, `epilogues` are applied as a product is stored, and `watches` look at values as they are stored.
 */
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
  watches: watchAsStored,
}

const isMap = (node: Node): boolean => node.op.kernel.expression !== undefined

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
    members,
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
    const { inputs: reads = [] } = producer.op.kernel.expression?.(requestOf(producer, graph.device)) ?? {}
    const fits = producer.inputs.every(
      ({ shape }, i) => reads[i]?.first === true || sameShape(shape, value.shape) || sizeOf(shape) === 1,
    )
    if (!fits || others.includes(value) || graph.escapes(value, [node])) continue
    if (!graph.mayWait(producer, node)) continue
    const chain = new Chain(graph.device).append(producer)
    const [first = null, ...rest] = chain.reads
    const overwritten = (node.op.updates ?? []).map(i => must(node.inputs[i], 'parameter'))
    if (chain.reads.some(read => overwritten.some(target => graph.shareMemory(read, target)))) continue
    if (
      !chain.fits(
        node.outputs.length,
        others.filter(other => !overwritten.includes(other)),
      )
    )
      continue
    if (!first && others.length > 0) continue
    const inputs = node.inputs.flatMap((input, i) => (i === prologueOperand ? (first ?? []) : input))
    const kernel = withPrologue(chain.expression([value]), value)
    graph.replace(
      [producer, node],
      fusedNode(
        node,
        [producer, node],
        `${producer.op.name}+${node.op.name}`,
        kernel,
        [...inputs, ...rest],
        node.outputs,
      ),
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
      graph.replace([node, other], fusedNode(node, [node, other], name, joint.kernel, node.inputs, outputs))
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
        if (!longer.fits(outputs.length + others.length, product.inputs)) continue
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
    graph.replace(members, fusedNode(product, members, name, kernel, inputs, [...outputs, ...others]))
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
