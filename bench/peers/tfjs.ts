// TensorFlow.js in the race: variables, tf.losses and tf.train.adam, every call tidy.
import type { Library, Task } from '../race/library.ts'
import { type Numbers, oneHotRows } from '../race/numbers.ts'
import { ADAM, layersOf, type TrainingWorkload, type Workload } from '../race/workloads.ts'

/** Starts TensorFlow.js on WebGPU. `urls` are its scripts, the library before its backend. */
export async function startTfjs(urls: readonly string[]): Promise<Library> {
  for (const url of urls) await loadScript(url)
  const tf = (globalThis as unknown as { readonly tf: Tf }).tf
  if (!(await tf.setBackend('webgpu'))) throw new Error('TensorFlow.js finds no WebGPU')
  await tf.ready()
  return {
    name: 'tfjs',
    prepare: async (workload, numbers) => taskOf(tf, workload, numbers),
    dispose: async () => undefined,
  }
}

function loadScript(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script')
    script.src = url
    script.onload = () => resolve()
    script.onerror = () => reject(new Error(`${url} cannot be loaded`))
    document.head.append(script)
  })
}

/** Variables are registered under names, which must be new. */
let named = 0

function adam({ train }: Tf): TfOptimizer {
  return train.adam(ADAM.learningRate, ADAM.beta1, ADAM.beta2, ADAM.epsilon)
}

function taskOf(tf: Tf, workload: Workload, numbers: Numbers): Task {
  const [first = new Float32Array(), second = new Float32Array()] = numbers.operands
  switch (workload.kind) {
    case 'training':
      return trainingTask(tf, workload, numbers)
    case 'matmul': {
      const { size, transposeA, transposeB } = workload
      const [a, b] = [tf.tensor(first, [size, size]), tf.tensor(second, [size, size])]
      return new TfTask(() => [tf.matMul(a, b, transposeA, transposeB)], [a, b])
    }
    case 'crossEntropy': {
      const { rows, classes } = workload
      const logits = tf.tensor(first, [rows, classes])
      const labels = tf.tensor(oneHotRows(numbers.labels, classes), [rows, classes])
      const loss = tf.valueAndGrad(x => tf.losses.softmaxCrossEntropy(labels, x))
      const call = () => {
        const { value, grad } = loss(logits)
        return [value, grad]
      }
      return new TfTask(call, [logits, labels])
    }
    case 'columnSum': {
      const matrix = tf.tensor(first, [workload.rows, workload.columns])
      return new TfTask(() => [tf.tidy(() => matrix.sum(0))], [matrix])
    }
    case 'adam': {
      const name = `variable${named++}`
      const initial = tf.tensor(first, [workload.parameters])
      const weights = tf.variable(initial, true, name)
      initial.dispose()
      const gradient = tf.tensor(second, [workload.parameters])
      const optimizer = adam(tf)
      const call = () => {
        optimizer.applyGradients({ [name]: gradient })
        return []
      }
      return new TfTask(call, [weights, gradient, optimizer], weights)
    }
  }
}

function trainingTask(tf: Tf, { sizes, loss }: TrainingWorkload, numbers: Numbers): Task {
  const empty = new Float32Array()
  const variable = (values: Float32Array, shape: readonly number[]): TfTensor =>
    tf.tidy(() => tf.variable(tf.tensor(values, shape), true, `variable${named++}`))
  const layers = layersOf(sizes).map(({ inputs, outputs }, i) => ({
    weight: variable(numbers.weights[i]?.weight ?? empty, [inputs, outputs]),
    bias: variable(numbers.weights[i]?.bias ?? empty, [outputs]),
  }))
  const variables = layers.flatMap(({ weight, bias }) => [weight, bias])
  const rows = numbers.labels.length
  const classes = sizes.at(-1) ?? 1
  const x = tf.tensor(numbers.batch, [rows, sizes[0] ?? 0])
  const y =
    loss === 'softmax'
      ? tf.tensor(oneHotRows(numbers.labels, classes), [rows, classes])
      : tf.tensor(Float32Array.from(numbers.labels), [rows, 1])
  const lossOf = (): TfTensor => {
    const logits = layers.reduce<TfTensor>((below, { weight, bias }, i) => {
      const above = tf.matMul(below, weight).add(bias)
      return i === layers.length - 1 ? above : above.relu()
    }, x)
    return loss === 'softmax'
      ? tf.losses.softmaxCrossEntropy(y, logits)
      : tf.losses.sigmoidCrossEntropy(y, logits)
  }
  const optimizer = adam(tf)
  return new TfTask(() => [optimizer.minimize(lossOf, true, variables)], [...variables, x, y, optimizer])
}

class TfTask implements Task {
  private last: readonly TfTensor[] = []

  constructor(
    private readonly run: () => readonly TfTensor[],
    private readonly held: readonly { dispose(): void }[],
    /** What `read` reads, where that is none of what a call gives. */
    private readonly probe?: TfTensor,
  ) {}

  call(): void {
    for (const tensor of this.last) tensor.dispose()
    this.last = this.run()
  }

  async read(): Promise<number> {
    const tensor = this.lastTensor()
    const one = tensor.shape.map(() => 1)
    const first =
      one.length === 0
        ? null
        : tensor.slice(
            tensor.shape.map(() => 0),
            one,
          )
    const [number = Number.NaN] = await (first ?? tensor).data()
    first?.dispose()
    return number
  }

  result(): Promise<Float32Array> {
    return this.lastTensor().data()
  }

  dispose(): void {
    for (const tensor of this.last) tensor.dispose()
    this.last = []
    for (const thing of this.held) thing.dispose()
  }

  private lastTensor(): TfTensor {
    const tensor = this.probe ?? this.last.at(-1)
    if (!tensor) throw new Error('internal: nothing was called')
    return tensor
  }
}
