// Matrix products: matmul, batched and broadcasting, and linear, which adds a bias as it stores.
import { fail, show } from '../errors.ts'
import type { Kernel } from '../kernel.ts'
import { defineOp, needs, type Op, type Sample, type Tolerance } from '../op.ts'
import { boolean } from '../options.ts'
import { at, broadcastShapes, type Shape, sizeOf } from '../shape.ts'
import { affine, product, productWithColumnSums } from '../skeletons/matmul.ts'
import { type ProductAttributes, productReference } from '../skeletons/product.ts'
import type { ReduceAttributes } from '../skeletons/reduce.ts'
import type { Spec } from '../tape.ts'
import type { Tensor } from '../tensor.ts'
import { sum } from './reduce.ts'
import { reshape } from './reshape.ts'
import { tooLarge } from './samples.ts'
import { checkTensor, refuseExtra, tensorsAndOptions } from './signature.ts'

/** Options of `matmul`. */
export interface MatmulOptions {
  /** a is stored with its last two axes exchanged: [..., depth, rows]. */
  transposeA?: boolean
  /** b is stored with its last two axes exchanged: [..., columns, depth]. */
  transposeB?: boolean
}

type MatmulArguments = [a: Tensor, b: Tensor, options?: MatmulOptions]
type LinearArguments = [x: Tensor, w: Tensor, b?: Tensor]

/** Samples are drawn from here, which the tolerance counts on. */
const draw = { low: -1, high: 1 }

/**
 * Of products of numbers in [-1, 1), whose standard deviation is 1/3, K partial sums stay below 2√K (six deviations); each of
 * the K additions, and each product where fma is not fused, rounds by at most 2⁻²⁴ of that, in either direction, so that
 * all of them together are off by no more than 4·√K·2√K·2⁻²⁴. K is the longest axis, since gradients reduce any of them.
 */
const tolerance = (inputs: readonly Spec[]): Tolerance => ({
  relative: 0,
  absolute: 8 * Math.max(1, ...inputs.flatMap(input => input.shape)) * 2 ** -24,
})

/** The length of the axis that a product sums over, whichever way its operands lie. */
function depthOf(a: Shape, b: Shape, out: Shape): number {
  if (a.length < 2 || b.length < 2) return sizeOf(a.slice(-1))
  return sizeOf(a.slice(-2)) / Math.max(1, sizeOf(out.slice(-2, -1)))
}

function checkOperand(where: string, spec: Spec, name: string): void {
  needs(where, spec, ['float32', 'float16'], name)
  if (spec.shape.length >= 2) return
  fail(
    'shape',
    where,
    `${name} is ${show(spec.shape)}; it must have 2 axes or more.`,
    'Use expandDims to make it a row or a column.',
  )
}

function inferMatmul([a, b]: readonly Spec[], { transposeA, transposeB }: ProductAttributes): Spec {
  const left = a as Spec
  const right = b as Spec
  checkOperand('matmul', left, 'a')
  checkOperand('matmul', right, 'b')
  const [rows, depth] = matrixOf(left.shape, transposeA)
  const [depthB, columns] = matrixOf(right.shape, transposeB)
  if (depth !== depthB) {
    const how = (name: string, shape: Shape, transposed: boolean): string =>
      `${name} is ${show(shape)}${transposed ? ' (transposed)' : ''}`
    fail(
      'shape',
      'matmul',
      `inner sizes differ: ${how('a', left.shape, transposeA)}, ${how('b', right.shape, transposeB)}.`,
      `${depth} columns of a meet ${depthB} rows of b; they must be as many.`,
    )
  }
  const [batchA, batchB] = [left.shape.slice(0, -2), right.shape.slice(0, -2)]
  const clash = batchA.toReversed().some((length, back) => {
    const other = batchB.at(-1 - back) ?? 1
    return length !== other && length !== 1 && other !== 1
  })
  if (clash) {
    const given = `a is ${show(left.shape)}, b is ${show(right.shape)}`
    fail(
      'shape',
      'matmul',
      `batches do not broadcast: ${given}.`,
      'Sizes before the last two must be equal or 1.',
    )
  }
  return { shape: [...broadcastShapes('matmul', batchA, batchB), rows, columns], dtype: left.dtype }
}

/** Rows and columns of the matrices in a shape, as multiplied. */
function matrixOf(shape: Shape, transposed: boolean): [rows: number, columns: number] {
  const high = at(shape, shape.length - 2)
  const wide = at(shape, shape.length - 1)
  return transposed ? [wide, high] : [high, wide]
}

