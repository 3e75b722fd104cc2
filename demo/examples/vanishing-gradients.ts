// Vanishing gradients: ten layers of sigmoid units shrink the gradient on its way back until nothing learns; relu does not.
import { data, grad, init, nn, optim, softmaxCrossEntropy, train } from 'retrograd'
import { chart, colors, dots, line, type Point } from '../chart.ts'
import type { Claim, Context } from '../example.ts'

const HIDDEN = 10

export async function run({ seed, log, progress, picture }: Context): Promise<Claim> {
  const engine = await init({ backend: 'webgpu', seed })
  const points = data.circle(256, { seed })

  /** A deep network; the norm of the gradient of each layer's weights before training, and the accuracy after it. */
  const study = async (activation: 'sigmoid' | 'relu') => {
    const initializer = activation === 'relu' ? 'heNormal' : 'glorotNormal'
    const model = nn.mlp([2, ...Array<number>(HIDDEN).fill(32), 2], { activation, initializer })
    const weights = model.parameters().filter(({ rank }) => rank === 2)
    const loss = softmaxCrossEntropy(model(points.features), points.labels)
    const norms = await Promise.all(grad(loss, weights).map(gradient => gradient.norm().item()))

    await train.fit(model, {
      train: points,
      optimizer: parameters => optim.adam(parameters, { learningRate: 0.002 }),
      epochs: 40,
      onStep: progress,
    })
    const { accuracy = 0 } = await train.evaluate(model, points, { metrics: ['accuracy'] })
    log(
      `${activation}: ${norms.map(norm => norm.toExponential(1)).join(' ')}; accuracy ${accuracy.toFixed(3)}`,
    )
    return { norms, accuracy, ratio: (norms[0] ?? 0) / (norms.at(-1) ?? 1) }
  }
  const [sigmoid, relu] = [await study('sigmoid'), await study('relu')]

  const curve = (norms: number[], label: string, color: string) => {
    const points = norms.map((norm, i): Point => [i + 1, norm])
    return [line(points, { color, label }), dots(points, { color })]
  }
  const panel = {
    x: { label: 'layer, from the input', low: 0.5, high: HIDDEN + 1.5 },
    y: { label: 'norm of the gradient', low: 1e-9, high: 10, log: true },
    marks: [...curve(sigmoid.norms, 'sigmoid', colors.orange), ...curve(relu.norms, 'relu', colors.blue)],
  }
  picture('vanishing-gradients.svg', chart('The gradient of each layer’s weights before training', [panel]))
  engine.dispose()

  return {
    claim:
      'With sigmoids the first layer’s gradient is below a ten-thousandth of the last one’s, and the network does not learn; with relu it is above a hundredth, and it learns.',
    figures: {
      'sigmoid, first to last': sigmoid.ratio.toExponential(1),
      'relu, first to last': relu.ratio.toExponential(1),
      'sigmoid, accuracy': sigmoid.accuracy.toFixed(3),
      'relu, accuracy': relu.accuracy.toFixed(3),
    },
    holds: sigmoid.ratio < 1e-4 && relu.ratio > 0.01 && sigmoid.accuracy < 0.65 && relu.accuracy > 0.95,
  }
}
