// What is raced: training steps, products, a loss, a reduction and an optimizer, with the work each of them is.

/** A multilayer perceptron trained by Adam at 1e-3, relu between its layers. */
export interface TrainingWorkload {
  readonly kind: 'training'
  readonly name: string
  /** Units of each layer, inputs first. */
  readonly sizes: readonly number[]
  readonly batch: number
  /** Softmax cross-entropy of class ids, or sigmoid cross-entropy of one logit. */
  readonly loss: 'softmax' | 'sigmoid'
  /** Only worth a GPU's time. */
  readonly hardwareOnly?: boolean
}

/** A product of two square matrices, either of them transposed. */
export interface MatmulWorkload {
  readonly kind: 'matmul'
  readonly name: string
  readonly size: number
  readonly transposeA: boolean
  readonly transposeB: boolean
  readonly hardwareOnly?: boolean
}

/** The mean softmax cross-entropy of [rows, classes] logits and its gradient in them. */
export interface CrossEntropyWorkload {
  readonly kind: 'crossEntropy'
  readonly name: string
  readonly rows: number
  readonly classes: number
  readonly hardwareOnly?: boolean
}

/** The sums of a matrix' columns. */
export interface ColumnSumWorkload {
  readonly kind: 'columnSum'
  readonly name: string
  readonly rows: number
  readonly columns: number
  readonly hardwareOnly?: boolean
}

/** One step of Adam over so many parameters, their gradients given. */
export interface AdamWorkload {
  readonly kind: 'adam'
  readonly name: string
  readonly parameters: number
  readonly hardwareOnly?: boolean
}

export type Workload =
  | TrainingWorkload
  | MatmulWorkload
  | CrossEntropyWorkload
  | ColumnSumWorkload
  | AdamWorkload

/** Why a workload with `hardwareOnly` is left out. */
export const HARDWARE_ONLY = 'for hardware GPUs: a software adapter would take minutes'

/** Adam's settings, the same for every library. */
export const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const

const training = (
  name: string,
  sizes: readonly number[],
  batch: number,
  rest: Partial<TrainingWorkload> = {},
): TrainingWorkload => ({ kind: 'training', name, sizes, batch, loss: 'softmax', ...rest })

const products = (size: number, hardwareOnly = false): MatmulWorkload[] =>
  (
    [
      ['NN', false, false],
      ['NT', false, true],
      ['TN', true, false],
    ] as const
  ).map(([letters, transposeA, transposeB]) => ({
    kind: 'matmul',
    name: `matmul${size}${letters}`,
    size,
    transposeA,
    transposeB,
    hardwareOnly,
  }))

/** Every workload, in the order of the table. */
export const workloads: readonly Workload[] = [
  // The smallest first: where steps are long, few are taken, and by then the browser has optimised every library's code.
  training('W3', [2, 8, 8, 1], 16, { loss: 'sigmoid' }),
  training('W2', [784, 256, 10], 32),
  training('W1', [784, 1024, 1024, 10], 128),
  training('W4', [784, 4096, 4096, 10], 512, { hardwareOnly: true }),
  ...products(256),
  ...products(512),
  ...products(1024),
  ...products(4096, true),
  { kind: 'crossEntropy', name: 'crossEntropy', rows: 4096, classes: 1000 },
  { kind: 'columnSum', name: 'columnSum', rows: 4096, columns: 4096 },
  { kind: 'adam', name: 'adam', parameters: 10_000_000 },
]

/** Shorthands for several workloads at once. */
const groups: Readonly<Record<string, (workload: Workload) => boolean>> = {
  training: ({ kind }) => kind === 'training',
  matmul: ({ kind }) => kind === 'matmul',
  matmul256: ({ name }) => name.startsWith('matmul256'),
  matmul512: ({ name }) => name.startsWith('matmul512'),
  matmul1024: ({ name }) => name.startsWith('matmul1024'),
  matmul4096: ({ name }) => name.startsWith('matmul4096'),
}

