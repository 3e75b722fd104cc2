// Reduction kernels: a fragment that combines, one that loads and one that finishes, over any set of axes.
import finishWgsl from '../../shaders/reduce/finish.wgsl?raw'
import lineOffsetsWgsl from '../../shaders/reduce/line_offsets.wgsl?raw'
import loadWgsl from '../../shaders/reduce/load.wgsl?raw'
import offsetsWgsl from '../../shaders/reduce/offsets.wgsl?raw'
import paramsWgsl from '../../shaders/reduce/params.wgsl?raw'
import subgroupWgsl from '../../shaders/reduce_subgroup.wgsl?raw'
import threadWgsl from '../../shaders/reduce_thread.wgsl?raw'
import vectorWgsl from '../../shaders/reduce_vector.wgsl?raw'
import workgroupWgsl from '../../shaders/reduce_workgroup.wgsl?raw'
import { dtypes, type NumericArray } from '../dtype.ts'
import { must } from '../errors.ts'
import {
  axisList,
  type Binding,
  type Dispatch,
  type Expression,
  type Kernel,
  type KernelRequest,
  type ShaderFile,
  shader,
} from '../kernel.ts'
import { at, foldAxes, type Shape, sizeOf, stridesOf, walk } from '../shape.ts'
import type { Spec } from '../tape.ts'
import { constantBits, declarations, evaluation, generated, identity, numberTests } from './expression.ts'

const SKELETONS: Readonly<Record<string, ShaderFile>> = {
  workgroup: shader(workgroupWgsl),
  subgroup: shader(subgroupWgsl),
  thread: shader(threadWgsl),
  vector: shader(vectorWgsl),
}
const PARAMS = shader(paramsWgsl)
const OFFSETS = shader(offsetsWgsl)
const LINE_OFFSETS = shader(lineOffsetsWgsl)
const LOAD = shader(loadWgsl)
const FINISH = shader(finishWgsl)

const WORKGROUP = 128
/** Results from which on a GPU is busy with a thread for four of them. */
const ENOUGH_VECTORS = 4096

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
  /** `initial` and `combine`; with `order`, `load` and `finish` too. */
  readonly combine: ShaderFile
  /** What a search asks of two elements. It is never split: the place of an element is its place in the whole. */
  readonly order?: ShaderFile
  readonly load?: ShaderFile
  readonly finish?: ShaderFile
  readonly accumulator: string
  readonly compute: string
  readonly result: string
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

/** Whether neighbouring results are reductions of neighbours, a multiple of four of them. */
const isVectorised = ({ kept }: Layout): boolean =>
  kept.strides.at(-1) === 1 && (kept.shape.at(-1) ?? 1) % 4 === 0

/** How many parts a reduction is cut into, so that the device has enough to do: at least 256 elements each. */
function splitsOf({ outputs, count }: Layout, perWorkgroup: boolean): number {
  const wanted = perWorkgroup ? Math.floor(512 / outputs) : Math.floor(32768 / outputs)
  return Math.max(1, Math.min(wanted, Math.floor(count / (perWorkgroup ? 4096 : 256)), 256))
}

/** What a reduction reads: the values of an expression over its inputs, which are of one shape, or one number. */
interface Source {
  readonly expression: Expression
  /** Shape and dtype of what is reduced. */
  readonly reduced: Spec
}

/** A reduction kernel. `pick` says how the dtype at hand is combined; with `source`, what is reduced is computed as it is read. */
export function reduce(
  pick: (input: Spec, output: Spec) => Combiner,
  source?: Source,
): Kernel<ReduceAttributes> {
  const reducedOf = ({ inputs }: KernelRequest<ReduceAttributes>): Spec =>
    source?.reduced ?? must(inputs[0], 'input')
  return {
    variants: ['workgroup', 'thread', 'subgroup', 'vector'],
    ...(source ? {} : { withPrologue: (expression, reduced) => reduce(pick, { expression, reduced }) }),
    supports: request => {
      const { variant, device } = request
      const reduced = reducedOf(request)
      const { order } = pick(reduced, must(request.outputs[0], 'output'))
      if (variant === 'vector')
        return !order && isVectorised(layoutOf(reduced.shape, request.attributes.axis))
      return variant !== 'subgroup' || (device.subgroups && device.subgroupId && !order)
    },
    choose: request => {
      const reduced = reducedOf(request)
      const { order } = pick(reduced, must(request.outputs[0], 'output'))
      return chooseVariant(reduced, order !== undefined, request)
    },
    program: request => {
      const input = reducedOf(request)
      const output = must(request.outputs[0], 'output')
      const combiner = pick(input, output)
      const layout = layoutOf(input.shape, request.attributes.axis)
      const perThread = request.variant === 'thread' || request.variant === 'vector'
      const splits = combiner.order ? 1 : splitsOf(layout, !perThread)
      const bindings = request.inputs.map((_, i): Binding => ({ input: i }))
      const first = {
        combiner,
        layout,
        variant: request.variant,
        total: layout.count,
        splits,
        expression: source?.expression ?? identity(dtypes[input.dtype].wgsl),
        isSingle: request.inputs.map(
          ({ shape }, i) =>
            source?.expression.inputs[i]?.first === true ||
            (sizeOf(shape) === 1 && sizeOf(input.shape) !== 1),
        ),
        compute: combiner.compute,
        load: combiner.load,
      }
      const last = {
        result: combiner.result,
        stored: dtypes[output.dtype].wgsl,
        finish: combiner.finish,
      }
      if (splits === 1) {
        return { dispatches: [dispatchOf({ ...first, ...last, bindings: [...bindings, { output: 0 }] })] }
      }
      // The parts are stored in the accumulator's type, output by output along the fast axis of the variant.
      const parts: Layout = {
        outputs: layout.outputs,
        count: splits,
        kept: { shape: [layout.outputs], strides: [perThread ? 1 : splits] },
        reduced: { shape: [splits], strides: [perThread ? layout.outputs : 1] },
      }
      const { accumulator } = combiner
      return {
        scratch: [layout.outputs * splits * 4],
        dispatches: [
          dispatchOf({
            ...first,
            result: accumulator,
            stored: accumulator,
            finish: FINISH,
            bindings: [...bindings, { scratch: 0 }],
          }),
          dispatchOf({
            ...first,
            ...last,
            layout: parts,
            splits: 1,
            expression: identity(accumulator),
            isSingle: [false],
            compute: accumulator,
            load: LOAD,
            bindings: [{ scratch: 0 }, { output: 0 }],
          }),
        ],
      }
    },
  }
}

