// Weight decay: the boundary of a network of 20 hidden units smooths as λ goes from 0.001 over 0.01 to 0.1.
import { data, init, nn, optim, train } from 'retrograd'
import { chart, contour, type Grid, map, type Panel, type Point } from '../chart.ts'
import type { Claim, Context } from '../example.ts'
import { classDots, probabilityMap } from '../plane.ts'

export async function run({ seed, log, progress, picture }: Context): Promise<Claim> {
  const engine = await init({ backend: 'webgpu', seed })
  /** Two arms of half a turn, blurred so that they overlap: there is noise to learn by heart. */
  const arms = (count: number, seed: number): data.Dataset =>
    data.spiral(count, { noise: 0.25, turns: 0.5, seed }).withFeatures(x => x.mul(5))
  const [training, test] = [arms(100, seed), arms(2000, seed + 1)]
  const dots = await classDots(training)
  const axis = { low: -7, high: 7 }

  const rows: { decay: number; stray: number; trainingAccuracy: number; accuracy: number }[] = []
  const panels: Panel[] = []
  for (const decay of [0.001, 0.01, 0.1]) {
    const model = nn.mlp([2, 20, 2], { activation: 'tanh' })
    await train.fit(model, {
      train: training,
      // λ/2·‖W‖², of the weights only: biases are left alone.
      optimizer: parameters => optim.adam(parameters, { learningRate: 0.03, weightDecay: decay }),
      epochs: 1500,
      batchSize: training.size,
      onStep: progress,
    })
    const grid = await probabilityMap(model, axis.low, axis.high)
    const accuracyOn = async (set: data.Dataset) =>
      (await train.evaluate(model, set, { metrics: ['accuracy'] })).accuracy ?? 0
    const row = {
      decay,
      stray: strayFromLine(grid),
      trainingAccuracy: await accuracyOn(training),
      accuracy: await accuracyOn(test),
    }
    rows.push(row)
    log(
      `λ ${decay}: boundary off straight by ${row.stray.toFixed(3)}, training accuracy ${row.trainingAccuracy}, test ${row.accuracy}`,
    )
    const title = `λ = ${decay}`
    panels.push({
      title,
      x: { label: 'x₁', ...axis },
      y: { label: 'x₂', ...axis },
      marks: [map(grid), ...dots],
    })
  }
  picture('weight-decay.svg', chart('20 hidden units: the boundary smooths as λ grows', panels))
  engine.dispose()

  const falls = (numbers: number[]) => numbers.every((number, i) => i === 0 || number < (numbers[i - 1] ?? 0))
  const [weak = 0, middle = 0] = rows.map(({ accuracy }) => accuracy)
  return {
    claim:
      'As λ grows the boundary comes nearer to a straight line and training accuracy falls; from 0.001 to 0.01 test accuracy rises.',
    figures: Object.fromEntries(
      rows.map(({ decay, stray, trainingAccuracy, accuracy }) => [
        `λ ${decay}`,
        `boundary off straight by ${stray.toFixed(3)}, training accuracy ${trainingAccuracy}, test accuracy ${accuracy}`,
      ]),
    ),
    holds:
      falls(rows.map(({ stray }) => stray)) &&
      (rows[0]?.trainingAccuracy ?? 0) > (rows[2]?.trainingAccuracy ?? 1) &&
      middle > weak,
  }
}

/** How far the pieces of the boundary lie from the straight line nearest to them all: root mean square. */
function strayFromLine(grid: Grid): number {
  const middles = contour(grid).map(([a, b]) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] as const)
  const mean = (of: (point: Point) => number): number =>
    middles.reduce((sum, point) => sum + of(point), 0) / middles.length
  const [x, y] = [mean(([a]) => a), mean(([, b]) => b)]
  const [xx, yy, xy] = [
    mean(([a]) => (a - x) ** 2),
    mean(([, b]) => (b - y) ** 2),
    mean(([a, b]) => (a - x) * (b - y)),
  ]
  // The smaller eigenvalue of their covariance.
  return Math.sqrt((xx + yy) / 2 - Math.hypot((xx - yy) / 2, xy))
}
