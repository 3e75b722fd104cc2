// Pre-training: layers that first learn from digits without labels, as autoencoders or RBMs, make more of 300 with labels.
import { init, nn, optim, train } from 'retrograd'
import { chart, colors, line, type Panel, type Point } from '../chart.ts'
import type { Claim, Context } from '../example.ts'
import { digitSet } from '../mnist.ts'

export async function run({ seed, log, progress, picture }: Context): Promise<Claim> {
  const engine = await init({ backend: 'webgpu', seed })
  const unlabelled = await digitSet('/mnist', 'train', 3000, 'ink')
  const labelled = unlabelled.subset(Array.from({ length: 300 }, (_, i) => i))
  const test = await digitSet('/mnist', 't10k', 2000, 'ink')

  const study = async (kind: 'none' | 'autoencoder' | 'rbm') => {
    const model = nn.mlp([784, 100, 100, 100, 50, 10], { activation: 'sigmoid' })
    if (kind !== 'none') {
      const learningRate = kind === 'rbm' ? 0.005 : 0.003
      await train.pretrain(model, unlabelled, {
        with: kind,
        fit: {
          epochs: 6,
          batchSize: 50,
          optimizer: parameters => optim.adam(parameters, { learningRate }),
          ...(kind === 'autoencoder' ? { loss: 'sigmoidCrossEntropy' as const } : {}),
          onStep: progress,
        },
      })
    }
    const { history } = await train.fit(model, {
      train: labelled,
      validation: test,
      metrics: ['accuracy'],
      optimizer: parameters => optim.adam(parameters, { learningRate: 0.003 }),
      epochs: 10,
      onStep: progress,
    })
    const curve = history.epochs.map(({ epoch, validation }): Point => [epoch, validation?.accuracy ?? 0])
    const accuracy = curve.at(-1)?.[1] ?? 0
    log(`${kind}: test accuracy ${accuracy}`)
    return { accuracy, curve }
  }
  const [none, autoencoder, rbm] = [await study('none'), await study('autoencoder'), await study('rbm')]

  const panel: Panel = {
    x: { label: 'epoch of training with labels', low: 0, high: 10 },
    y: { label: 'test accuracy', low: 0, high: 1 },
    marks: [
      line(none.curve, { color: colors.gray, label: 'from random weights', width: 2.5 }),
      line(autoencoder.curve, { color: colors.blue, label: 'from autoencoders', width: 2.5 }),
      line(rbm.curve, { color: colors.orange, label: 'from RBMs', width: 2.5 }),
    ],
  }
  picture('pretraining.svg', chart('Four sigmoid layers learn from 300 labelled digits', [panel]))
  engine.dispose()
  return {
    claim:
      'Pre-trained on 3,000 digits without labels, either way, the network recognises more digits after 10 epochs with labels than one that starts at random.',
    figures: {
      'accuracy from random weights': none.accuracy,
      'from autoencoders': autoencoder.accuracy,
      'from RBMs': rbm.accuracy,
    },
    holds: Math.min(autoencoder.accuracy, rbm.accuracy) > none.accuracy,
  }
}
