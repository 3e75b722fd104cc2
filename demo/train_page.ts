// Trains and tests a multilayer perceptron on MNIST: this part runs in the page, on the library's public names alone.
import { shuffledRows } from '../src/data/index.ts'
import {
  argMax,
  cast,
  compile,
  type Engine,
  gather,
  grad,
  init,
  nn,
  optim,
  RetrogradError,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
} from '../src/index.ts'
import { InFlight } from './in_flight.ts'
import { CLASSES, type Digits, loadDigits, normalizedPixels, PIXELS } from './mnist.ts'
import type { TrainSettings } from './options.ts'

/** What the page tells while it works. */
export type Progress =
  | { readonly kind: 'training'; readonly adapter: AdapterName; readonly steps: number }
  | { readonly kind: 'step'; readonly step: number; readonly loss: number; readonly samplesPerSecond: number }
  | { readonly kind: 'testing'; readonly digits: number }

/** What ran the kernels. */
export interface AdapterName {
  readonly vendor: string
  readonly architecture: string
  readonly description: string
  readonly isFallback: boolean
}

export interface TrainResult {
  readonly adapter: AdapterName
  readonly backend: 'webgpu' | 'cpu'
  /** The loss of every step. */
  readonly losses: readonly number[]
  /** Digits trained on a second, the first step (which compiles the kernels) left out where there are more. */
  readonly samplesPerSecond: number
  /** Share of all test digits that are recognised. */
  readonly accuracy: number
  /** confusion[actual][predicted]: how many test digits. */
  readonly confusion: readonly (readonly number[])[]
  /** Of loading, training and testing together. */
  readonly seconds: number
}

/** Test digits classified at a time. */
const TEST_BATCH = 1000

/** Trains as the settings say, reporting Progress, then classifies all test digits. */
export async function train(settings: TrainSettings): Promise<TrainResult> {
  const start = performance.now()
  const [training, test] = await Promise.all([loadDigits('/mnist', 'train'), loadDigits('/mnist', 't10k')])
  const engine = await init({ backend: settings.backend, seed: settings.seed })
  try {
    const { hidden, activation, dropout, precision } = settings
    if (precision === 'mixed') checkFloat16(engine)
    const model = nn.mlp([PIXELS, ...hidden, CLASSES], { activation, dropout })
    const learned = await learn(engine, model, training, settings)
    tell({ kind: 'testing', digits: test.count })
    const confusion = await classify(model, test, precision)
    const right = confusion.reduce((sum, row, digit) => sum + (row[digit] ?? 0), 0)
    const seconds = (performance.now() - start) / 1000
    const adapter = adapterName(engine)
    return { adapter, backend: engine.backend, ...learned, accuracy: right / test.count, confusion, seconds }
  } finally {
    engine.dispose()
  }
}

function adapterName({ adapter }: Engine): AdapterName {
  const { vendor, architecture, description, isFallback } = adapter
  return { vendor, architecture, description, isFallback }
}

function checkFloat16({ adapter }: Engine): void {
  if (adapter.features.includes('shader-f16')) return
  throw new RetrogradError(
    'unsupported',
    `--precision mixed needs float16, for which the adapter (${adapter.description}) lacks the feature shader-f16. Use --precision float32.`,
  )
}

const tell = (progress: Progress): void => report(progress)

/** Trains the model; the digits lie on the engine, and each step gathers its batch there by shuffled indices. */
async function learn(engine: Engine, model: nn.Layer, digits: Digits, settings: TrainSettings) {
  const { samples, epochs, batchSize, seed, learningRate, precision } = settings
  const images = pictures(digits, samples, precision)
  const labels = tensor(Int32Array.from(digits.labels.subarray(0, samples)))
  const optimizer = optim.adam(model.parameters(), { learningRate })
  const scale = precision === 'mixed' ? optim.lossScale() : null
  const step = compile((indices: Tensor) => {
    const logits = model(gather(images, indices), { training: true })
    const loss = softmaxCrossEntropy(scale ? cast(logits, 'float32') : logits, gather(labels, indices))
    if (scale) optimizer.step(grad(scale.apply(loss), model.parameters()), { scale })
    else optimizer.step(grad(loss, model.parameters()))
    return loss
  })

  const steps = epochs * Math.ceil(samples / batchSize)
  tell({ kind: 'training', adapter: adapterName(engine), steps })
  const losses: number[] = []
  const inFlight = new InFlight()
  const clock = new Clock()
  let submitted = 0
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = shuffledRows(samples, seed, epoch)
    for (let first = 0; first < samples; first += batchSize) {
      const indices = tensor(order.subarray(first, first + batchSize))
      // Falling to 0, it lets short runs end as well as longer ones, and each as well as the other.
      optimizer.learningRate = learningRate * (1 - submitted++ / steps)
      const loss = step(indices)
      const count = indices.size
      indices.dispose()
      await inFlight.add(
        loss.item().then(number => {
          loss.dispose()
          losses.push(number)
          clock.count(count)
          tell({ kind: 'step', step: losses.length, loss: number, samplesPerSecond: clock.rate })
        }),
      )
      await clock.breathe()
    }
  }
  await inFlight.drain()
  for (const tensor of [images, labels]) tensor.dispose()
  step.dispose()
  return { losses, samplesPerSecond: clock.rate }
}

/** Measures the speed of training, and lets the page do other things now and then. */
class Clock {
  private readonly start = performance.now()
  private firstStep = 0 // its end
  private breath = this.start
  private first = 0 // samples of the first step
  private later = 0 // samples of the others

  /** Counts the samples of a step that has finished. */
  count(samples: number): void {
    if (this.first > 0) this.later += samples
    else {
      this.first = samples
      this.firstStep = performance.now()
    }
  }

  /** Samples a second so far. */
  get rate(): number {
    const [samples, since] = this.later > 0 ? [this.later, this.firstStep] : [this.first, this.start]
    return (1000 * samples) / (performance.now() - since)
  }

  /** On the CPU nothing else gives messages a chance to leave. */
  async breathe(): Promise<void> {
    if (performance.now() - this.breath < 100) return
    await new Promise(resolve => setTimeout(resolve))
    this.breath = performance.now()
  }
}

/** The first digits on the engine. The dtype they are in is the one that the layers compute in. */
function pictures(digits: Digits, count: number, precision: TrainSettings['precision']): Tensor {
  const dtype = precision === 'mixed' ? 'float16' : 'float32'
  return tensor(normalizedPixels(digits, count), { shape: [count, PIXELS], dtype })
}

/** Classifies digits; counts[actual][predicted]. */
async function classify(
  model: nn.Layer,
  digits: Digits,
  precision: TrainSettings['precision'],
): Promise<number[][]> {
  const { count, labels } = digits
  const images = pictures(digits, count, precision)
  const predict = compile((indices: Tensor) => argMax(model(gather(images, indices)), { axis: 1 }))
  const counts = Array.from({ length: CLASSES }, () => new Array<number>(CLASSES).fill(0))
  for (let first = 0; first < count; first += TEST_BATCH) {
    const length = Math.min(TEST_BATCH, count - first)
    const indices = tensor(Int32Array.from({ length }, (_, i) => first + i))
    const predicted = predict(indices)
    const classes = await predicted.data()
    classes.forEach((digit, i) => {
      const row = counts[labels[first + i] as number] as number[]
      row[digit] = (row[digit] ?? 0) + 1
    })
    indices.dispose()
    predicted.dispose()
  }
  images.dispose()
  predict.dispose()
  return counts
}
