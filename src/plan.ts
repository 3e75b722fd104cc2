// A plan: the nodes to run in order, dead ones left out, and a place in memory for every value.
import { bug, fail, must } from './errors.ts'
import { ALIGNMENT, type MemoryManager, type Storage, type Workspace } from './memory.ts'
import { at, sizeOf } from './shape.ts'
import type { Node, Value } from './tape.ts'

/** Where a value lies. Aliases share a slot; a placed value lies inside another's slot. */
export interface Slot {
  readonly kind: 'stored' | 'host' | 'input' | 'computed'
  readonly value: Value
  readonly bytes: number
  storage: Storage | null
  /** Index of the last step that touches it. */
  last: number
  /** The slot this one lies inside, and at which element. */
  parent: { slot: Slot; element: number } | null
}

/** One node with the slots it reads and writes. */
export interface Step {
  readonly node: Node
  readonly inputs: readonly Slot[]
  readonly outputs: readonly Slot[]
  /** Inputs of a `layout` op that its producers have not already put in place. */
  readonly pending: readonly number[]
}

export interface Plan {
  readonly steps: readonly Step[]
  readonly slots: readonly Slot[]
  /** Values that outlive the plan, with their slots. */
  readonly kept: ReadonlyMap<Value, Slot>
  /** Slots of the recording's placeholders, in order; null where one is unused. */
  readonly inputs: readonly (Slot | null)[]
}

interface PlanRequest {
  /** Values to compute and keep. */
  readonly keep: readonly Value[]
  /** Updates to run, wanted for what they overwrite. */
  readonly updates: readonly Node[]
  readonly placeholders?: readonly Value[]
  elementBytes(value: Value): number
  /** Rewrites the nodes before they get places: fusion. */
  rewrite?(nodes: readonly Node[], keep: ReadonlySet<Value>): readonly Node[]
}

/** Orders the nodes that `keep` and `updates` need and gives each value a slot; memory comes later, by `place`. */
export function buildPlan(request: PlanRequest): Plan {
  const nodes = collect(request)
  return new PlanBuilder(request, request.rewrite?.(nodes, new Set(request.keep)) ?? nodes).build()
}

/** All nodes the request needs, in tape order. Stops at values that exist. */
function collect(request: PlanRequest): Node[] {
  const found = new Set<Node>(request.updates)
  const queue: Value[] = [...request.keep, ...request.updates.flatMap(node => node.inputs)]
  for (let value = queue.pop(); value; value = queue.pop()) {
    if (value.storage || value.host) continue
    if (request.placeholders?.includes(value)) continue
    const node = value.node
    if (!node || value.outdated) {
      fail(
        'disposed',
        'plan',
        `a value of shape [${value.shape.join(', ')}] that pending work needs was disposed or overwritten.`,
      )
    }
    if (found.has(node)) continue
    found.add(node)
    queue.push(...node.inputs)
  }
  return [...found].sort((a, b) => a.id - b.id)
}

class PlanBuilder {
  private readonly slots: Slot[] = []
  private readonly slotOf = new Map<Value, Slot>()
  private readonly slotOfStorage = new Map<Storage, Slot>()
  private readonly kept: Set<Value>
  private readonly hasUpdates: boolean
  /** The node that computes each value here: a rewrite may have given it another than it was recorded with. */
  private readonly producers = new Map<Value, Node>()

  constructor(
    private readonly request: PlanRequest,
    private readonly nodes: readonly Node[],
  ) {
    this.kept = new Set(request.keep)
    this.hasUpdates = nodes.some(node => node.op.updates)
    for (const node of nodes) for (const output of node.outputs) this.producers.set(output, node)
  }

  build(): Plan {
    const placements = this.placements()
    const steps: Step[] = []
    for (const node of this.nodes) {
      const inputs = node.inputs.map(input => this.leafSlot(input))
      if (node.op.alias && this.canAlias(node, inputs[0] as Slot)) {
        this.slotOf.set(node.outputs[0] as Value, inputs[0] as Slot)
        continue
      }
      const index = steps.length
      const outputs = node.outputs.map((output, j) => this.outputSlot(node, output, inputs, j, placements))
      const pending = node.op.layout
        ? inputs.flatMap((slot, i) => (slot.parent?.slot === outputs[0] ? [] : [i]))
        : []
      for (const slot of [...inputs, ...outputs]) touch(slot, index)
      steps.push({ node, inputs, outputs, pending })
    }
    const kept = new Map(this.request.keep.map(value => [value, this.leafSlot(value)]))
    for (const slot of kept.values()) touch(slot, Number.POSITIVE_INFINITY)
    const inputs = (this.request.placeholders ?? []).map(value => this.slotOf.get(value) ?? null)
    // Kept from run to run: several may follow one copy of the inputs.
    for (const slot of inputs) if (slot) touch(slot, Number.POSITIVE_INFINITY)
    return { steps, slots: this.slots, kept, inputs }
  }

  /** Values that their producers write straight into the output of a `layout` op: value → that op's node and input. */
  private placements(): Map<Value, { node: Node; input: number }> {
    const placed = new Map<Value, { node: Node; input: number }>()
    for (const node of this.nodes) {
      if (!node.op.layout) continue
      const sources = node.inputs.map(input => this.sourceOf(input))
      sources.forEach((value, input) => {
        const producer = this.producers.get(value)
        const free = producer && !value.storage && !producer.op.updates && !producer.op.layout
        const once = sources.indexOf(value) === sources.lastIndexOf(value) && !placed.has(value)
        if (free && once && !this.kept.has(value)) placed.set(value, { node, input })
      })
      // One buffer cannot be read and written in a dispatch: a producer must not read what is placed beside its output.
      for (const [value, place] of placed) {
        const reads = this.producers
          .get(value)
          ?.inputs.some(input => placed.get(this.sourceOf(input))?.node === place.node)
        if (place.node === node && reads) placed.delete(value)
      }
    }
    return placed
  }

