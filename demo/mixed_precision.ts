// Training in mixed precision, by a loop of its own: train.fit takes no loss scale.
import {
  compile,
  data,
  gather,
  grad,
  hostVector,
  type nn,
  optim,
  softmaxCrossEntropy,
  type train,
} from '../src/index.ts'

/** What this loop takes of the options of train.fit. */
export interface MixedOptions {
  /** Digits in float16, which the layers then compute in. */
  readonly train: data.Dataset
  readonly optimizer: optim.Optimizer
  readonly epochs: number
  readonly batchSize: number
  readonly seed: number
  readonly onStep: (event: train.StepEvent) => void
}

/** Trains a model that gives float32 logits, under a loss scale: small float16 gradients do not vanish. */
export async function fitMixed(
  model: nn.Layer,
  { train: set, optimizer, epochs, batchSize, seed, onStep }: MixedOptions,
): Promise<{ history: { losses: number[] } }> {
  const scale = optim.lossScale()
  let rows = new Int32Array()
  const step = compile((length: number) => {
    const batch = hostVector(() => rows, { length, dtype: 'int32' })
    const logits = model(gather(set.features, batch), { training: true })
    const loss = softmaxCrossEntropy(logits, gather(set.labels, batch))
    optimizer.step(grad(scale.apply(loss), model.parameters()), { scale })
    return loss
  })
  const losses: number[] = []
  const steps = epochs * Math.ceil(set.size / batchSize)
  const pending: Promise<void>[] = []
  let [firstFinish, later] = [0, 0]
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = data.shuffledRows(set.size, seed, epoch - 1)
    for (let first = 0; first < set.size; first += batchSize) {
      rows = order.slice(first, first + batchSize)
      const { length } = rows
      const result = step(length)
      const finish = async (): Promise<void> => {
        const loss = await result.item()
        result.dispose()
        const now = performance.now()
        if (firstFinish === 0) firstFinish = now
        else later += length
        losses.push(loss)
        const samplesPerSecond = (1000 * later) / Math.max(now - firstFinish, 1e-3)
        onStep({ kind: 'step', step: losses.length, steps, epoch, loss, samplesPerSecond })
      }
      pending.push(finish())
      // Two at a time: a GPU accepts far more than it runs.
      if (pending.length >= 2) await pending.shift()
    }
  }
  await Promise.all(pending)
  step.dispose()
  return { history: { losses } }
}
