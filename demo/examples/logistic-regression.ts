// Logistic regression: one sigmoid unit with log loss learns the best rule there is for two normal clouds.
import { data, init, nn, optim, train } from 'retrograd'
import { chart, map } from '../chart.ts'
import type { Claim, Context } from '../example.ts'
import { classDots, probabilityMap } from '../plane.ts'

export async function run({ seed, log, progress, picture }: Context): Promise<Claim> {
  const engine = await init({ backend: 'webgpu', seed })
  // Clouds about (−1, −1) and (1, 1) with deviation 1. By Bayes's rule the log odds of class 1 are 2x₁ + 2x₂, and
  // the best possible accuracy is Φ(√2) = 0.921.
  const { training, test } = data.split(data.gauss(4000, { noise: 1, seed }), { training: 0.5, test: 0.5 })

  const neuron = nn.linear(2, 1)
  await train.fit(neuron, {
    train: training,
    loss: 'sigmoidCrossEntropy',
    optimizer: parameters => optim.sgd(parameters, { learningRate: 0.5 }),
    batchSize: training.size, // gradient descent on all rows at once
    epochs: 200,
    onStep: progress,
  })
  const report = await train.classificationReport(neuron, test, { loss: 'sigmoidCrossEntropy' })
  log(String(report))
  const [weight, bias] = neuron.parameters()
  const weights = Array.from((await weight?.data()) ?? [])
  const offset = (await bias?.item()) ?? Number.NaN

  const shown = test.subset(Array.from({ length: 300 }, (_, i) => i))
  const marks = [map(await probabilityMap(neuron, -4, 4)), ...(await classDots(shown))]
  const axis = { low: -4, high: 4 }
  const panel = { x: { label: 'x₁', ...axis }, y: { label: 'x₂', ...axis }, marks }
  picture('logistic-regression.svg', chart('The probability of class 1 by a sigmoid unit', [panel]))
  engine.dispose()

  return {
    claim:
      'A sigmoid unit comes within 0.02 of the best possible accuracy, and its weights near 2 and 2, its bias near 0.',
    figures: {
      'test accuracy': report.accuracy,
      'best possible': 0.921,
      weights: weights.map(w => w.toFixed(2)).join(', '),
      bias: offset.toFixed(2),
    },
    holds:
      Math.abs(report.accuracy - 0.921) < 0.02 &&
      weights.every(w => Math.abs(w - 2) < 0.4) &&
      Math.abs(offset) < 0.3,
  }
}
