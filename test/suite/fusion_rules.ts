// Fusion, rule by rule: each alone and with all others gives the numbers of single kernels, in every variant of the kernel it ends in.
import {
  add,
  any,
  argMax,
  broadcastTo,
  cast,
  div,
  dropout,
  exp,
  full,
  gelu,
  grad,
  greater,
  hostScalar,
  linear,
  matmul,
  mean,
  mul,
  relu,
  reshape,
  sigmoid,
  softmaxCrossEntropy,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  transpose,
  uniform,
  where,
} from '../../src/index.ts'
import { moments, standardize } from '../../src/ops/standardize.ts'
import { draw, labels, proof, type Rewrite } from './rewrite.ts'
import type { Case } from './values.ts'

/** Activations, masks and losses of layers of odd sizes. */
const rewrites: Readonly<Record<string, Rewrite>> = {
  'aliases: a reshape to the same shape is left out': {
    rules: ['aliases'],
    inputs: engine => draw(engine, [3, 4]),
    fn: x => relu(reshape(relu(x as Tensor), [3, 4])),
    ops: ['relu', 'relu'],
  },
  'aliases: a number is read as what it was before a reshape': {
    rules: ['aliases', 'chains'],
    inputs: engine => draw(engine, [67], []),
    fn: (x, one) => mul(x as Tensor, reshape(add(one as Tensor, one as Tensor), [1])),
    ops: ['add+mul'],
    contractions: 2,
  },
  'constants: arithmetic on numbers is done beforehand': {
    rules: ['constants'],
    inputs: engine => draw(engine, [67]),
    fn: x => mul(x as Tensor, div(reshape(full([], 2, { engine: (x as Tensor).engine }), [1]), 3)),
    ops: ['mul'],
  },
  'broadcasts: elementwise ops read through them': {
    rules: ['broadcasts'],
    inputs: engine => draw(engine, [5, 7], [7], [5, 1], []),
    fn: (x, row, column, one) =>
      [row, column, one].map(small => mul(x as Tensor, broadcastTo(small as Tensor, [5, 7]))),
    ops: ['mul', 'mul', 'mul'],
  },
  'broadcasts: a broadcast that others read stays': {
    rules: ['broadcasts'],
    inputs: engine => draw(engine, [7]),
    fn: row => sum(transpose(broadcastTo(row as Tensor, [5, 7])), { axis: 1 }),
    ops: ['broadcastTo', 'transpose', 'sum'],
  },
  'chains: a line of ops is one': {
    half: true,
    rules: ['chains'],
    inputs: engine => draw(engine, [3, 67]),
    fn: x => tanh(sub(exp(relu(x as Tensor)), 1)),
    ops: ['relu+exp+sub+tanh'],
    contractions: 4,
  },
  'chains: what branches and meets again is one': {
    half: true,
    rules: ['chains'],
    inputs: engine => draw(engine, [67]),
    fn: x => mul(sigmoid(x as Tensor), sub(1, sigmoid(x as Tensor))),
    ops: ['sigmoid+sigmoid+sub+mul'],
    contractions: 4,
  },
  'chains: operands broadcast as rows, columns, blocks, by strides and as numbers': {
    half: true,
    rules: ['chains'],
    inputs: engine => draw(engine, [4, 5, 7], [7], [4, 1, 1], [5, 1], [4, 1, 7], []),
    fn: (x, a, b, c, d, e) =>
      [a, b, c, d, e].reduce(
        (total, operand) => add(mul(total as Tensor, 0.5), operand as Tensor),
        x,
      ) as Tensor,
    ops: ['mul+add+mul+add+mul+add+mul+add+mul+add'],
    contractions: 20,
  },
  'chains: what two ops read is computed once': {
    rules: ['chains'],
    inputs: engine => draw(engine, [67]),
    fn: x => {
      const y = exp(x as Tensor)
      return [relu(y), sum(tanh(y))]
    },
    ops: ['exp', 'relu', 'tanh', 'sum'],
  },
  'chains: a result that is returned is kept': {
    rules: ['chains'],
    inputs: engine => draw(engine, [67]),
    fn: x => {
      const y = exp(x as Tensor)
      return [y, relu(y)]
    },
    ops: ['exp', 'relu'],
  },
  'chains: tests, conditions, integers and casts': {
    rules: ['chains'],
    inputs: engine => [
      ...draw(engine, [67]),
      tensor(
        Array.from({ length: 67 }, (_, i) => (i % 5) - 2),
        { dtype: 'int32', engine },
      ),
    ],
    fn: (x, n) =>
      where(
        greater(cast(mul(n as Tensor, 3), 'float32'), x as Tensor),
        cast(n as Tensor, 'float32'),
        x as Tensor,
      ),
    ops: ['mul+cast+greater+cast+where'],
  },
  'chains: not a number, infinities and signed zeros': {
    rules: ['chains'],
    inputs: engine => [
      tensor([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1e30, -1e-30], {
        engine,
      }),
    ],
    fn: x => mul(relu(mul(x as Tensor, 0)), relu(x as Tensor)),
    ops: ['mul+relu+relu+mul'],
  },
  'chains: dropped elements are those of the single op': {
    rules: ['chains'],
    inputs: engine => draw(engine, [9, 67]),
    fn: x => relu(dropout(exp(x as Tensor), { probability: 0.3, seed: 4 })),
    ops: ['exp+dropWhere+relu'],
  },
  'chains: more operands than fit stay apart': {
    rules: ['chains'],
    inputs: engine => draw(engine, ...Array.from({ length: 12 }, () => [67])),
    fn: (...inputs) => inputs.reduce((total, input) => add(total, input)),
    ops: [],
    contractions: 12,
  },
  'chains: very long ones are cut': {
    rules: ['chains'],
    inputs: engine => draw(engine, [12]),
    fn: x => {
      let y = x as Tensor
      for (let i = 0; i < 300; i++) y = i % 2 ? tanh(y) : add(y, x as Tensor)
      return y
    },
    ops: [],
    contractions: 300,
  },
  'prologues: a loss of differences is one reduction': {
    half: true,
    rules: ['chains', 'prologues'],
    inputs: engine => draw(engine, [33, 67], [33, 67]),
    fn: (x, y) => mean(square(sub(x as Tensor, y as Tensor))),
    ops: ['sub+square+mean'],
    base: 'mean',
    contractions: 33 * 67,
  },
  'prologues: along an axis, and through numbers': {
    rules: ['chains', 'prologues'],
    inputs: engine => draw(engine, [33, 67], []),
    fn: (x, one) =>
      [0, 1].map(axis => sum(mul(sub(x as Tensor, one as Tensor), 0.5), { axis, keepDims: true })),
    ops: ['sub+mul+sum', 'sub+mul+sum'],
    base: 'sum',
    contractions: 67,
  },
  'prologues: reductions in two passes': {
    rules: ['chains', 'prologues'],
    inputs: engine => draw(engine, [20011, 3]),
    fn: x => sum(square(x as Tensor), { axis: 0 }),
    ops: ['square+sum'],
    base: 'sum',
    contractions: 20011,
  },
  'prologues: tests and places': {
    rules: ['chains', 'prologues'],
    inputs: engine => draw(engine, [9, 67]),
    fn: x => [any(greater(x as Tensor, 1.9), { axis: 1 }), argMax(mul(x as Tensor, -1), { axis: 0 })],
    ops: ['greater+any', 'mul+argMax'],
  },
  'joint: a weight’s gradient and its bias’s': {
    half: true,
    rules: ['joint'],
    inputs: engine => draw(engine, [67, 35], [67, 19]),
    fn: (x, g) => [matmul(x as Tensor, g as Tensor, { transposeA: true }), sum(g as Tensor, { axis: 0 })],
    ops: ['matmul+sum'],
    base: 'matmul',
    contractions: 67,
  },
  'joint: more columns than threads in the product': {
    rules: ['joint'],
    inputs: engine => draw(engine, [5, 1], [5, 515]),
    fn: (x, g) => [matmul(x as Tensor, g as Tensor, { transposeA: true }), sum(g as Tensor, { axis: 0 })],
    ops: ['matmul+sum'],
    base: 'matmul',
    contractions: 5,
  },
  'joint: other sums stay apart': {
    rules: ['joint'],
    inputs: engine => draw(engine, [67, 35], [67, 19]),
    fn: (x, g) => [
      matmul(x as Tensor, g as Tensor, { transposeA: true }),
      sum(g as Tensor, { axis: 1 }),
      sum(x as Tensor, { axis: 0 }),
    ],
    ops: ['matmul', 'sum', 'sum'],
  },
  'joint: cross-entropy and its slope, class ids': {
    rules: ['aliases', 'constants', 'broadcasts', 'joint'],
    inputs: engine => [...draw(engine, [67, 10]), labels(engine, 67, 10)],
    fn: (z, y) => {
      const loss = softmaxCrossEntropy(z as Tensor, y as Tensor, { labelSmoothing: 0.1 })
      return [loss, ...grad(loss, [z as Tensor])]
    },
    ops: ['softmaxCrossEntropyGradient+softmaxCrossEntropyRows', 'mean'],
    base: 'softmaxCrossEntropyGradient',
    // The losses' own kernel adds in another order in its workgroup variant.
    contractions: 64,
  },
  'joint: cross-entropy and its slope, probabilities, a slope a row': {
    rules: ['joint'],
    inputs: engine => [
      ...draw(engine, [5, 67]),
      uniform([5, 67], { seed: 3, engine }),
      uniform([5], { seed: 4, engine }),
    ],
    fn: (z, y, g) => {
      const losses = softmaxCrossEntropy(z as Tensor, y as Tensor, { reduction: 'none' })
      return [losses, ...grad(losses, [z as Tensor], { outputGradient: g as Tensor })]
    },
    ops: ['softmaxCrossEntropyGradient+softmaxCrossEntropyRows'],
    base: 'softmaxCrossEntropyGradient',
    contractions: 128,
  },
  'joint: standardized columns and their moments': {
    half: true,
    rules: ['joint'],
    inputs: engine => draw(engine, [67, 19]),
    fn: x => [standardize(x as Tensor, { axis: 0 }), ...moments(x as Tensor, { axis: 0 })],
    ops: ['standardize+moments'],
    base: 'standardize',
    // The moments' own kernel adds in another order in its workgroup variant.
    contractions: 67,
  },
  'epilogues: product, bias and activation': {
    half: true,
    rules: ['chains', 'epilogues'],
    inputs: engine => draw(engine, [67, 35], [35, 19], [19]),
    fn: (x, w, b) => relu(linear(x as Tensor, w as Tensor, b as Tensor)),
    ops: ['linear+relu'],
    base: 'linear',
    contractions: 35,
  },
  'epilogues: a product that others read as well is stored beside what becomes of it': {
    half: true,
    rules: ['chains', 'epilogues'],
    inputs: engine => draw(engine, [9, 6], [6, 11], [11]),
    fn: (x, w, b) => {
      const z = linear(x as Tensor, w as Tensor, b as Tensor)
      return [z, gelu(z), sum(z)]
    },
    ops: ['linear+gelu', 'sum'],
    base: 'linear',
    contractions: 16,
  },
  'epilogues: an activation’s slope and a dropout mask, drawn again': {
    rules: ['chains', 'epilogues'],
    inputs: engine => draw(engine, [9, 11], [6, 11], [9, 6]),
    fn: (g, w, y) =>
      where(
        greater(y as Tensor, 0),
        dropout(matmul(g as Tensor, w as Tensor, { transposeB: true }), { probability: 0.4, seed: 9 }),
        0,
      ),
    ops: ['matmul+greater+dropWhere+where'],
    base: 'matmul',
    contractions: 16,
  },
  'epilogues: batches, rows, numbers and what is as large as the product': {
    half: true,
    rules: ['chains', 'epilogues'],
    inputs: engine => draw(engine, [3, 4, 5], [3, 5, 6], [6], [3, 4, 6], []),
    fn: (a, b, row, whole, one) =>
      add(mul(add(matmul(a as Tensor, b as Tensor), row as Tensor), whole as Tensor), one as Tensor),
    ops: ['matmul+add+mul+add'],
    base: 'matmul',
    contractions: 16,
  },
  'epilogues: operands by column stay apart': {
    rules: ['chains', 'epilogues'],
    inputs: engine => draw(engine, [4, 5], [5, 6], [4, 1]),
    fn: (a, b, column) => mul(matmul(a as Tensor, b as Tensor), column as Tensor),
    ops: ['matmul', 'mul'],
  },
  'epilogues: a gradient with a penalty, its bias’s sums beside it': {
    rules: ['joint', 'chains', 'epilogues'],
    inputs: engine => draw(engine, [67, 5], [67, 9], [5, 9]),
    fn: (x, g, w) => [
      add(matmul(x as Tensor, g as Tensor, { transposeA: true }), mul(w as Tensor, 0.01)),
      sum(g as Tensor, { axis: 0 }),
    ],
    ops: ['matmul+sum+mul+add'],
    base: 'matmul',
    contractions: 67,
  },
  'epilogues: a host scalar is asked at each call': {
    rules: true,
    inputs: engine => draw(engine, [9, 6], [6, 11]),
    fn: (x, w) =>
      mul(
        matmul(x as Tensor, w as Tensor),
        hostScalar(() => 0.25, { engine: (x as Tensor).engine }),
      ),
    ops: ['matmul+mul'],
  },
}

export const fusionRules: Readonly<Record<string, Case>> = Object.fromEntries(
  Object.entries(rewrites).map(([name, rewrite]) => [name, proof(rewrite)]),
)
