// Bias and variance: 100 data sets of 25 points from sin 2πx, the average fit and its spread as λ varies.
import {
  compile,
  grad,
  init,
  linspace,
  normal,
  optim,
  parameter,
  type Tensor,
  tensor,
  uniform,
  zeros,
} from 'retrograd'
import { band, chart, colors, dots, line, type Panel, type Point } from '../chart.ts'
import type { Claim, Context } from '../example.ts'

const [SETS, POINTS, UNITS, STEPS] = [100, 25, 8, 400]
const NOISE = 0.5 // deviation of y
const LAMBDAS = [0.0003, 0.003, 0.03, 0.3, 3]
const SHOWN = [0, 2, 4]
const PLACES = 61 // where the fits are compared

export async function run({ seed, log, picture }: Context): Promise<Claim> {
  const engine = await init({ backend: 'webgpu', seed })
  // A network 1-8-1 for each set and each λ: 500 that learn at once, their units side by side in one wide layer.
  const nets = LAMBDAS.length * SETS
  const forEachLambda = (x: Tensor): Tensor =>
    x.broadcastTo([POINTS, LAMBDAS.length, SETS]).reshape([POINTS, nets])
  const forEachUnit = (x: Tensor): Tensor =>
    x
      .expandDims({ axis: 2 })
      .broadcastTo([...x.shape, UNITS])
      .reshape([-1, nets * UNITS])
  const x = forEachLambda(uniform([POINTS, 1, SETS]))
  const y = x
    .mul(2 * Math.PI)
    .sin()
    .add(forEachLambda(normal([POINTS, 1, SETS], { std: NOISE })))
  const inputs = forEachUnit(x)
  const lambda = tensor(LAMBDAS.flatMap(value => Array<number>(SETS * UNITS).fill(value)))

  const weights = (std: number) => parameter(normal([nets * UNITS], { std }))
  const [w1, b1, w2, b2] = [weights(6), weights(4), weights(0.2), parameter(zeros([nets]))]
  /** Outputs [rows, nets] for inputs [rows, nets × units]. */
  const model = (inputs: Tensor): Tensor =>
    inputs.mul(w1).add(b1).tanh().mul(w2).reshape([-1, nets, UNITS]).sum({ axis: 2 }).add(b2)

  const optimizer = optim.adam([w1, b1, w2, b2], {
    learningRate: optim.cosine({ initial: 0.1, steps: STEPS }),
  })
  const step = compile(() => {
    const error = model(inputs).sub(y).square().mean({ axis: 0 }).sum()
    const loss = error.add(w2.square().mul(lambda).sum()) // each network has its error and its own λ·‖w‖²
    optimizer.step(grad(loss, [w1, b1, w2, b2]))
    return loss
  })
  for (let done = 0; done < STEPS; done += 10) {
    using losses = step.run(10)
    const [loss = 0] = await losses.data()
    if (done % 100 === 0) log(`step ${done}: mean loss ${(loss / nets).toFixed(4)}`)
  }

  const places = linspace(0, 1, PLACES).reshape([PLACES, 1])
  const outputs = await model(forEachUnit(places.broadcastTo([PLACES, nets]))).data()
  engine.dispose()

  const studies = LAMBDAS.map((value, l) => {
    const output = (set: number, place: number): number => outputs[place * nets + l * SETS + set] ?? 0
    const curve = Array.from({ length: PLACES }, (_, place) => {
      const fits = Array.from({ length: SETS }, (_, set) => output(set, place))
      const average = mean(fits)
      const at = place / (PLACES - 1)
      return {
        at,
        truth: Math.sin(2 * Math.PI * at),
        average,
        variance: mean(fits.map(y => (y - average) ** 2)),
      }
    })
    const bias = mean(curve.map(({ average, truth }) => (average - truth) ** 2))
    const variance = mean(curve.map(({ variance }) => variance))
    return { value, output, curve, bias, variance, error: bias + variance }
  })

  const shown = studies.filter((_, l) => SHOWN.includes(l))
  const panels: Panel[] = shown.map(({ value, output, curve }) => ({
    title: `λ = ${value}`,
    x: { label: 'x', low: 0, high: 1 },
    y: { label: 'y', low: -2, high: 2 },
    marks: [
      ...Array.from({ length: 20 }, (_, set) => {
        const points = curve.map(({ at }, place): Point => [at, output(set, place)])
        return line(points, { color: colors.gray, width: 0.8, opacity: 0.6, label: 'fits to single sets' })
      }),
      band(
        curve.map(({ at, average, variance }) => {
          const deviation = Math.sqrt(variance)
          return [at, average - deviation, average + deviation] as const
        }),
        { label: 'deviation over 100 sets' },
      ),
      line(
        curve.map(({ at, truth }): Point => [at, truth]),
        { color: colors.green, dashed: true, label: 'sin 2πx' },
      ),
      line(
        curve.map(({ at, average }): Point => [at, average]),
        { label: 'average fit', width: 2.5 },
      ),
    ],
  }))
  const curveOf = (of: 'bias' | 'variance' | 'error', label: string, color: string) => {
    const points = studies.map((study): Point => [study.value, study[of]])
    return [line(points, { label, color, width: 2.5 }), dots(points, { color })]
  }
  panels.push({
    title: 'squared error of the fits',
    x: { label: 'λ', low: 1e-4, high: 10, log: true },
    y: { label: 'mean over x', low: 0, high: 0.25 },
    marks: [
      ...curveOf('bias', 'bias²', colors.orange),
      ...curveOf('variance', 'variance', colors.purple),
      ...curveOf('error', 'bias² + variance', colors.ink),
    ],
  })
  picture(
    'bias-variance.svg',
    chart(
      'Fits to 25 noisy points of a sine: variance falls and bias rises with λ, the error is least between',
      panels,
    ),
  )

  const rises = (list: readonly number[]) => list.every((x, i) => i === 0 || x > (list[i - 1] ?? x))
  const errors = studies.map(({ error }) => error)
  const least = errors.indexOf(Math.min(...errors))
  return {
    claim: 'As λ grows bias rises and variance falls; their sum falls and then rises, least in the middle.',
    figures: Object.fromEntries(
      studies.map(({ value, bias, variance, error }) => [
        `λ ${value}`,
        `bias² ${bias.toFixed(4)}, variance ${variance.toFixed(4)}, sum ${error.toFixed(4)}`,
      ]),
    ),
    holds:
      // A hundredth of the variance is left in what is told of the bias: between the first two λ that is as much.
      rises(shown.map(({ bias }) => bias)) &&
      rises(studies.map(({ variance }) => -variance)) &&
      least === (LAMBDAS.length - 1) / 2 &&
      rises(errors.slice(least)) &&
      rises(errors.slice(0, least + 1).reverse()),
  }
}

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length
