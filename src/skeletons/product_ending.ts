// How a matrix product ends: what becomes of each sum as it is stored, and what is made beside the sums.
import add from '../../shaders/binary/add.wgsl?raw'
import watchWgsl from '../../shaders/watch.wgsl?raw'
import { dtypes } from '../dtype.ts'
import { must } from '../errors.ts'
import { type Binding, type Expression, type ShaderFile, shader } from '../kernel.ts'
import { at, sizeOf } from '../shape.ts'
import { type Declared, evaluation, generated, identity } from './expression.ts'
import type { ProductRequest as Request } from './product.ts'

/** What becomes of a product's sums, and what is made beside them. */
export interface Ending {
  /** Input 0 is the sum; further ones are as the output, one row for all, or one number, and follow a and b. */
  readonly expression: Expression
  /** The sums of b's columns, where b is one [depth, columns] matrix, are the last output. */
  readonly columnSums: boolean
  /** A flag, the last input, is cleared where a number stored is infinite or NaN. */
  readonly watched?: boolean
}

/** Each sum stored as it is. */
export const SUM = identity('f32')

const WATCH = shader(watchWgsl)
/** The same where nothing is watched. */
const UNWATCHED = ['fn watch(number: f32) {}', 'fn endWatch() {}']

/** The end of a product as WGSL: the bindings after the operands', and `store`, which takes each sum. */
export function storing(
  request: Request,
  { expression, columnSums, watched = false }: Ending,
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
  // Parts of sums are told when they are added up; the sums of columns are made beside them.
  const hasFlag = watched && (!toScratch || columnSums)
  const code = generated([
    ...(hasFlag ? [] : UNWATCHED),
    'fn store(index: u32, column: u32, sum: f32) {',
    ...statements,
    ...results.flatMap((result, j) => [
      `let stored${j} = ${outputs[j]?.type}(${result});`,
      `output${j}[index] = stored${j};`,
      ...(hasFlag && !toScratch ? [`watch(f32(stored${j}));`] : []),
    ]),
    '}',
  ])
  return {
    files: [...files, ...(hasFlag ? [WATCH] : []), code],
    declared: [
      ...operands,
      ...outputs,
      ...(hasFlag ? [{ name: 'finite', type: 'atomic<u32>', written: true }] : []),
    ],
    bindings: [
      ...operands.map((_, i): Binding => ({ input: i + 2 })),
      ...outputs.map((_, j): Binding => (toScratch ? { scratch: 0 } : { output: j })),
      ...(hasFlag ? [{ input: request.inputs.length - 1 }] : []),
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