/** x as one matrix: all axes but the last are rows. */
function asRows(x: Tensor): Tensor {
  return x.rank === 2 ? x : reshape(x, [sizeOf(x.shape.slice(0, -1)), at(x.shape, x.rank - 1)])
}

/** Samples of every way to store the operands, of sizes rows × depth · depth × columns. */
function stored(rows: number, depth: number, columns: number, more: object = {}): Sample<MatmulArguments>[] {
  return [false, true].flatMap(transposeA =>
    [false, true].map(transposeB => ({
      inputs: [
        { shape: transposeA ? [depth, rows] : [rows, depth], ...draw },
        { shape: transposeB ? [columns, depth] : [depth, columns], ...draw },
      ],
      options: { transposeA, transposeB },
      ...more,
    })),
  )
}

const pair = (a: Shape, b: Shape, options: MatmulOptions = {}): Sample<MatmulArguments> => ({
  inputs: [
    { shape: a, ...draw },
    { shape: b, ...draw },
  ],
  options,
})

/** Rows whose column sums are left to one thread a column. */
const MOST_SUMMED = 4096
const timed = { ...tooLarge, benchmark: true }

/**
 * Matrix product of the last two axes, [..., M, K] · [..., K, N] = [..., M, N]; axes before them broadcast. An operand
 * stored the other way round is read as it lies. Floats only. Throws `shape` for operands of fewer than 2 axes (use
 * expandDims), inner sizes that differ and batches that do not broadcast; `dtype` for what is no float.
 */
export const matmul: Op<MatmulArguments> = defineOp<ProductAttributes, MatmulArguments>({
  name: 'matmul',
  family: 'product',
  parse: tensorsAndOptions('matmul', ['a', 'b'], {
    transposeA: boolean(false),
    transposeB: boolean(false),
  }),
  infer: inferMatmul,
  reference: productReference,
  kernel: product,
  joint: [
    {
      // A bias's gradient beside its weight's: xᵀ·g, and the sums of g's columns.
      other: 'sum',
      matches: (self, other) => {
        const { transposeB } = self.attributes as ProductAttributes
        const { axis } = other.attributes as ReduceAttributes
        const [, g] = self.inputs
        return (
          g === other.inputs[0] &&
          // A product without elements has no kernel that could make the sums.
          sizeOf((self.outputs[0] as Spec).shape) > 0 &&
          !transposeB &&
          [g, ...self.inputs].every(
            input => input?.shape.length === 2 && input.dtype === other.outputs[0]?.dtype,
          ) &&
          axis.length === 1 &&
          axis[0] === 0 &&
          // One thread adds up a column: more would keep the product waiting.
          at((g as Spec).shape, 0) <= MOST_SUMMED
        )
      },
      kernel: productWithColumnSums as Kernel,
    },
  ],
  // With A and B as multiplied: dA = g·Bᵀ, dB = Aᵀ·g; one stored transposed gets (g·Bᵀ)ᵀ = B·gᵀ, (Aᵀ·g)ᵀ = gᵀ·A.
  gradient: ([x, y], _outputs, [incoming], { transposeA, transposeB }) => {
    const a = x as Tensor
    const b = y as Tensor
    const g = incoming as Tensor
    const da = transposeA
      ? matmul(b, g, { transposeA: transposeB, transposeB: true })
      : matmul(g, b, { transposeB: !transposeB })
    // One b for a whole batch: its gradient sums over the batch, which are then rows of one product.
    const rows = b.rank === 2 && !transposeA ? asRows : (tensor: Tensor) => tensor
    const db = transposeB
      ? matmul(rows(g), rows(a), { transposeA: true, transposeB: transposeA })
      : matmul(rows(a), rows(g), { transposeA: !transposeA })
    return [da, db]
  },
  tolerance,
  operations: ([a, b], [out]) =>
    2 * sizeOf((out as Spec).shape) * depthOf((a as Spec).shape, (b as Spec).shape, (out as Spec).shape),
  samples: [
    ...stored(1, 1, 1),
    ...stored(3, 4, 5),
    ...stored(7, 1, 9),
    ...stored(9, 6, 11),
    ...stored(67, 35, 19, tooLarge),
    ...stored(20, 8, 36, tooLarge),
    { ...pair([7, 20], [7, 36], { transposeA: true }), ...tooLarge },
    ...stored(4, 0, 3, { gradient: false, note: 'nothing to differentiate by' }),
    ...stored(2, 130, 1).slice(0, 1),
    pair([1, 67], [67, 3]),
    pair([0, 3], [3, 2]),
    pair([2, 3, 4, 5], [2, 3, 5, 2]),
    pair([2, 1, 4, 5], [3, 5, 2]),
    pair([3, 4, 5], [5, 2]),
    pair([4, 5], [3, 5, 2]),
    pair([3, 5, 4], [2, 5], { transposeA: true, transposeB: true }),
    pair([2, 3, 5, 4], [3, 5, 2], { transposeA: true }),
    ...stored(128, 784, 1024, timed).slice(0, 1),
    // dX = dY·Wᵀ and dW = Xᵀ·dY of a layer 784 → 1024 at batch 128.
    { ...pair([128, 1024], [784, 1024], { transposeB: true }), ...timed },
    { ...pair([128, 784], [128, 1024], { transposeA: true }), ...timed },
    { ...pair([128, 1024], [1024, 10]), ...timed },
    ...stored(256, 256, 256, timed).slice(0, 1),
    ...stored(512, 512, 512, timed),
  ],
})

