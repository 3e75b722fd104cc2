// Reduction kernels: a fragment that combines, one that loads and one that finishes, over any set of axes.
import finishWgsl from '../../shaders/reduce/finish.wgsl?raw'
import loadWgsl from '../../shaders/reduce/load.wgsl?raw'
import offsetsWgsl from '../../shaders/reduce/offsets.wgsl?raw'
import subgroupWgsl from '../../shaders/reduce_subgroup.wgsl?raw'
import threadWgsl from '../../shaders/reduce_thread.wgsl?raw'
import workgroupWgsl from '../../shaders/reduce_workgroup.wgsl?raw'
import { dtypes, type NumericArray } from '../dtype.ts'
import { must } from '../errors.ts'
import {
  axisList,
  type Binding,
  type Dispatch,
  type Kernel,
  type KernelRequest,
  type ShaderFile,
  shader,
} from '../kernel.ts'
import { at, foldAxes, type Shape, sizeOf, stridesOf, walk } from '../shape.ts'
import type { Spec } from '../tape.ts'
import { numberTests } from './map.ts'

const SKELETONS: Readonly<Record<string, ShaderFile>> = {
  workgroup: shader(workgroupWgsl),
  subgroup: shader(subgroupWgsl),
  thread: shader(threadWgsl),
}
const OFFSETS = shader(offsetsWgsl)
const LOAD = shader(loadWgsl)
const FINISH = shader(finishWgsl)

const WORKGROUP = 128

export interface ReduceAttributes {
  readonly axis: readonly number[]
  readonly keepDims: boolean
}

/** The shape a reduction leaves. */
export function reducedShape(shape: Shape, { axis, keepDims }: ReduceAttributes): Shape {
  return shape.flatMap((length, i) => (axis.includes(i) ? (keepDims ? [1] : []) : [length]))
}

/** How a reduction computes: WGSL fragments and the type it accumulates in. */
export interface Combiner {
  /** `initial` and `combine`; with `whole`, `load` and `finish` too, and such a reduction is never split. */
  readonly combine: ShaderFile
  readonly load?: ShaderFile
  readonly finish?: ShaderFile
  readonly accumulator: string
  readonly compute: string
  readonly result: string
  readonly whole?: boolean
}

interface Layout {
  readonly outputs: number
  readonly count: number
  readonly kept: { shape: number[]; strides: number[] }
  readonly reduced: { shape: number[]; strides: number[] }
}

function layoutOf(shape: Shape, axis: readonly number[]): Layout {
  const strides = stridesOf(shape)
  const pick = (wanted: boolean) => {
    const axes = shape.map((_, i) => i).filter(i => axis.includes(i) === wanted)
    const nest = foldAxes(
      axes.map(i => at(shape, i)),
      [axes.map(i => at(strides, i))],
    )
    return { shape: nest.shape, strides: nest.strides[0] ?? [] }
  }
  const kept = pick(false)
  const reduced = pick(true)
  return { outputs: sizeOf(kept.shape), count: sizeOf(reduced.shape), kept, reduced }
}

/** How many parts a reduction is cut into, so that the device has enough to do: at least 256 elements each. */
function splitsOf({ outputs, count }: Layout, perWorkgroup: boolean): number {
  const wanted = perWorkgroup ? Math.floor(512 / outputs) : Math.floor(32768 / outputs)
  return Math.max(1, Math.min(wanted, Math.floor(count / (perWorkgroup ? 4096 : 256)), 256))
}

