// What a workload's result must be, computed in plain loops in double precision: all of it, or a sample where that is long.
import type { Numbers } from './numbers.ts'
import { ADAM, layersOf, type TrainingWorkload, type Workload } from './workloads.ts'

/** Some numbers of a result and where they stand in it. */
export interface Expected {
  readonly indices: readonly number[]
  readonly values: readonly number[]
}

/** Entries looked at of a long result, spread over all of it by a stride that shares no factor with powers of two. */
const SAMPLES = 67

/** Multiplications that a forward pass may take here: about a second. */
const MOST_MULTIPLICATIONS = 5e8

function sampled(length: number, value: (index: number) => number): Expected {
  const count = Math.min(SAMPLES, length)
  const indices = Array.from({ length: count }, (_, i) =>
    Math.floor((i * (length - 1)) / Math.max(1, count - 1)),
  )
  return { indices, values: indices.map(value) }
}

const at = (values: ArrayLike<number>, index: number): number => values[index] ?? Number.NaN

/** The result of one call, or a sample of it; of training, the first loss. Null where that would take too long. */
export function expectedOf(workload: Workload, numbers: Numbers): Expected | null {
  const [a = new Float32Array(), b = new Float32Array()] = numbers.operands
  switch (workload.kind) {
    case 'training': {
      const loss = firstLoss(workload, numbers)
      return loss === null ? null : { indices: [0], values: [loss] }
    }
    case 'matmul': {
      const { size, transposeA, transposeB } = workload
      return sampled(size * size, index => {
        const [row, column] = [Math.floor(index / size), index % size]
        let sum = 0
        for (let k = 0; k < size; k++) {
          const left = at(a, transposeA ? k * size + row : row * size + k)
          sum += left * at(b, transposeB ? column * size + k : k * size + column)
        }
        return sum
      })
    }
    case 'crossEntropy': {
      const { rows, classes } = workload
      return sampled(rows * classes, index => {
        const [row, column] = [Math.floor(index / classes), index % classes]
        const logits = a.subarray(row * classes, (row + 1) * classes)
        const share = Math.exp(at(logits, column) - logSumExp(logits))
        return (share - (at(numbers.labels, row) === column ? 1 : 0)) / rows
      })
    }
    case 'columnSum': {
      const { rows, columns } = workload
      return sampled(columns, column => {
        let sum = 0
        for (let row = 0; row < rows; row++) sum += at(a, row * columns + column)
        return sum
      })
    }
    case 'adam':
      // At the first step both moments' corrections cancel their weights: m̂ = g, v̂ = g².
      return sampled(workload.parameters, index => {
        const g = at(b, index)
        return at(a, index) - (ADAM.learningRate * g) / (Math.abs(g) + ADAM.epsilon)
      })
  }
}

function logSumExp(values: ArrayLike<number>): number {
  let most = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) most = Math.max(most, at(values, i))
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += Math.exp(at(values, i) - most)
  return most + Math.log(sum)
}

function firstLoss({ sizes, batch, loss }: TrainingWorkload, { weights, batch: pixels, labels }: Numbers) {
  const layers = layersOf(sizes)
  const multiplications = layers.reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0) * batch
  if (multiplications > MOST_MULTIPLICATIONS) return null
  let total = 0
  for (let row = 0; row < batch; row++) {
    let values = Float64Array.from(pixels.subarray(row * (sizes[0] ?? 0), (row + 1) * (sizes[0] ?? 0)))
    layers.forEach(({ inputs, outputs }, layer) => {
      const { weight, bias } = weights[layer] ?? { weight: [], bias: [] }
      const sums = Float64Array.from(bias)
      for (let i = 0; i < inputs; i++) {
        const x = at(values, i)
        for (let j = 0; j < outputs; j++) sums[j] = at(sums, j) + x * at(weight, i * outputs + j)
      }
      values = layer === layers.length - 1 ? sums : sums.map(sum => Math.max(sum, 0))
    })
    const label = at(labels, row)
    const logit = at(values, 0)
    total +=
      loss === 'softmax'
        ? logSumExp(values) - at(values, label)
        : Math.max(logit, 0) - logit * label + Math.log1p(Math.exp(-Math.abs(logit)))
  }
  return total / batch
}