/** Names that `findWorkloads` knows. */
export const workloadNames: readonly string[] = [...workloads.map(({ name }) => name), ...Object.keys(groups)]

/** The workloads of a name, or of a group's name; none where there is no such name. Upper and lower case are one. */
export function findWorkloads(name: string): readonly Workload[] {
  const wanted = name.toLowerCase()
  const group = Object.entries(groups).find(([known]) => known.toLowerCase() === wanted)?.[1]
  return workloads.filter(workload => (group ? group(workload) : workload.name.toLowerCase() === wanted))
}

/** What a workload is, for people. */
export function describeWorkload(workload: Workload): string {
  switch (workload.kind) {
    case 'training':
      return `${workload.sizes.join('-')}, batch ${workload.batch}`
    case 'matmul': {
      const letters = `${workload.transposeA ? 'T' : 'N'}${workload.transposeB ? 'T' : 'N'}`
      return `matmul ${workload.size}³ ${letters}`
    }
    case 'crossEntropy':
      return `softmax cross-entropy ${workload.rows}×${workload.classes}, value and gradient`
    case 'columnSum':
      return `column sum ${workload.rows}×${workload.columns}`
    case 'adam':
      return `Adam, ${workload.parameters / 1e6} M parameters`
  }
}

/** Weights and biases of each layer of a multilayer perceptron: [inputs, outputs] pairs. */
export function layersOf(sizes: readonly number[]): { readonly inputs: number; readonly outputs: number }[] {
  return sizes.slice(1).map((outputs, i) => ({ inputs: sizes[i] ?? 0, outputs }))
}

/** Numbers that a multilayer perceptron learns. */
export function parameterCount(sizes: readonly number[]): number {
  return layersOf(sizes).reduce((sum, { inputs, outputs }) => sum + (inputs + 1) * outputs, 0)
}

/** Multiplications and additions of the products in one call; null where memory is what bounds. */
export function operationsOf(workload: Workload): number | null {
  if (workload.kind === 'matmul') return 2 * workload.size ** 3
  if (workload.kind !== 'training') return null
  const weights = layersOf(workload.sizes).map(({ inputs, outputs }) => inputs * outputs)
  const all = weights.reduce((sum, count) => sum + count, 0)
  // Two operations a weight and row in each product: forward, dW, and dX of all layers but the first.
  return 2 * workload.batch * (3 * all - (weights[0] ?? 0))
}

/** Bytes that one call must read and write at least, all in float32. */
export function bytesOf(workload: Workload): number {
  switch (workload.kind) {
    case 'training': {
      const { sizes, batch } = workload
      // Weights are read by the forward products and those of dX, and gradients written once; Adam reads four numbers
      // a parameter and writes three.
      const activations = batch * sizes.reduce((sum, size) => sum + size, 0)
      return 4 * (10 * parameterCount(sizes) + 4 * activations)
    }
    case 'matmul':
      return 4 * 3 * workload.size ** 2
    case 'crossEntropy':
      return 4 * (2 * workload.rows * workload.classes + 2 * workload.rows)
    case 'columnSum':
      return 4 * (workload.rows + 1) * workload.columns
    case 'adam':
      return 4 * 7 * workload.parameters
  }
}

/**
 * Bytes a training step cannot do without: the batch and its labels, parameters, gradients, two moments, and the
 * activations alive at once. Each hidden layer's output is wanted until the backward pass reaches it; what flows back
 * can take the place of what it meets there, as the gradient of the logits takes that of the logits.
 */
export function idealBytes({ sizes, batch }: TrainingWorkload): number {
  const activations = batch * sizes.slice(1).reduce((sum, size) => sum + size, 0)
  const labels = batch
  return 4 * (batch * (sizes[0] ?? 0) + labels + 4 * parameterCount(sizes) + activations)
}
