// Parity of n bits: every bit matters, so a linear network guesses; one hidden layer of 2n units learns it for n = 5.
import { data, init, nn, optim, train } from 'retrograd'
import type { Claim, Context } from '../example.ts'

const BITS = 5

export async function run({ seed, log, progress }: Context): Promise<Claim> {
  const engine = await init({ backend: 'webgpu', seed })
  const rows = data.parity(BITS) // all 2ⁿ rows of bits; class 1 where an odd number of them is 1

  const loss = 'sigmoidCrossEntropy'
  /** Trains a network until it gets all rows right, or for 400 epochs; tells the accuracy. */
  const learn = async (model: nn.Layer): Promise<number> => {
    const { history } = await train.fit(model, {
      train: rows,
      loss,
      optimizer: parameters => optim.adam(parameters, { learningRate: 0.03 }),
      epochs: 400,
      stop: train.threshold(0.02, { monitor: 'loss' }),
      onStep: progress,
    })
    const { accuracy = 0 } = await train.evaluate(model, rows, { loss, metrics: ['accuracy'] })
    log(`${model.label}: accuracy ${accuracy} after ${history.epochs.length} epochs`)
    return accuracy
  }

  const linear = await learn(nn.linear(BITS, 1))
  const hidden = await learn(nn.mlp([BITS, 2 * BITS, 1], { activation: 'tanh' }))
  engine.dispose()
  return {
    claim: `A linear network is no better than guessing at the parity of ${BITS} bits; ${2 * BITS} hidden units learn all ${2 ** BITS} rows.`,
    figures: { 'linear accuracy': linear, 'accuracy with a hidden layer': hidden },
    holds: linear <= 0.7 && hidden === 1,
  }
}
