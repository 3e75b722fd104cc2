// Regression: one hidden layer fits any continuous function on an interval; here sin 2πx from 100 noisy points.
import { data, init, linspace, nn, optim, train } from 'retrograd'
import { chart, colors, dots, line, type Point } from '../chart.ts'
import type { Claim, Context } from '../example.ts'

export async function run({ seed, progress, picture }: Context): Promise<Claim> {
  const engine = await init({ backend: 'webgpu', seed })
  const noisy = data.sine(100, { noise: 0.2, seed })
  const truth = data.sine(400, { seed: seed + 1 }) // without noise: what is to be learnt
  const scaling = await data.standardize(noisy) // units are linear about 0, and curve a few away from it

  const model = nn.mlp([1, 20, 1], { activation: 'tanh' })
  await train.fit(model, {
    train: scaling.apply(noisy),
    loss: 'meanSquaredError',
    optimizer: parameters => optim.adam(parameters, { learningRate: 0.02 }),
    epochs: 400,
    batchSize: 20,
    onStep: progress,
  })
  const { rSquared = 0, meanSquaredError = 1 } = await train.evaluate(model, scaling.apply(truth), {
    metrics: ['rSquared', 'meanSquaredError'],
  })

  const line01 = linspace(0, 1, 200).reshape([200, 1])
  const [x, y] = [await line01.data(), await train.predict(model, scaling.apply(line01)).data()]
  const [xs, ys] = [await noisy.features.data(), await noisy.labels.data()]
  const marks = [
    line(
      Array.from(x, (at): Point => [at, Math.sin(2 * Math.PI * at)]),
      { color: colors.green, label: 'sin 2πx', dashed: true },
    ),
    dots(
      Array.from(xs, (at, i): Point => [at, ys[i] ?? 0]),
      { color: colors.gray, label: 'noisy points' },
    ),
    line(
      Array.from(x, (at, i): Point => [at, y[i] ?? 0]),
      { label: 'network 1-20-1', width: 2.5 },
    ),
  ]
  const panel = { x: { label: 'x', low: 0, high: 1 }, y: { label: 'y', low: -1.6, high: 1.6 }, marks }
  picture('sine-regression.svg', chart('A hidden layer of 20 tanh units fits a sine', [panel]))
  engine.dispose()

  return {
    claim:
      'The network explains more than 97 % of the variance of the true sine, nearer to it than the points it learnt from.',
    figures: {
      'R² against the true sine': rSquared.toFixed(4),
      'root mean squared error': Math.sqrt(meanSquaredError).toFixed(3),
      'deviation of the noise': 0.2,
    },
    holds: rSquared > 0.97 && meanSquaredError < 0.2 ** 2,
  }
}