  /** The value an alias chain starts from. */
  private sourceOf(value: Value): Value {
    let source = value
    for (let node = this.producers.get(source); node?.op.alias; node = this.producers.get(source))
      source = node.inputs[0] as Value
    return source
  }

  /** An alias of a storage that updates overwrite must be a copy where it could be seen after one. */
  private canAlias(node: Node, input: Slot): boolean {
    const exposed = node.outputs.some(output => this.kept.has(output))
    if (input.storage?.mutable) return !exposed && !this.hasUpdates
    return !exposed || (input.kind !== 'host' && input.parent === null)
  }

  /** The slot of a value that exists already, or that an earlier step computed. */
  private leafSlot(value: Value): Slot {
    const known = this.slotOf.get(value)
    if (known) return known
    const storage = value.storage
    const shared = storage && this.slotOfStorage.get(storage)
    const placeholder = this.request.placeholders?.includes(value)
    const slot =
      shared ??
      this.newSlot(
        value,
        storage ? 'stored' : value.host ? 'host' : placeholder ? 'input' : bug('an unplanned value'),
      )
    if (storage) {
      slot.storage = storage
      this.slotOfStorage.set(storage, slot)
    }
    this.slotOf.set(value, slot)
    return slot
  }

  private outputSlot(
    node: Node,
    output: Value,
    inputs: readonly Slot[],
    index: number,
    placements: ReadonlyMap<Value, { node: Node; input: number }>,
  ): Slot {
    const overwritten = node.op.updates?.[index]
    const slot = overwritten === undefined ? this.newSlot(output, 'computed') : (inputs[overwritten] as Slot)
    this.slotOf.set(output, slot)
    if (overwritten !== undefined) return slot
    const place = placements.get(output)
    if (place) {
      const target = place.node.outputs[0] as Value
      const parent = this.slotOf.get(target) ?? this.newSlot(target, 'computed')
      this.slotOf.set(target, parent)
      const element =
        place.node.op.layout?.(place.node.inputs)[place.input] ?? bug('a layout without offsets')
      slot.parent = { slot: parent, element }
    }
    return slot
  }

  private newSlot(value: Value, kind: Slot['kind']): Slot {
    const known = kind === 'computed' ? this.slotOf.get(value) : undefined
    if (known) return known
    const bytes = sizeOf(value.shape) * this.request.elementBytes(value)
    const slot: Slot = { kind, value, bytes, storage: null, last: -1, parent: null }
    this.slots.push(slot)
    return slot
  }
}

function touch(slot: Slot, step: number): void {
  slot.last = Math.max(slot.last, step)
  if (slot.parent) touch(slot.parent.slot, step)
}

/** Memory of a plan beyond its slots. */
export interface Placement {
  /** Temporaries of each step. */
  readonly scratch: readonly (readonly Storage[])[]
  /** Host numbers, an aligned place for each host slot, in the order of `hostSlots`; null when there are none. */
  readonly host: Storage | null
}

/** The slots whose numbers the host writes, in the order their nodes were recorded. */
export function hostSlots(plan: Plan): Slot[] {
  return plan.slots.filter(slot => slot.kind === 'host').sort((a, b) => a.value.id - b.value.id)
}

/**
 * Gives every slot that has none a storage. Lifetimes decide reuse: a storage is free again after the last step that
 * touches it. Computed slots that are kept get storages of their own from `memory`, so that values can take them over.
 */
export function place(
  plan: Plan,
  memory: MemoryManager,
  workspace: Workspace,
  scratchBytes: readonly (readonly number[])[],
  elementBytes: (value: Value) => number,
): Placement {
  const endings = new Map<number, Storage[]>()
  const laidOut = new Set(plan.steps.filter(step => step.node.op.layout).map(step => step.outputs[0]))
  const settle = (slot: Slot): Storage => {
    if (slot.storage) return slot.storage
    if (slot.parent) {
      const whole = settle(slot.parent.slot)
      slot.storage = whole.view(slot.parent.element * elementBytes(slot.value), slot.bytes)
      return slot.storage
    }
    const outlives = slot.last === Number.POSITIVE_INFINITY
    slot.storage =
      outlives && slot.kind === 'computed' ? memory.acquire(slot.bytes) : workspace.acquire(slot.bytes)
    // The padding of a layout is zero and must stay so: its storage serves nothing else.
    if (!outlives && !laidOut.has(slot)) {
      const list = endings.get(slot.last)
      if (list) list.push(slot.storage)
      else endings.set(slot.last, [slot.storage])
    }
    return slot.storage
  }
  const hosts = hostSlots(plan)
  const sizes = hosts.map(({ bytes }) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT)
  const host = hosts.length > 0 ? workspace.reserve(sizes.reduce((sum, size) => sum + size, 0)) : null
  let start = 0
  hosts.forEach((slot, index) => {
    slot.storage = must(host, 'host block').view(start, slot.bytes)
    start += at(sizes, index)
  })
  for (const slot of plan.inputs) if (slot) settle(slot)
  const scratch = plan.steps.map((step, index) => {
    for (const slot of step.outputs) settle(slot)
    const temporaries = (scratchBytes[index] ?? []).map(bytes => workspace.acquire(bytes))
    for (const storage of [...temporaries, ...(endings.get(index) ?? [])]) workspace.recycle(storage)
    return temporaries
  })
  return { scratch, host }
}