function inferLinear([x, w, b]: readonly Spec[]): Spec {
  const left = x as Spec
  const right = w as Spec
  for (const [name, spec] of [
    ['x', left],
    ['w', right],
    ['b', b],
  ] as const) {
    if (spec) needs('linear', spec, ['float32', 'float16'], name)
  }
  if (right.shape.length !== 2) {
    fail('shape', 'linear', `w is ${show(right.shape)}; it must be [inputs, outputs].`)
  }
  if (left.shape.length < 1)
    fail('shape', 'linear', 'x is a scalar; it must be [..., inputs].', 'Use reshape.')
  const [inputs, outputs] = right.shape as [number, number]
  if (left.shape.at(-1) !== inputs) {
    const given = `x is ${show(left.shape)}, w is ${show(right.shape)}`
    fail(
      'shape',
      'linear',
      `inner sizes differ: ${given}.`,
      'The last axis of x must be as long as the first of w.',
    )
  }
  if (b && (b.shape.length !== 1 || b.shape[0] !== outputs)) {
    const given = `b is ${show(b.shape)}, w is ${show(right.shape)}`
    fail('shape', 'linear', `the bias does not fit: ${given}.`, `It must be [${outputs}].`)
  }
  return { shape: [...left.shape.slice(0, -1), outputs], dtype: left.dtype }
}

const affineSample = (x: Shape, w: Shape, bias = true): Sample<LinearArguments> => ({
  inputs: [x, w, ...(bias ? [w.slice(1)] : [])].map(shape => ({ shape, ...draw })),
})

/**
 * x·w + b: x is [..., inputs], w is [inputs, outputs], b is [outputs] and may be left out. The bias is added as the
 * product is stored, in one dispatch. Floats only. Throws `shape` for sizes that do not fit, `dtype` for what is no float.
 */
export const linear: Op<LinearArguments> = defineOp<ProductAttributes, LinearArguments>({
  name: 'linear',
  family: 'product',
  parse: (...args) => {
    refuseExtra('linear', args, 3)
    const [x, w, b] = args
    checkTensor('linear', x, 'x')
    checkTensor('linear', w, 'w')
    if (b !== undefined) checkTensor('linear', b, 'b')
    return { inputs: b ? [x, w, b] : [x, w], attributes: { transposeA: false, transposeB: false } }
  },
  infer: inferLinear,
  reference: productReference,
  kernel: affine,
  // dx = g·wᵀ, dw = xᵀ·g, db = g summed over the rows.
  gradient: ([x, w, b], _outputs, [g]) => {
    const rows = asRows(g as Tensor)
    const dx = reshape(matmul(rows, w as Tensor, { transposeB: true }), (x as Tensor).shape)
    const dw = matmul(asRows(x as Tensor), rows, { transposeA: true })
    return b ? [dx, dw, sum(rows, { axis: 0 })] : [dx, dw]
  },
  tolerance,
  operations: ([, w], [out]) => 2 * sizeOf((out as Spec).shape) * at((w as Spec).shape, 0),
  samples: [
    affineSample([1, 1], [1, 1]),
    affineSample([3], [3, 2]),
    affineSample([3, 4], [4, 5]),
    affineSample([9, 6], [6, 11]),
    { ...affineSample([67, 35], [35, 19]), ...tooLarge },
    affineSample([16, 2], [2, 8]),
    affineSample([2, 3, 4], [4, 5]),
    affineSample([5, 4], [4, 3], false),
    affineSample([2, 130], [130, 3]),
    { ...affineSample([3, 0], [0, 2]), gradient: false, note: 'nothing to differentiate by' },
    affineSample([0, 3], [3, 2]),
    { ...affineSample([128, 784], [784, 1024]), ...timed },
    { ...affineSample([128, 1024], [1024, 10]), ...timed },
  ],
})
