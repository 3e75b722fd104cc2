// What a plan tells of itself: the work and the memory of each step, and a table for people.
import type { DispatchReport } from './backend.ts'
import { show } from './errors.ts'
import type { Plan, Slot, Step } from './plan.ts'
import { sizeOf } from './shape.ts'
import type { Node } from './tape.ts'
import { columns, rounded } from './text.ts'

/** Floating-point operations of a node: what its op states, else one for each element of the largest tensor. */
export function operationsOf({ op, inputs, outputs }: Node): number {
  const stated = op.operations?.(inputs, outputs)
  if (stated !== undefined || op.alias || op.family === 'movement') return stated ?? 0
  return Math.max(0, ...[...inputs, ...outputs].map(({ shape }) => sizeOf(shape)))
}

/** Shapes, bytes, operations and places of one step, for `.plan()`. `dispatches` tells how many each step has. */
export function describeStep(
  plan: Plan,
  step: Step,
  dispatches: readonly number[],
): Pick<DispatchReport, 'shapes' | 'bytesRead' | 'bytesWritten' | 'operations' | 'places'> {
  const { node, inputs, outputs, pending } = step
  const total = (slots: readonly Slot[]): number =>
    [...new Set(slots)].reduce((sum, { bytes }) => sum + bytes, 0)
  const written = node.op.layout ? total(pending.map(i => inputs[i] as Slot)) : total(outputs)
  // Movement reads no more of a tensor than it writes, beside indices.
  const read =
    node.op.family === 'movement'
      ? inputs.reduce((sum, { bytes }) => sum + Math.min(bytes, written), 0)
      : total(inputs)
  /** The last dispatch of a step. */
  const lastOf = (index: number): number =>
    dispatches.slice(0, index + 1).reduce((sum, count) => sum + count, 0) - 1
  const blocks = [...new Set(plan.slots.map(({ storage }) => storage?.block))]
  return {
    shapes: [...node.inputs, ...node.outputs].map(value => value.shape),
    bytesRead: node.op.layout ? written : read,
    bytesWritten: written,
    operations: operationsOf(node),
    places: outputs.map(({ bytes, storage, last }) => ({
      bytes,
      block: blocks.indexOf(storage?.block),
      offset: storage?.offset ?? 0,
      until: Number.isFinite(last) ? lastOf(last) : null,
    })),
  }
}

/** The kernels of a plan as a table: one line a dispatch. */
export function planTable(kernels: readonly DispatchReport[], bytes: number): string {
  const rows = kernels.map((kernel, step) => [
    String(step),
    kernel.op,
    `${kernel.kernel.replace(/\.wgsl$/, '')} ${kernel.variant}`,
    kernel.shapes.map(show).join(' '),
    String(kernel.workgroups),
    inBytes(kernel.bytesRead),
    inBytes(kernel.bytesWritten),
    inThousands(kernel.operations),
    kernel.places.map(({ block, offset }) => `${block}+${offset}`).join(' '),
    kernel.places.map(({ until }) => `${step}–${until ?? 'kept'}`).join(' '),
  ])
  const head = [
    'step',
    'op',
    'kernel',
    'shapes',
    'groups',
    'read',
    'written',
    'FLOP',
    'block+offset',
    'lifetime',
  ]
  const lines = columns([head, ...rows], [1, 2, 3, 8, 9])
  const operations = kernels.reduce((sum, kernel) => sum + kernel.operations, 0)
  const total = `${kernels.length} dispatches, ${inThousands(operations)} operations, ${inBytes(bytes)} held by the plan`
  return [...lines, total].join('\n')
}

/** A count with a unit that keeps it short. */
function inThousands(
  count: number,
  units: readonly string[] = ['', 'k', 'M', 'G', 'T'],
  base = 1000,
): string {
  const power = Math.min(
    units.length - 1,
    Math.max(0, Math.floor(Math.log(Math.max(count, 1)) / Math.log(base))),
  )
  const scaled = count / base ** power
  return `${power === 0 ? scaled : rounded(scaled, 3)} ${units[power]}`.trim()
}

const inBytes = (bytes: number): string => inThousands(bytes, ['B', 'KiB', 'MiB', 'GiB'], 1024)
