// MNIST: a network with dropout learns handwritten digits until its validation loss rises, and keeps its best weights.
import { data, init, nn, optim, train } from 'retrograd'
import type { Claim, Context } from '../example.ts'
import { digitSet } from '../mnist.ts'

export async function run({ seed, log, progress }: Context): Promise<Claim> {
  const engine = await init({ backend: 'webgpu', seed })
  const digits = await digitSet('/mnist', 'train', 10_000) // of 60,000: a software GPU is slow
  const { learn, validation } = data.split(digits, { learn: 0.9, validation: 0.1 }, { seed })
  const test = await digitSet('/mnist', 't10k')

  const model = nn.mlp([784, 128, 10], { dropout: 0.3 })
  log(model.summary())
  const { restoredEpoch, stopped } = await train.fit(model, {
    train: learn,
    validation,
    metrics: ['accuracy'],
    optimizer: parameters => optim.adam(parameters, { learningRate: 0.002 }),
    epochs: 8,
    batchSize: 100,
    stop: train.earlyStopping({ patience: 2 }),
    onStep: progress,
    onEpoch: ({ epoch, loss, validation }) =>
      log(`epoch ${epoch}: loss ${loss.toFixed(4)}, on validation digits ${validation?.loss.toFixed(4)}`),
  })
  log(`${stopped ? `Stopped: ${stopped.reason}. ` : ''}The weights are those of epoch ${restoredEpoch}.`)
  const report = await train.classificationReport(model, test)
  log(String(report))
  engine.dispose()
  return {
    claim: 'At least 93 % of the test digits are recognised after training on 9,000.',
    figures: { 'test accuracy': report.accuracy, 'best epoch': restoredEpoch ?? 'none' },
    holds: report.accuracy >= 0.93,
  }
}
