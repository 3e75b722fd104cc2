// Trains and tests a multilayer perceptron on MNIST: this part runs in the page, on the library's public names alone.
import {
  cast,
  data,
  type Engine,
  init,
  nn,
  optim,
  RetrogradError,
  tensor,
  train as training,
} from '../src/index.ts'
import { CLASSES, type Digits, loadDigits, normalizedPixels, PIXELS } from './mnist.ts'
import type { TrainSettings } from './options.ts'

const { fit, classificationReport } = training

/** What the page tells while it works. */
export type Progress =
  | { readonly kind: 'training'; readonly adapter: AdapterName; readonly steps: number }
  | training.StepEvent
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

/** Trains as the settings say, reporting Progress, then classifies all test digits. */
export async function train(settings: TrainSettings): Promise<TrainResult> {
  const start = performance.now()
  const [digits, testDigits] = await Promise.all([
    loadDigits('/mnist', 'train'),
    loadDigits('/mnist', 't10k'),
  ])
  const engine = await init({ backend: settings.backend, seed: settings.seed })
  try {
    const { hidden, activation, dropout, precision, samples, epochs, batchSize, seed } = settings
    const isMixed = precision === 'mixed'
    if (isMixed) checkFloat16(engine)
    const dtype = isMixed ? 'float16' : 'float32'
    const layers = nn.mlp([PIXELS, ...hidden, CLASSES], { activation, dropout })
    const model = isMixed ? nn.sequential(layers, toFloat32()) : layers
    const steps = epochs * Math.ceil(samples / batchSize)
    const adapter = adapterName(engine)
    const trained = digitsIn(dtype, digits, samples)
    tell({ kind: 'training', adapter, steps })
    let samplesPerSecond = 0
    const begin = performance.now()
    const { history } = await fit(model, {
      train: trained,
      // Falling to 0, the rate lets short runs end as well as longer ones, and each as well as the other.
      optimizer: optim.adam(model.parameters(), {
        learningRate: optim.linear({ initial: settings.learningRate, steps }),
      }),
      epochs,
      batchSize: Math.min(batchSize, samples),
      seed,
      ...(isMixed ? { scale: optim.lossScale() } : {}),
      onStep: event => {
        samplesPerSecond = event.samplesPerSecond
        tell(event)
      },
    })
    // A single step is no more than its own time.
    samplesPerSecond ||= (1000 * epochs * samples) / (performance.now() - begin)
    trained.features.dispose()
    tell({ kind: 'testing', digits: testDigits.count })
    const test = digitsIn(dtype, testDigits, testDigits.count)
    const { accuracy, confusion } = await classificationReport(model, test)
    const { losses } = history
    const seconds = (performance.now() - start) / 1000
    return { adapter, backend: engine.backend, losses, samplesPerSecond, accuracy, confusion, seconds }
  } finally {
    engine.dispose()
  }
}

const adapterName = ({ adapter }: Engine): AdapterName => {
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

/** The last layer in mixed precision: losses are taken of float32 logits. */
const toFloat32 = (): nn.Layer => nn.layer({ label: 'cast(float32)', forward: x => cast(x, 'float32') })

/** The first digits on the engine. The dtype they are in is the one that layers compute in. */
function digitsIn(dtype: 'float32' | 'float16', digits: Digits, count: number): data.Dataset {
  const pictures = tensor(normalizedPixels(digits, count), { shape: [count, PIXELS], dtype })
  return data.dataset(pictures, digits.labels.subarray(0, count), { classes: CLASSES })
}
