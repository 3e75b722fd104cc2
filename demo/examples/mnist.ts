// MNIST: a network with dropout learns handwritten digits until its validation loss rises, and keeps its best weights.
import { data, init, nn, optim, train } from 'retrograd'
import type { Claim, Context } from '../example.ts'
import { digitSet } from '../mnist.ts'

export async function run({ seed, full, log, progress }: Context): Promise<Claim> {
  const engine = await init({ backend: 'webgpu', seed })
  const digits = await digitSet('/mnist', 'train', full ? 60_000 : 10_000) // a software GPU is slow
  const { learn, validation } = data.split(digits, { learn: 0.9, validation: 0.1 }, { seed })
  const test = await digitSet('/mnist', 't10k')

  const model = nn.mlp([784, full ? 512 : 128, 10], { dropout: 0.3 })
  log(model.summary())
  const { restoredEpoch, stopped } = await train.fit(model, {
    train: learn,
    validation,
    metrics: ['accuracy'],
    optimizer: parameters => optim.adam(parameters, { learningRate: full ? 0.001 : 0.002 }),
    epochs: full ? 30 : 8,
    batchSize: 100,
    stop: train.earlyStopping({ patience: full ? 4 : 2 }),
    onStep: progress,
    onEpoch: ({ epoch, loss, validation }) =>
      log(`epoch ${epoch}: loss ${loss.toFixed(4)}, on validation digits ${validation?.loss.toFixed(4)}`),
  })
  log(`${stopped ? `Stopped: ${stopped.reason}. ` : ''}The weights are those of epoch ${restoredEpoch}.`)
  const report = await train.classificationReport(model, test)
  log(String(report))
  engine.dispose()
  const least = full ? 0.98 : 0.93
  return {
    claim: `At least ${100 * least} % of the test digits are recognised after training on ${learn.size.toLocaleString('en')}.`,
    figures: { 'test accuracy': report.accuracy, 'best epoch': restoredEpoch ?? 'none' },
    holds: report.accuracy >= least,
  }
}
