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

const placesOf = (expression: Expression, inputs: readonly Spec[], output: Spec): Place[] =>
  inputs.map(({ shape }, i) => placeOf(shape, output.shape, expression.inputs[i]?.first ?? false))

/** How four neighbours of the output read an input: as four neighbours, or one element for all; null where they do neither. */
function vectorPlaceOf(place: Place): { place: Place; isWide: boolean } | null {
  if (place.kind !== 'block')
    return place.kind === 'strided' ? null : { place, isWide: place.kind === 'same' }
  const { divide, modulo } = place
  if (divide === 1 && modulo % 4 === 0)
    return { place: { kind: 'block', divide, modulo: modulo / 4 }, isWide: true }
  return divide % 4 === 0 ? { place: { kind: 'block', divide: divide / 4, modulo }, isWide: false } : null
}

/** Whether every input can be read for four neighbours of the output at once. */
function canVectorise(expression: Expression, inputs: readonly Spec[], outputs: readonly Spec[]): boolean {
  const output = must(outputs[0], 'output')
  return (
    sizeOf(output.shape) % 4 === 0 &&
    placesOf(expression, inputs, output).every(place => vectorPlaceOf(place) !== null)
  )
}

/** The dispatch that evaluates an expression over broadcast inputs, a position a thread or four. */
function evaluate(
  expression: Expression,
  { inputs, outputs, variant }: Pick<KernelRequest, 'inputs' | 'outputs' | 'variant'>,
): Program {
  const output = must(outputs[0], 'output')
  const width = variant === 'vector' ? 4 : 1
  const size = sizeOf(output.shape) / width
  const found = placesOf(expression, inputs, output).map(place =>
    width === 1 ? { place, isWide: false } : must(vectorPlaceOf(place), 'a place of vectors'),
  )
  const places = found.map(({ place }) => place)
  const wide = found.map(({ isWide }) => isWide)
  const strided = places.flatMap(({ kind }, i) => (kind === 'strided' ? [i] : []))
  const nest = foldAxes(
    output.shape,
    strided.map(i => broadcastStrides((inputs[i] as Spec).shape, output.shape)),
  )
  const load = (i: number): string => {
    const { kind } = must(places[i], 'input')
    if (kind === 'same') return `input${i}[index]`
    if (kind === 'first') return `input${i}[0]`
    return `input${i}[${kind}Offset(${i}, index)]`
  }
  const stored = outputs.map(({ dtype }) => dtypes[dtype].wgsl)
  const vector = (type: string, is = width === 4): string => (is ? `vec4<${type}>` : type)
  const { files, lines } =
    width === 4 ? fourPlaces(expression, stored, load, wide) : onePlace(expression, stored, load)
  const code = generated([
    ...declarations([
      ...expression.inputs.map(({ type }, i) => ({ name: `input${i}`, type: vector(type, wide[i]) })),
      ...stored.map((type, i) => ({ name: `output${i}`, type: vector(type), written: true })),
    ]),
    ...lines,
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

interface Code {
  readonly files: readonly ShaderFile[]
  readonly lines: readonly string[]
}

/** `evaluate` for one position. */
function onePlace(expression: Expression, stored: readonly string[], load: (input: number) => string): Code {
  const { files, statements, results } = evaluation(expression, { index: 'index', load })
  return {
    files,
    lines: [
      'fn evaluate(index: u32) {',
      ...statements,
      ...results.map((result, i) => `output${i}[index] = ${stored[i]}(${result});`),
      '}',
    ],
  }
}

/** `evaluate` for four neighbours: every input loaded once, then each of the four computed from its elements. */
function fourPlaces(
  expression: Expression,
  stored: readonly string[],
  load: (input: number) => string,
  wide: readonly boolean[],
): Code {
  const { files, statements, results } = evaluation(expression, { index: 'index', load: i => `e${i}` })
  const parameters = expression.inputs.map(({ type }, i) => `, e${i}: ${type}`)
  const lanes = ['x', 'y', 'z', 'w'].map((lane, k) => {
    const elements = wide.map((isWide, i) => `, i${i}${isWide ? `.${lane}` : ''}`)
    return `let l${k} = one(4 * index + ${k}${elements.join('')});`
  })
  return {
    files,
    lines: [
      'struct Place {',
      ...stored.map((type, i) => `r${i}: ${type},`),
      '}',
      `fn one(index: u32${parameters.join('')}) -> Place {`,
      ...statements,
      `return Place(${results.map((result, i) => `${stored[i]}(${result})`).join(', ')});`,
      '}',
      'fn evaluate(index: u32) {',
      ...expression.inputs.map((_, i) => `let i${i} = ${load(i)};`),
      ...lanes,
      ...stored.map(
        (type, i) => `output${i}[index] = vec4<${type}>(${[0, 1, 2, 3].map(k => `l${k}.r${i}`).join(', ')});`,
      ),
      '}',
    ],
  }
}

/** A kernel that evaluates the expression `of` a request. */
function mapKernel<A extends object>(of: (request: KernelRequest<A>) => Expression): Kernel<A> {
  return {
    variants: ['vector', 'element'],
    supports: request =>
      request.variant === 'element' || canVectorise(of(request), request.inputs, request.outputs),
    expression: of,
    program: request => evaluate(of(request), request),
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
  return mapKernel(expression)
}

/** A kernel that evaluates an expression, be it of one op or of many. */
export const mapExpression = (expression: Expression): Kernel => mapKernel(() => expression)

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