/** A reduction kernel. `pick` says how the dtype at hand is combined. */
export function reduce(pick: (input: Spec, output: Spec) => Combiner): Kernel<ReduceAttributes> {
  return {
    variants: ['workgroup', 'thread', 'subgroup'],
    supports: ({ variant, device, inputs, outputs }) => {
      const combiner = pick(inputs[0] as Spec, outputs[0] as Spec)
      return variant !== 'subgroup' || (device.subgroups && device.subgroupId && combiner.whole !== true)
    },
    choose: chooseVariant,
    program: request => {
      const input = must(request.inputs[0], 'input')
      const output = must(request.outputs[0], 'output')
      const combiner = pick(input, output)
      const layout = layoutOf(input.shape, request.attributes.axis)
      const perThread = request.variant === 'thread'
      const splits = combiner.whole ? 1 : splitsOf(layout, !perThread)
      const first = {
        combiner,
        layout,
        variant: request.variant,
        total: layout.count,
        types: typesOf(combiner, dtypes[input.dtype].wgsl),
      }
      if (splits === 1) {
        const types = { ...first.types, Out: dtypes[output.dtype].wgsl, Result: combiner.result }
        return {
          dispatches: [
            dispatchOf({
              ...first,
              types,
              splits,
              source: { input: 0 },
              target: { output: 0 },
              load: combiner.load,
              finish: combiner.finish,
            }),
          ],
        }
      }
      // The parts are stored in the accumulator's type, output by output along the fast axis of the variant.
      const parts: Layout = {
        outputs: layout.outputs,
        count: splits,
        kept: { shape: [layout.outputs], strides: [perThread ? 1 : splits] },
        reduced: { shape: [splits], strides: [perThread ? layout.outputs : 1] },
      }
      const stored = {
        A: combiner.accumulator,
        Out: combiner.accumulator,
        Result: combiner.accumulator,
        Compute: combiner.accumulator,
      }
      return {
        scratch: [layout.outputs * splits * 4],
        dispatches: [
          dispatchOf({
            ...first,
            types: { ...first.types, Out: stored.Out, Result: stored.Result },
            splits,
            source: { input: 0 },
            target: { scratch: 0 },
            load: combiner.load,
            finish: FINISH,
          }),
          dispatchOf({
            ...first,
            layout: parts,
            variant: perThread ? 'thread' : request.variant,
            types: {
              ...stored,
              Acc: combiner.accumulator,
              Out: dtypes[output.dtype].wgsl,
              Result: combiner.result,
            },
            splits: 1,
            source: { scratch: 0 },
            target: { output: 0 },
            load: LOAD,
            finish: combiner.finish,
          }),
        ],
      }
    },
  }
}

function typesOf({ accumulator, compute }: Combiner, stored: string): Record<string, string> {
  return { A: stored, Compute: compute, Acc: accumulator }
}

/** Rows go to workgroups, columns and short rows to threads. */
function chooseVariant({ inputs, attributes, device }: KernelRequest<ReduceAttributes>): string {
  const { outputs, count, reduced } = layoutOf((inputs[0] as Spec).shape, attributes.axis)
  const innermost = reduced.strides.at(-1) === 1
  if (count <= 32 || (!innermost && outputs >= 64)) return 'thread'
  // A software device runs split loops faster than barriers.
  if (device.isSoftware) return 'thread'
  return device.subgroups && device.subgroupId ? 'subgroup' : 'workgroup'
}

function dispatchOf(part: {
  combiner: Combiner
  layout: Layout
  variant: string
  total: number
  types: Record<string, string>
  splits: number
  source: Binding
  target: Binding
  load: ShaderFile | undefined
  finish: ShaderFile | undefined
}): Dispatch {
  const { combiner, layout, variant, splits, types } = part
  const { outputs, count, kept, reduced } = layout
  const perThread = variant === 'thread'
  const pieces = combiner.whole ? [] : [part.load ?? LOAD, part.finish ?? FINISH]
  const workgroupSize = perThread ? 64 : WORKGROUP
  return {
    source: {
      skeleton: must(SKELETONS[variant], 'reduce skeleton'),
      fragments: [numberTests(must(types.Compute, 'compute type')), OFFSETS, combiner.combine, ...pieces],
      types,
    },
    overrides: {
      WORKGROUP_SIZE: workgroupSize,
      KEPT_RANK: kept.shape.length,
      REDUCED_RANK: Math.max(1, reduced.shape.length),
    },
    bindings: [part.source, part.target],
    params: {
      outputs,
      count,
      total: part.total,
      splits,
      chunk: Math.ceil(count / splits),
      outputStride: perThread ? 1 : splits,
      splitStride: perThread ? outputs : 1,
      keptShape: axisList(kept.shape, 1),
      keptStrides: axisList(kept.strides, 0),
      reducedShape: axisList(reduced.shape, 1),
      reducedStrides: axisList(reduced.strides, 0),
    },
    workgroups: perThread ? Math.ceil((outputs * splits) / workgroupSize) : outputs * splits,
  }
}

/** The reference of a reduction: a function of the elements reduced to one, in row-major order. */
export function reduceReference(rule: (elements: Float64Array) => number) {
  return (
    inputs: readonly NumericArray[],
    outputs: readonly NumericArray[],
    context: { inputs: readonly Spec[]; attributes: ReduceAttributes },
  ): void => {
    const x = must(inputs[0], 'input')
    const out = must(outputs[0], 'output')
    const { kept, reduced, count } = layoutOf(must(context.inputs[0], 'input').shape, context.attributes.axis)
    const elements = new Float64Array(count)
    walk({ shape: kept.shape, strides: [kept.strides] }, [0], ([base], output) => {
      walk({ shape: reduced.shape, strides: [reduced.strides] }, [base as number], ([place], index) => {
        elements[index] = at(x, place as number)
      })
      out[output] = rule(elements)
    })
  }
}
