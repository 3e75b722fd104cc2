// L1: the penalty λ·‖W‖₁ drives most weights of an over-wide network to exactly 0: those of inputs that say nothing.
import { concat, data, init, nn, normal, optim, train } from 'retrograd'
import { chart, colors, dots, type Panel } from '../chart.ts'
import type { Claim, Context } from '../example.ts'

const INPUTS = 20

export async function run({ seed, log, progress, picture }: Context): Promise<Claim> {
  const engine = await init({ backend: 'webgpu', seed })
  /** Two clouds that the first two inputs tell apart; the other 18 are noise. */
  const clouds = (count: number, seed: number): data.Dataset =>
    data
      .gauss(count, { noise: 1, seed })
      .withFeatures(x => concat([x, normal([count, INPUTS - 2])], { axis: 1 }))
  const [training, test] = [clouds(200, seed), clouds(4000, seed + 1)]

  /** Trains a network of 100 hidden units, many more than it takes. */
  const study = async (l1: number) => {
    const model = nn.mlp([INPUTS, 100, 2])
    const optimizer = optim.adam(model.parameters(), { learningRate: 0.005, l1 })
    await train.fit(model, { train: training, optimizer, epochs: 100, onStep: progress })
    const { accuracy = 0 } = await train.evaluate(model, test, { metrics: ['accuracy'] })
    const weights = model.parameters().filter(({ rank }) => rank === 2) // biases bear no penalty
    const [first = [], last = []] = await Promise.all(weights.map(weight => weight.data()))
    const all = [...first, ...last]
    const zeros = all.filter(weight => weight === 0).length / all.length
    log(`λ ${l1}: test accuracy ${accuracy}, ${percent(zeros)} of ${all.length} weights are exactly 0`)
    return { accuracy, zeros, first: Array.from(first) }
  }
  const [plain, sparse] = [await study(0), await study(0.01)]

  const panel = (title: string, first: readonly number[]): Panel => ({
    title,
    x: { label: 'input', low: 0, high: INPUTS + 1 },
    y: { label: 'weight', low: -1, high: 1 },
    marks: [true, false].map(matters =>
      dots(
        first
          .map((weight, i) => [1 + Math.floor(i / 100), weight] as const)
          .filter(([input, weight]) => input <= 2 === matters && weight !== 0),
        {
          color: matters ? colors.orange : colors.blue,
          width: 2.4,
          opacity: 0.7,
          label: matters ? 'input that matters' : 'noise',
        },
      ),
    ),
  })
  const panels = [panel('without L1', plain.first), panel('with L1', sparse.first)]
  picture('l1.svg', chart('First-layer weights other than 0', panels))
  engine.dispose()
  return {
    claim: 'With L1 at least a third of the weights are exactly 0, with no loss of test accuracy.',
    figures: {
      'weights that are exactly 0': `${percent(sparse.zeros)} (without L1: ${percent(plain.zeros)})`,
      'test accuracy': `${sparse.accuracy.toFixed(4)} (without L1: ${plain.accuracy.toFixed(4)})`,
    },
    holds: sparse.zeros >= 1 / 3 && sparse.accuracy >= plain.accuracy,
  }
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
