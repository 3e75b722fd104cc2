// Movement kernels: elements copied from one strided place to another, each op saying only where.
import moveWgsl from '../../shaders/move.wgsl?raw'
import { type DType, dtypes, type NumericArray } from '../dtype.ts'
import { must } from '../errors.ts'
import { axisList, type Dispatch, type Kernel, shader, WORKGROUP_SIZE } from '../kernel.ts'
import { at, foldAxes, type Shape, sizeOf, walk } from '../shape.ts'
import type { Spec } from '../tape.ts'

const MOVE = shader(moveWgsl)

/** A strided copy over a loop nest. Offsets and strides are in elements; strides may be negative or 0. */
export interface Move {
  readonly shape: Shape
  readonly source: { readonly offset: number; readonly strides: readonly number[] }
  readonly target: { readonly offset: number; readonly strides: readonly number[] }
  /** Coordinates outside [before, before + extent) take the fill value, which is the op's second input. */
  readonly bounds?: { readonly before: readonly number[]; readonly extent: readonly number[] }
}

/** The moves of an op: for each input that is moved, where its elements go. */
export type Moves<A extends object> = (
  inputs: readonly Spec[],
  output: Spec,
  attributes: A,
) => readonly Move[]

/** The same copy in vectors of four elements, where all that is next to each other is so on both sides; else null. */
function inVectors(move: Move): Move | null {
  if (move.bounds) return null
  const { shape, strides } = foldAxes(move.shape, [move.source.strides, move.target.strides])
  const [source, target] = strides as [number[], number[]]
  const offsets = [move.source.offset, move.target.offset]
  const isAligned = [...offsets, shape.at(-1) ?? 1, ...source.slice(0, -1), ...target.slice(0, -1)].every(
    n => n % 4 === 0,
  )
  if (!isAligned || source.at(-1) !== 1 || target.at(-1) !== 1) return null
  const quarter = (list: readonly number[]): number[] =>
    list.map((n, i) => (i === list.length - 1 ? n : n / 4))
  return {
    shape: shape.with(-1, at(shape, shape.length - 1) / 4),
    source: { offset: move.source.offset / 4, strides: quarter(source) },
    target: { offset: move.target.offset / 4, strides: quarter(target) },
  }
}

function dispatchOf(given: Move, input: number, dtype: DType, fillInput: number, variant: string): Dispatch {
  const vectors = variant === 'vector' ? inVectors(given) : null
  const move = vectors ?? given
  const { wgsl } = dtypes[dtype]
  // Bounds are checked axis by axis, so only free loops are folded.
  const nest = move.bounds
    ? { shape: [...move.shape], strides: [[...move.source.strides], [...move.target.strides]] }
    : foldAxes(move.shape, [move.source.strides, move.target.strides])
  const rank = nest.shape.length
  return {
    source: { skeleton: MOVE, types: { T: vectors ? `vec4<${wgsl}>` : wgsl } },
    overrides: { WORKGROUP_SIZE, RANK: rank, BOUNDED: move.bounds ? 1 : 0 },
    bindings: [{ input }, { input: fillInput }, { output: 0 }],
    params: {
      size: sizeOf(move.shape),
      sourceOffset: move.source.offset,
      targetOffset: move.target.offset,
      shape: axisList(nest.shape, 1),
      sourceStrides: axisList(nest.strides[0] ?? [], 0),
      targetStrides: axisList(nest.strides[1] ?? [], 0),
      before: axisList(move.bounds?.before ?? [], 0),
      extent: axisList(move.bounds?.extent ?? [], 1),
    },
    workgroups: Math.ceil(sizeOf(move.shape) / WORKGROUP_SIZE),
  }
}

/**
 * A kernel of one strided copy an input; with bounds, the last input is the value outside them. Variant `vector` copies
 * four neighbours at once wherever it can.
 */
export function move<A extends object>(moves: Moves<A>): Kernel<A> {
  return {
    variants: ['vector', 'strided'],
    supports: ({ inputs, outputs, attributes, variant }) =>
      variant === 'strided' ||
      moves(inputs, must(outputs[0], 'output'), attributes).some(each => inVectors(each) !== null),
    program: ({ inputs, outputs, attributes, variant }) => {
      const output = must(outputs[0], 'output')
      return {
        dispatches: moves(inputs, output, attributes).map((each, i) =>
          dispatchOf(each, i, output.dtype, each.bounds ? inputs.length - 1 : i, variant),
        ),
      }
    },
  }
}

/** The reference of a movement op. */
export function moveReference<A extends object>(moves: Moves<A>) {
  return (
    inputs: readonly NumericArray[],
    outputs: readonly NumericArray[],
    context: { inputs: readonly Spec[]; outputs: readonly Spec[]; attributes: A },
  ): void => {
    const out = must(outputs[0], 'output')
    const fill = must(inputs.at(-1), 'fill')
    moves(context.inputs, must(context.outputs[0], 'output'), context.attributes).forEach(
      ({ shape, source, target, bounds }, i) => {
        const from = must(inputs[i], 'input')
        const rank = shape.length
        const start = bounds
          ? source.offset - bounds.before.reduce((sum, b, axis) => sum + b * at(source.strides, axis), 0)
          : source.offset
        // Each coordinate is a further operand of the walk, so that bounds can be tested.
        const unit = Array.from({ length: bounds ? rank : 0 }, (_, axis) =>
          shape.map((_, other) => Number(other === axis)),
        )
        const strides = [[...source.strides], [...target.strides], ...unit]
        walk({ shape: [...shape], strides }, [start, target.offset, ...unit.map(() => 0)], offsets => {
          const inside =
            !bounds ||
            bounds.before.every((b, axis) => {
              const coordinate = at(offsets, axis + 2) - b
              return coordinate >= 0 && coordinate < at(bounds.extent, axis)
            })
          out[at(offsets, 1)] = inside ? at(from, at(offsets, 0)) : at(fill, 0)
        })
      },
    )
  }
}
