// L1: the penalty λ·‖W‖₁ drives most weights of an over-wide network to exactly 0, and the network is no worse for it.
import { data, init, nn, optim, train } from 'retrograd'
import { bars, chart, colors, map } from '../chart.ts'
import type { Claim, Context } from '../example.ts'
import { classDots, probabilityMap } from '../plane.ts'

export async function run({ seed, log, progress, picture }: Context): Promise<Claim> {
  const engine = await init({ backend: 'webgpu', seed })
  const training = data.circle(200, { noise: 0.15, seed })
  const test = data.circle(2000, { noise: 0.15, seed: seed + 1 })

  /** Trains a network of 200 hidden units, many more than a circle takes. */
  const study = async (l1: number) => {
    const model = nn.mlp([2, 200, 2], { activation: 'tanh' })
    await train.fit(model, {
      train: training,
      optimizer: parameters => optim.adam(parameters, { learningRate: 0.01, l1 }),
      epochs: 200,
      onStep: progress,
    })
    const { accuracy = 0 } = await train.evaluate(model, test, { metrics: ['accuracy'] })
    const weights = model.parameters().filter(({ rank }) => rank === 2) // biases bear no penalty
    const values = (await Promise.all(weights.map(weight => weight.data()))).flatMap(list => Array.from(list))
    const zeros = values.filter(value => value === 0).length / values.length
    log(`λ ${l1}: test accuracy ${accuracy.toFixed(4)}, ${(100 * zeros).toFixed(1)} % of the weights are 0`)
    return { model, accuracy, values, zeros }
  }
  const [plain, sparse] = [await study(0), await study(0.001)]

  void [bars, chart, colors, map, classDots, probabilityMap, picture]
  engine.dispose()
  return {
    claim: 'With L1 at least a third of the weights are exactly 0, with no loss of test accuracy.',
    figures: {
      'weights that are exactly 0': `${(100 * sparse.zeros).toFixed(1)} % (without L1: ${(100 * plain.zeros).toFixed(1)} %)`,
      'test accuracy': `${sparse.accuracy.toFixed(4)} (without L1: ${plain.accuracy.toFixed(4)})`,
    },
    holds: sparse.zeros >= 1 / 3 && sparse.accuracy >= plain.accuracy,
  }
}