/** Rows go to workgroups, columns and short rows to threads. */
function chooseVariant(
  { shape }: Spec,
  isWhole: boolean,
  { attributes, device }: KernelRequest<ReduceAttributes>,
): string {
  const layout = layoutOf(shape, attributes.axis)
  const { outputs, count, reduced } = layout
  const innermost = reduced.strides.at(-1) === 1
  if (!isWhole && isVectorised(layout) && (device.isSoftware || outputs >= ENOUGH_VECTORS)) return 'vector'
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
  splits: number
  expression: Expression
  /** Which inputs of the expression are one number for all places. */
  isSingle: readonly boolean[]
  /** WGSL types of what is read, of what a reduction gives, and of what is stored. */
  compute: string
  result: string
  stored: string
  load: ShaderFile | undefined
  finish: ShaderFile | undefined
  bindings: readonly Binding[]
}): Dispatch {
  const { combiner, layout, variant, splits, expression, compute, result, stored } = part
  const { outputs, count, kept, reduced } = layout
  const isVector = variant === 'vector'
  const perThread = variant === 'thread' || isVector
  const pieces = combiner.order ? [combiner.order] : [part.load ?? LOAD, part.finish ?? FINISH]
  const workgroupSize = perThread ? 64 : WORKGROUP
  const isLine = kept.shape.length <= 1 && reduced.shape.length <= 1
  const { files, code } = reading(expression, part.isSingle, stored, isVector)
  return {
    source: {
      skeleton: must(SKELETONS[variant], 'reduce skeleton'),
      fragments: [
        numberTests(compute),
        PARAMS,
        isLine ? LINE_OFFSETS : OFFSETS,
        ...files,
        code,
        combiner.combine,
        ...pieces,
      ],
      types: { Compute: compute, Acc: combiner.accumulator, Result: result, Out: stored },
    },
    overrides: {
      WORKGROUP_SIZE: workgroupSize,
      ...(isLine ? {} : { KEPT_RANK: kept.shape.length, REDUCED_RANK: reduced.shape.length }),
    },
    bindings: part.bindings,
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
      constants: constantBits(expression),
    },
    workgroups: perThread
      ? Math.ceil((outputs * splits) / (workgroupSize * (isVector ? 4 : 1)))
      : outputs * splits,
  }
}

/** The bindings, and `element`, or `elements` for four neighbours, that evaluate what is reduced. */
function reading(
  expression: Expression,
  isSingle: readonly boolean[],
  stored: string,
  isVector: boolean,
): { files: readonly ShaderFile[]; code: ShaderFile } {
  const load = (i: number): string => {
    if (isVector) return `e${i}`
    return `input${i}[${isSingle[i] ? '0' : 'offset'}]`
  }
  const { files, statements, results } = evaluation(expression, { index: 'offset', load })
  const wide = (i: number): boolean => isVector && !isSingle[i]
  const inputs = expression.inputs.map(({ type }, i) => ({
    name: `input${i}`,
    type: wide(i) ? `vec4<${type}>` : type,
  }))
  const out = { name: 'out', type: isVector ? `vec4<${stored}>` : stored, written: true }
  const parameters = isVector ? expression.inputs.map(({ type }, i) => `, e${i}: ${type}`) : []
  const lanes = ['x', 'y', 'z', 'w'].map((lane, k) => {
    const operands = expression.inputs.map((_, i) => `, v${i}${wide(i) ? `.${lane}` : ''}`)
    return `element(offset + ${k}${operands.join('')})`
  })
  const code = generated([
    ...declarations([...inputs, out]),
    `fn element(offset: u32${parameters.join('')}) -> Compute {`,
    ...statements,
    `return Compute(${results[0]});`,
    '}',
    ...(isVector
      ? [
          'fn elements(offset: u32) -> vec4<Compute> {',
          ...inputs.map((_, i) => `let v${i} = input${i}[${wide(i) ? 'offset / 4' : '0'}];`),
          `return vec4<Compute>(${lanes.join(', ')});`,
          '}',
        ]
      : []),
  ])
  return { files, code }
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
