// How a matrix product ends: what becomes of each sum as it is stored, and what is made beside the sums.
import add from '../../shaders/binary/add.wgsl?raw'
import { dtypes } from '../dtype.ts'
import { must } from '../errors.ts'
import { type Binding, type Expression, type KernelRequest, type ShaderFile, shader } from '../kernel.ts'
import { at, sizeOf } from '../shape.ts'
import { type Declared, evaluation, generated, identity } from './expression.ts'
import type { ProductAttributes } from './product.ts'

type Request = KernelRequest<ProductAttributes>

/** What becomes of a product's sums, and what is made beside them. */
export interface Ending {
  /** Input 0 is the sum; further ones are as the output, one row for all, or one number, and follow a and b. */
  readonly expression: Expression
  /** The sums of b's columns, where b is one [depth, columns] matrix, are the last output. */
  readonly columnSums: boolean
}

/** Each sum stored as it is. */
export const SUM = identity('f32')

/** The end of a product as WGSL: the bindings after `first`, and `store`, which takes each sum. */
export function storing(
  request: Request,
  { expression }: Ending,
  toScratch: boolean,
): {
  files: readonly ShaderFile[]
  bindings: Binding[]
  declared: Declared[]
} {
  const out = must(request.outputs[0], 'output')
  const used = toScratch ? SUM : expression
  const width = at(out.shape, out.shape.length - 1)
  const operands = used.inputs.slice(1).map(({ type, first: isFirst }, i) => {
    const { shape } = must(request.inputs[i + 2], 'operand')
    const size = sizeOf(shape)
    const place =
      isFirst || size === 1 ? '0' : size === sizeOf(out.shape) && size !== width ? 'index' : 'column'
    return { name: `operand${i}`, type, place }
  })
  const outputs = used.results.map((_, j) => ({
    name: `output${j}`,
    type: toScratch ? 'f32' : dtypes[must(request.outputs[j], 'output').dtype].wgsl,
    written: true,
  }))
  const { files, statements, results } = evaluation(used, {
    index: 'index',
    load: i => {
      if (i === 0) return 'sum'
      const { name, place } = must(operands[i - 1], 'operand')
      return `${name}[${place}]`
    },
  })
  const code = generated([
    'fn store(index: u32, column: u32, sum: f32) {',
    ...statements,
    ...results.map((result, j) => `output${j}[index] = ${outputs[j]?.type}(${result});`),
    '}',
  ])
  return {
    files: [...files, code],
    declared: [...operands, ...outputs],
    bindings: [
      ...operands.map((_, i): Binding => ({ input: i + 2 })),
      ...outputs.map((_, j): Binding => (toScratch ? { scratch: 0 } : { output: j })),
    ],
  }
}

const ADD = shader(add)

/** A bias of a WGSL type, input 1, added to each sum. */
export const withBias = (type: string): Expression => ({
  inputs: [{ type: 'f32' }, { type }],
  constants: [],
  steps: [
    {
      fragment: ADD,
      operands: [{ input: 0 }, { input: 1 }],
      types: { Compute: 'f32', Result: 'f32' },
      converted: ['f32', 'f32'],
      stored: 'f32',
    },
  ],
  results: [{ step: 0 }],
})
