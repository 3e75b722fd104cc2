// The nodes of a plan while they are rewritten: who computes and who reads each value, and what must stay in order.
import type { DeviceTraits, Kernel } from '../kernel.ts'
import type { OpDefinition } from '../op.ts'
import { operationsOf } from '../plan_report.ts'
import type { Node, Value } from '../tape.ts'

/** Nodes with who computes and who reads each value. */
export class Graph {
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
  origin(value: Value): Value {
    const node = this.producer(value)
    const place = node?.op.alias ? 0 : node?.op.updates?.[node.outputs.indexOf(value)]
    const source = place === undefined ? undefined : node?.inputs[place]
    return source ? this.origin(source) : value
  }

  /** Whether a node needs, through others, what one of `sources` computes. */
  needs(node: Node, sources: readonly Node[]): boolean {
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

/** A node that runs several, `base` by its own kernel. The name tells which, the joined ones in the order they run. */
export function fusedNode(
  base: Node,
  members: readonly Node[],
  name: string,
  kernel: Kernel,
  inputs: readonly Value[],
  outputs: readonly Value[],
): Node {
  const { alias: _alias, layout: _layout, joint: _joint, ...op } = base.op
  const total = members.reduce((sum, member) => sum + operationsOf(member), 0)
  const fused = { ...op, base: op.base ?? op.name, name, kernel, operations: () => total }
  return { ...base, op: fused as OpDefinition, inputs, outputs }
}
