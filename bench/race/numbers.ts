// The numbers that every library gets: drawn once from a seed, the same in each place.
import { layersOf, type TrainingWorkload, type Workload } from './workloads.ts'

/** Uniform numbers in [0, 1): mulberry32, whose 32 bits of state are plenty for benchmark data. */
export function uniformStream(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

function uniformArray(length: number, limit: number, draw: () => number): Float32Array {
  return Float32Array.from({ length }, () => limit * (2 * draw() - 1))
}

/** A workload's numbers, flat and row by row. */
export interface Numbers {
  /** Two matrices of a product; logits; the matrix to sum; parameters and their gradients. */
  readonly operands: readonly Float32Array[]
  /** Weights and biases in order, a pair a layer. */
  readonly weights: readonly { readonly weight: Float32Array; readonly bias: Float32Array }[]
  /** The batch, [batch, inputs]. */
  readonly batch: Float32Array
  /** Class ids, or 0 and 1 where the loss is of sigmoids. */
  readonly labels: Int32Array
}

/** The labels as rows of zeros with a 1 at the class. */
export function oneHotRows(labels: Int32Array, classes: number): Float32Array {
  const rows = new Float32Array(labels.length * classes)
  labels.forEach((label, row) => {
    rows[row * classes + label] = 1
  })
  return rows
}

/** Draws a workload's numbers. */
export function drawNumbers(workload: Workload, seed = 1): Numbers {
  const draw = uniformStream(seed)
  const none = { operands: [], weights: [], batch: new Float32Array(), labels: new Int32Array() }
  switch (workload.kind) {
    case 'training':
      return { ...none, ...drawTraining(workload, draw) }
    case 'matmul':
      return { ...none, operands: [0, 1].map(() => uniformArray(workload.size ** 2, 1, draw)) }
    case 'crossEntropy': {
      const { rows, classes } = workload
      const labels = Int32Array.from({ length: rows }, () => Math.floor(draw() * classes))
      return { ...none, operands: [uniformArray(rows * classes, 4, draw)], labels }
    }
    case 'columnSum':
      return { ...none, operands: [uniformArray(workload.rows * workload.columns, 1, draw)] }
    case 'adam':
      return { ...none, operands: [0, 1].map(() => uniformArray(workload.parameters, 1, draw)) }
  }
}

function drawTraining({ sizes, batch, loss }: TrainingWorkload, draw: () => number) {
  // Weights by Glorot and Bengio 2010. Small biases, none 0, so that a bias forgotten shows in the loss.
  const weights = layersOf(sizes).map(({ inputs, outputs }) => ({
    weight: uniformArray(inputs * outputs, Math.sqrt(6 / (inputs + outputs)), draw),
    bias: uniformArray(outputs, 0.1, draw),
  }))
  const classes = loss === 'sigmoid' ? 2 : (sizes.at(-1) ?? 1)
  return {
    weights,
    batch: uniformArray(batch * (sizes[0] ?? 0), 1, draw),
    labels: Int32Array.from({ length: batch }, () => Math.floor(draw() * classes)),
  }
}
