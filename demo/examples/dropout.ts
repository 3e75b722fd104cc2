// Dropout: a network learns a small, noisy set by heart; with 20 % of inputs and 50 % of hidden units dropped it cannot.
import { data, init, nn, optim, train } from 'retrograd'
import { chart, colors, line, type Point } from '../chart.ts'
import type { Claim, Context } from '../example.ts'
import { digitSet, loadDigits, normalizedPixels } from '../mnist.ts'

export async function run({ seed, log, progress, picture }: Context): Promise<Claim> {
  const engine = await init({ backend: 'webgpu', seed })
  // 500 digits, every fifth of them labelled wrong.
  const digits = await loadDigits('/mnist', 'train')
  const labels = digits.labels
    .subarray(0, 500)
    .map((label, i) => (i % 5 === 0 ? (label + 1 + (i % 9)) % 10 : label))
  const training = data.dataset({ values: normalizedPixels(digits, 500), shape: [500, 784] }, labels)
  const test = await digitSet('/mnist', 't10k', 1000)

  const study = async (inputs: number, hidden: number) => {
    const model = nn.sequential(
      nn.dropout(inputs),
      nn.linear(784, 200),
      nn.relu(),
      nn.dropout(hidden),
      nn.linear(200, 100),
      nn.relu(),
      nn.dropout(hidden),
      nn.linear(100, 10),
    )
    const { history } = await train.fit(model, {
      train: training,
      validation: test,
      metrics: ['accuracy'],
      optimizer: parameters => optim.adam(parameters),
      epochs: 40,
      batchSize: 50,
      onStep: progress,
    })
    const { loss = 0, accuracy = 0 }: Partial<train.Scores> = history.epochs.at(-1)?.validation ?? {}
    log(`dropout ${inputs} and ${hidden}: test loss ${loss.toFixed(4)}, accuracy ${accuracy.toFixed(4)}`)
    return { loss, accuracy, epochs: history.epochs }
  }
  const [without, dropped] = [await study(0, 0), await study(0.2, 0.5)]

  const curve = ({ epochs }: { epochs: readonly train.EpochRecord[] }, label: string, color: string) => {
    const points = epochs.map(({ epoch, validation }): Point => [epoch, validation?.loss ?? 0])
    return line(points, { label, color, width: 2.5 })
  }
  const panel = {
    x: { label: 'epoch', low: 0, high: without.epochs.length },
    y: { label: 'test loss', low: 0, high: 2.4 },
    marks: [curve(without, 'without dropout', colors.orange), curve(dropped, 'with dropout', colors.blue)],
  }
  picture('dropout.svg', chart('500 digits, a fifth of them labelled wrong', [panel]))
  engine.dispose()
  return {
    claim: 'With dropout the loss on test digits is lower by a fifth or more, and the accuracy higher.',
    figures: {
      'test loss': `${dropped.loss.toFixed(4)} (without dropout ${without.loss.toFixed(4)})`,
      'test accuracy': `${dropped.accuracy.toFixed(4)} (without dropout ${without.accuracy.toFixed(4)})`,
    },
    holds: dropped.loss < 0.8 * without.loss && dropped.accuracy > without.accuracy,
  }
}
