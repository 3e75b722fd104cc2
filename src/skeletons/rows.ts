// Row kernels: each row of a tensor is read by one thread or by a workgroup together.
import {
  type Binding,
  type DeviceTraits,
  type Kernel,
  type KernelRequest,
  type KernelSource,
  WORKGROUP_SIZE,
} from '../kernel.ts'
import { type Shape, sizeOf } from '../shape.ts'
import type { Spec } from '../tape.ts'

/** A tensor seen as [outer, length, inner]: a row runs along the middle axis. */
export interface RowView {
  readonly outer: number
  readonly length: number
  readonly inner: number
}

/** The rows of `shape` along the axes from `first` to `last`. */
export function rowView(shape: Shape, first: number, last: number = first): RowView {
  return {
    outer: sizeOf(shape.slice(0, first)),
    length: sizeOf(shape.slice(first, last + 1)),
    inner: sizeOf(shape.slice(last + 1)),
  }
}

/** The rows along the last axis. */
export const lastAxis = ({ shape }: Spec): RowView => rowView(shape, shape.length - 1)

/** Calls `visit` with the place of each row's first element, the step to the next one, and the row's number. */
export function eachRow(
  { outer, length, inner }: RowView,
  visit: (start: number, step: number, row: number) => void,
): void {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) visit(o * length * inner + i, inner, o * inner + i)
  }
}

/** What runs over the rows: a skeleton with WORKGROUP_SIZE and LANES, and params `rows` and `length`. */
export interface RowProgram {
  readonly source: KernelSource
  readonly bindings: readonly Binding[]
  /** Params beside `rows` and `length`. */
  readonly params: Readonly<Record<string, number>>
}

/** Rows up to this long are each left to one thread. */
const SHORT = 32

/** From this many rows on, one thread each keeps a GPU busy; where rows interleave, neighbours read side by side. */
const MANY = 4096

/** Whether a workgroup should share each row. */
function shouldShare({ outer, length, inner }: RowView, { isSoftware }: DeviceTraits): boolean {
  const count = outer * inner
  // A workgroup with barriers costs a software rasteriser some 0.2 ms, as much as a thousand elements by one thread:
  // only few and long rows are worth it (measured on SwiftShader and lavapipe).
  if (isSoftware) return length > SHORT * count
  return length > SHORT && !(inner > 1 && count >= MANY)
}

/**
 * A kernel over rows. Variant `thread` gives each row to one thread; `workgroup` gives it to a workgroup, whose threads
 * join what they found.
 */
export function rows<A extends object>(
  view: (request: KernelRequest<A>) => RowView,
  program: (request: KernelRequest<A>) => RowProgram,
): Kernel<A> {
  return {
    variants: ['thread', 'workgroup'],
    choose: request => (shouldShare(view(request), request.device) ? 'workgroup' : 'thread'),
    program(request) {
      const { outer, length, inner } = view(request)
      const { source, bindings, params } = program(request)
      const together = request.variant === 'workgroup'
      const size = together ? lanesFor(length, request.device.maxInvocations) : WORKGROUP_SIZE
      return {
        dispatches: [
          {
            source,
            bindings,
            overrides: { WORKGROUP_SIZE: size, LANES: together ? size : 1 },
            params: { rows: outer * inner, length, ...params },
            workgroups: Math.ceil((outer * inner) / (together ? 1 : size)),
          },
        ],
      }
    },
  }
}

/** Threads that share a row: more for long ones, within what the device allows. A multiple of 16. */
function lanesFor(length: number, most: number): number {
  const wanted = length > 16 * WORKGROUP_SIZE ? 4 * WORKGROUP_SIZE : WORKGROUP_SIZE
  return Math.min(wanted, 2 ** Math.floor(Math.log2(most)))
}
