// MNIST: a network with dropout learns handwritten digits until its validation loss rises, and keeps its best weights.
import { data, init, nn, optim, softmax, train } from 'retrograd'
import { chart } from '../chart.ts'
import type { Claim, Context } from '../example.ts'
import { confusionPanel, DIGITS, digitsPanel } from '../matrix.ts'
import { CLASSES, digitSet, loadDigits, PIXELS } from '../mnist.ts'

export async function run({ seed, full, log, progress, picture }: Context): Promise<Claim> {
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

  // The mistakes it is surest of.
  const { pixels, labels } = await loadDigits('/mnist', 't10k')
  const chances = await softmax(train.predict(model, test)).data()
  const mistakes = Array.from(labels, (actual, i) => {
    const row = chances.subarray(i * CLASSES, (i + 1) * CLASSES)
    const sure = Math.max(...row)
    return { actual, read: row.indexOf(sure), sure, pixels: pixels.subarray(i * PIXELS, (i + 1) * PIXELS) }
  })
    .filter(({ actual, read }) => actual !== read)
    .sort((a, b) => b.sure - a.sure)
  picture(
    'mnist.svg',
    chart(
      `${(100 * report.accuracy).toFixed(1)} % of ${test.size.toLocaleString('en')} test digits are recognised`,
      [
        confusionPanel(report.confusion, DIGITS),
        digitsPanel('The mistakes it is surest of', mistakes.slice(0, 20)),
      ],
    ),
  )
  engine.dispose()
  const least = full ? 0.98 : 0.93
  return {
    claim: `At least ${100 * least} % of the test digits are recognised after training on ${learn.size.toLocaleString('en')}.`,
    figures: { 'test accuracy': report.accuracy, 'best epoch': restoredEpoch ?? 'none' },
    holds: report.accuracy >= least,
  }
}
