// Elementwise kernels: an expression evaluated at each position, its inputs broadcast.
import mapWgsl from '../../shaders/map.wgsl?raw'
import { dtypes, type NumericArray } from '../dtype.ts'
import { must } from '../errors.ts'
import {
  axisList,
  type Expression,
  type Kernel,
  type KernelRequest,
  type Program,
  type ShaderFile,
  shader,
  WORKGROUP_SIZE,
} from '../kernel.ts'
import type { ReferenceContext } from '../op.ts'
import { at, broadcastStrides, foldAxes, type Shape, sameShape, sizeOf, walk } from '../shape.ts'
import type { Spec } from '../tape.ts'
import { constantBits, declarations, evaluation, generated } from './expression.ts'

const MAP = shader(mapWgsl)
/** Inputs the kernel's uniform has room for. */
export const MAX_INPUTS = 8

/** How an input lies under the outputs. */
type Place =
  | { readonly kind: 'same' | 'first' }
  | { readonly kind: 'block'; readonly divide: number; readonly modulo: number }
  | { readonly kind: 'strided' }

/** An input whose broadcast axes are all before or after the rest repeats in blocks; any other needs strides. */
function placeOf(shape: Shape, output: Shape, first: boolean): Place {
  if (first || sizeOf(shape) === 1) return { kind: sizeOf(output) === 1 && !first ? 'same' : 'first' }
  if (sizeOf(shape) === sizeOf(output)) return { kind: 'same' }
  const padded = [...new Array<number>(output.length - shape.length).fill(1), ...shape]
  const own = padded.flatMap((length, axis) => (length === 1 ? [] : [axis]))
  const [low, high] = [at(own, 0), at(own, own.length - 1)]
  const whole = sameShape(padded.slice(low, high + 1), output.slice(low, high + 1))
  if (!whole) return { kind: 'strided' }
  return { kind: 'block', divide: sizeOf(output.slice(high + 1)), modulo: sizeOf(shape) }
}

/** The dispatch that evaluates an expression over broadcast inputs. */
function evaluate(expression: Expression, inputs: readonly Spec[], outputs: readonly Spec[]): Program {
  const output = must(outputs[0], 'output')
  const size = sizeOf(output.shape)
  const places = inputs.map(({ shape }, i) =>
    placeOf(shape, output.shape, expression.inputs[i]?.first ?? false),
  )
  const strided = places.flatMap(({ kind }, i) => (kind === 'strided' ? [i] : []))
  const nest = foldAxes(
    output.shape,
    strided.map(i => broadcastStrides((inputs[i] as Spec).shape, output.shape)),
  )
  const { files, statements, results } = evaluation(expression, {
    index: 'index',
    load: i => {
      const { kind } = must(places[i], 'input')
      if (kind === 'same') return `input${i}[index]`
      if (kind === 'first') return `input${i}[0]`
      return `input${i}[${kind}Offset(${i}, index)]`
    },
  })
  const stored = outputs.map(({ dtype }) => dtypes[dtype].wgsl)
  const code = generated([
    ...declarations([
      ...expression.inputs.map(({ type }, i) => ({ name: `input${i}`, type })),
      ...stored.map((type, i) => ({ name: `output${i}`, type, written: true })),
    ]),
    'fn evaluate(index: u32) {',
    ...statements,
    ...results.map((result, i) => `output${i}[index] = ${stored[i]}(${result});`),
    '}',
  ])
  const blocks = (key: 'divide' | 'modulo'): number[] =>
    axisList(
      places.map(place => (place.kind === 'block' ? place[key] : 1)),
      1,
    )
  const strides = inputs.map((_, i) => axisList(nest.strides[strided.indexOf(i)] ?? [], 0))
  return {
    dispatches: [
      {
        source: { skeleton: MAP, fragments: [...files, code], types: {} },
        overrides: { WORKGROUP_SIZE, RANK: strided.length > 0 ? nest.shape.length : 0 },
        bindings: [...inputs.map((_, input) => ({ input })), ...outputs.map((_, j) => ({ output: j }))],
        params: {
          size,
          constants: constantBits(expression),
          divide: blocks('divide'),
          modulo: blocks('modulo'),
          shape: axisList(nest.shape, 1),
          strides: [...strides.flat(), ...new Array<number>(8 * (MAX_INPUTS - inputs.length)).fill(0)],
        },
        workgroups: Math.ceil(size / WORKGROUP_SIZE),
      },
    ],
  }
}

/** A kernel that applies a fragment to 1, 2 or 3 operands; `pick` may choose the fragment by dtype or attributes. */
export function map<A extends object>(
  pick: ShaderFile | ((request: KernelRequest<A>, compute: string) => ShaderFile),
  { float = false }: { float?: boolean } = {},
): Kernel<A> {
  const expression = (request: KernelRequest<A>): Expression => {
    const { inputs, outputs } = request
    const output = dtypes[must(outputs[0], 'output').dtype]
    const compute = float ? 'f32' : dtypes[must(inputs.at(-1), 'operand').dtype].compute
    // Of three operands the first may be of another kind: a condition.
    const first = inputs.length === 3 ? dtypes[must(inputs[0], 'operand').dtype].compute : compute
    return {
      inputs: inputs.map(({ dtype }) => ({ type: dtypes[dtype].wgsl })),
      constants: [],
      steps: [
        {
          fragment: typeof pick === 'function' ? pick(request, compute) : pick,
          operands: inputs.map((_, input) => ({ input })),
          types: {
            ...(inputs.length === 3 ? { First: first } : {}),
            Compute: compute,
            Result: output.compute,
          },
          converted: inputs.map((_, i) => (i === 0 ? first : compute)),
          stored: output.wgsl,
        },
      ],
      results: [{ step: 0 }],
    }
  }
  return {
    variants: ['element'],
    expression,
    program: request => evaluate(expression(request), request.inputs, request.outputs),
  }
}

/** A kernel that evaluates an expression, be it of one op or of many. */
export function mapExpression(expression: Expression): Kernel {
  return {
    variants: ['element'],
    expression: () => expression,
    program: ({ inputs, outputs }) => evaluate(expression, inputs, outputs),
  }
}

/** The reference of an elementwise op from a function of numbers; `integer` replaces it for int32 and uint32. */
export function mapReference(
  fn: (...operands: number[]) => number,
  integer: (...operands: number[]) => number = fn,
): (
  inputs: readonly NumericArray[],
  outputs: readonly NumericArray[],
  context: ReferenceContext<object>,
) => void {
  return (inputs, outputs, context) => {
    const [out] = outputs as [NumericArray]
    const [spec] = context.outputs as [Spec]
    const apply = dtypes[spec.dtype].isFloat ? fn : integer
    const strides = context.inputs.map(input => broadcastStrides(input.shape, spec.shape))
    const operands = new Array<number>(inputs.length)
    walk(foldAxes(spec.shape, strides), new Array<number>(inputs.length).fill(0), (offsets, index) => {
      for (let k = 0; k < inputs.length; k++)
        operands[k] = (inputs[k] as NumericArray)[offsets[k] as number] as number
      out[index] = apply(...operands)
    })
  }
}
