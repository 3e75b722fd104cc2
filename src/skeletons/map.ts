// Elementwise kernels: one fragment applied at each position, operands broadcast by strides.
import map1 from '../../shaders/map1.wgsl?raw'
import map2 from '../../shaders/map2.wgsl?raw'
import map3 from '../../shaders/map3.wgsl?raw'
import numberFloat from '../../shaders/number_float.wgsl?raw'
import numberInteger from '../../shaders/number_integer.wgsl?raw'
import { type DType, dtypes, type NumericArray } from '../dtype.ts'
import { must } from '../errors.ts'
import {
  axisList,
  type Kernel,
  type KernelRequest,
  type Program,
  type ShaderFile,
  shader,
  WORKGROUP_SIZE,
} from '../kernel.ts'
import type { ReferenceContext } from '../op.ts'
import { broadcastStrides, foldAxes, sameShape, sizeOf, walk } from '../shape.ts'
import type { Spec } from '../tape.ts'

const SKELETONS = [map1, map2, map3].map(shader)
const LETTERS = ['A', 'B', 'C'] as const

/** `isTrue` and `unordered` for the type arithmetic is done in. */
export const numberTests = (compute: string): ShaderFile =>
  shader(compute === 'f32' ? numberFloat : numberInteger)

/** Aliases of stored and computed types. `compute` is what arithmetic is done in. */
export function mapTypes(inputs: readonly Spec[], output: DType, compute: string): Record<string, string> {
  const stored = inputs.map((input, i) => [LETTERS[i] as string, dtypes[input.dtype].wgsl])
  const first = dtypes[must(inputs[0], 'operand').dtype].compute
  return {
    ...Object.fromEntries(stored),
    Out: dtypes[output].wgsl,
    ...(inputs.length === 3 ? { First: first } : {}),
    Compute: compute,
    Result: dtypes[output].compute,
  }
}

/** The strided loop of a broadcast: folded shape and strides, or the steps when no loop is needed. */
function broadcastPlan(
  inputs: readonly Spec[],
  output: Spec,
): { overrides: Record<string, number>; params: Record<string, number | number[]> } {
  const strides = inputs.map(input => broadcastStrides(input.shape, output.shape))
  const nest = foldAxes(output.shape, strides)
  const plain = inputs.every(
    input =>
      sizeOf(input.shape) === 1 || sameShape(nest.shape, []) || sizeOf(input.shape) === sizeOf(output.shape),
  )
  const overrides: Record<string, number> = { WORKGROUP_SIZE, RANK: plain ? 0 : nest.shape.length }
  const params: Record<string, number | number[]> = {
    size: sizeOf(output.shape),
    shape: axisList(nest.shape, 1),
  }
  inputs.forEach((input, i) => {
    overrides[`${LETTERS[i]}_STEP`] = sizeOf(input.shape) === 1 && sizeOf(output.shape) !== 1 ? 0 : 1
    params[`strides${LETTERS[i]}`] = axisList(nest.strides[i] ?? [], 0)
  })
  return { overrides, params }
}

/** A kernel that applies a fragment to 1, 2 or 3 operands; `pick` may choose the fragment by dtype or attributes. */
export function map<A extends object>(
  pick: ShaderFile | ((request: KernelRequest<A>, compute: string) => ShaderFile),
  { float = false }: { float?: boolean } = {},
): Kernel<A> {
  return {
    variants: ['strided'],
    program(request): Program {
      const { inputs, outputs } = request
      const output = must(outputs[0], 'output')
      const last = must(inputs.at(-1), 'operand')
      const compute = float ? 'f32' : dtypes[last.dtype].compute
      const fragment = typeof pick === 'function' ? pick(request, compute) : pick
      const size = sizeOf(output.shape)
      return {
        dispatches: [
          {
            source: {
              skeleton: must(SKELETONS[inputs.length - 1], 'map skeleton'),
              fragments: [numberTests(compute), fragment],
              types: mapTypes(inputs, output.dtype, compute),
            },
            ...broadcastPlan(inputs, output),
            bindings: [...inputs.map((_, input) => ({ input })), { output: 0 }],
            workgroups: Math.ceil(size / WORKGROUP_SIZE),
          },
        ],
      }
    },
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
