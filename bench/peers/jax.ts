// jax-js in the race: each workload under its jit, gradients by valueAndGrad.
import type { Library, Task } from '../race/library.ts'
import { type Numbers, oneHotRows } from '../race/numbers.ts'
import { ADAM, layersOf, type TrainingWorkload, type Workload } from '../race/workloads.ts'

type Layer = { readonly weight: JaxArray; readonly bias: JaxArray }

/** One array of everything learned or remembered: parameters, Adam's two moments. */
type State = { readonly parameters: Layer[]; readonly means: Layer[]; readonly squares: Layer[] }

/** Starts jax-js on WebGPU. `url` is where its module is served. */
export async function startJax(url: string): Promise<Library> {
  const jax = (await importModule(url)) as unknown as Jax
  const devices = await jax.init('webgpu')
  if (!devices.includes('webgpu')) throw new Error('jax-js finds no WebGPU')
  jax.defaultDevice('webgpu')
  return {
    name: 'jax-js',
    prepare: async (workload, numbers) => taskOf(jax, workload, numbers),
    dispose: async () => undefined,
  }
}

async function taskOf(jax: Jax, workload: Workload, numbers: Numbers): Promise<Task> {
  const { numpy: np } = jax
  const upload = async (values: Float32Array, shape: readonly number[]): Promise<JaxArray> =>
    jax.blockUntilReady(np.array(values, { shape: [...shape] }))
  const [first = new Float32Array(), second = new Float32Array()] = numbers.operands
  switch (workload.kind) {
    case 'training':
      return trainingTask(jax, workload, numbers, upload)
    case 'matmul': {
      const { size, transposeA, transposeB } = workload
      const inputs = [await upload(first, [size, size]), await upload(second, [size, size])] as const
      const product = jax.jit((a: JaxArray, b: JaxArray) =>
        np.matmul(transposeA ? a.transpose() : a, transposeB ? b.transpose() : b),
      )
      return new JaxTask(() => [product(inputs[0].ref, inputs[1].ref)], [product, ...inputs])
    }
    case 'crossEntropy': {
      const { rows, classes } = workload
      const logits = await upload(first, [rows, classes])
      const labels = await upload(oneHotRows(numbers.labels, classes), [rows, classes])
      const loss = jax.jit((logits: JaxArray, labels: JaxArray) =>
        jax.valueAndGrad((logits: JaxArray, labels: JaxArray) => softmaxLoss(jax, logits, labels))(
          logits,
          labels,
        ),
      )
      return new JaxTask(() => loss(logits.ref, labels.ref), [loss, logits, labels])
    }
    case 'columnSum': {
      const matrix = await upload(first, [workload.rows, workload.columns])
      const sum = jax.jit((x: JaxArray) => x.sum(0))
      return new JaxTask(() => [sum(matrix.ref)], [sum, matrix])
    }
    case 'adam': {
      const gradient = await upload(second, [workload.parameters])
      let state = {
        p: await upload(first, [workload.parameters]),
        m: await jax.blockUntilReady(np.zeros([workload.parameters])),
        v: await jax.blockUntilReady(np.zeros([workload.parameters])),
      }
      const correct = corrections(np)
      const update = jax.jit(
        (state: { p: JaxArray; m: JaxArray; v: JaxArray }, g: JaxArray, correction: JaxArray) =>
          adamStep(np, state, g, correction),
      )
      const call = () => {
        state = update(state, gradient.ref, correct())
        return [state.p.ref]
      }
      return new JaxTask(call, [update, gradient, { dispose: () => jax.tree.dispose(state) }])
    }
  }
}

/** Mean of −log p of the labels' classes, as in jax-js's own MNIST example. */
function softmaxLoss(jax: Jax, logits: JaxArray, labels: JaxArray): JaxArray {
  const rows = logits.shape[0] ?? 1
  return jax.nn
    .logSoftmax(logits)
    .mul(labels)
    .sum()
    .mul(-1 / rows)
}

/** max(a, 0) − a·y + log(1 + exp(−|a|)), on average. */
function sigmoidLoss({ numpy: np, nn }: Jax, logits: JaxArray, labels: JaxArray): JaxArray {
  const count = logits.shape[0] ?? 1
  const tail = np.log(np.exp(np.negative(np.abs(logits.ref))).add(1))
  return nn
    .relu(logits.ref)
    .sub(logits.mul(labels))
    .add(tail)
    .sum()
    .mul(1 / count)
}

/** Gives, at each call, 1/(1 − β₁ᵗ) and 1/(1 − β₂ᵗ) of the next step, in one upload. */
function corrections(np: Jax['numpy']): () => JaxArray {
  let step = 0
  return () => {
    step++
    return np.array(Float32Array.of(1 / (1 - ADAM.beta1 ** step), 1 / (1 - ADAM.beta2 ** step)))
  }
}

/** Adam of Kingma and Ba 2015, as optax has it (its jax-js edition is on no registry), to be fused by jit. */
function adamStep(
  np: Jax['numpy'],
  { p, m, v }: { readonly p: JaxArray; readonly m: JaxArray; readonly v: JaxArray },
  g: JaxArray,
  correction: JaxArray,
): { p: JaxArray; m: JaxArray; v: JaxArray } {
  const { learningRate, beta1, beta2, epsilon } = ADAM
  const mean = m.mul(beta1).add(g.ref.mul(1 - beta1))
  const square = v.mul(beta2).add(np.square(g).mul(1 - beta2))
  const corrected = mean.ref.mul(correction.ref.slice(0))
  const step = corrected.div(np.sqrt(square.ref.mul(correction.slice(1))).add(epsilon))
  return { p: p.sub(step.mul(learningRate)), m: mean, v: square }
}

async function trainingTask(
  jax: Jax,
  { sizes, loss }: TrainingWorkload,
  numbers: Numbers,
  upload: (values: Float32Array, shape: readonly number[]) => Promise<JaxArray>,
): Promise<Task> {
  const { numpy: np, nn, tree } = jax
  const parameters: Layer[] = []
  const means: Layer[] = []
  const squares: Layer[] = []
  const empty = new Float32Array()
  for (const [i, { inputs, outputs }] of layersOf(sizes).entries()) {
    const { weight = empty, bias = empty } = numbers.weights[i] ?? {}
    parameters.push({
      weight: await upload(weight, [inputs, outputs]),
      bias: await upload(bias, [outputs]),
    })
    for (const moments of [means, squares]) {
      const weight = await jax.blockUntilReady(np.zeros([inputs, outputs]))
      moments.push({ weight, bias: await jax.blockUntilReady(np.zeros([outputs])) })
    }
  }
  let state: State = { parameters, means, squares }
  const rows = numbers.labels.length
  const classes = sizes.at(-1) ?? 1
  const x = await upload(numbers.batch, [rows, sizes[0] ?? 0])
  const y =
    loss === 'softmax'
      ? await upload(oneHotRows(numbers.labels, classes), [rows, classes])
      : await upload(Float32Array.from(numbers.labels), [rows, 1])

  const lossOf = (layers: Layer[], x: JaxArray, y: JaxArray): JaxArray => {
    const logits = layers.reduce((below, { weight, bias }, i) => {
      const above = np.matmul(below, weight).add(bias)
      return i === layers.length - 1 ? above : nn.relu(above)
    }, x)
    return loss === 'softmax' ? softmaxLoss(jax, logits, y) : sigmoidLoss(jax, logits, y)
  }
  const correct = corrections(np)
  // All of the step under one jit, the optimizer too: faster than its examples, which leave that outside.
  const step = jax.jit((state: State, x: JaxArray, y: JaxArray, correction: JaxArray) => {
    const [value, gradients] = jax.valueAndGrad(lossOf)(tree.ref(state.parameters), x, y)
    const next: { parameters: Layer[]; means: Layer[]; squares: Layer[] } = {
      parameters: [],
      means: [],
      squares: [],
    }
    state.parameters.forEach((layer, i) => {
      const part = (key: 'weight' | 'bias') =>
        adamStep(
          np,
          { p: layer[key], m: itemAt(state.means, i)[key], v: itemAt(state.squares, i)[key] },
          itemAt(gradients, i)[key],
          correction.ref,
        )
      const [weight, bias] = [part('weight'), part('bias')]
      next.parameters.push({ weight: weight.p, bias: bias.p })
      next.means.push({ weight: weight.m, bias: bias.m })
      next.squares.push({ weight: weight.v, bias: bias.v })
    })
    correction.dispose()
    return { value, next }
  })
  const call = () => {
    const { value, next } = step(state, x.ref, y.ref, correct())
    state = next
    return [value]
  }
  return new JaxTask(call, [step, x, y, { dispose: () => tree.dispose(state) }])
}

function itemAt<T>(list: readonly T[], index: number): T {
  const item = list[index]
  if (item === undefined) throw new Error('internal: a layer is missing')
  return item
}

/** Promises that jax-js awaits between being asked and the last submit, and some to spare. */
const TURNS = 12

class JaxTask implements Task {
  private last: readonly JaxArray[] = []
  private readonly asked: Promise<void>[] = []

  constructor(
    private readonly run: () => readonly JaxArray[],
    private readonly held: readonly { dispose(): void }[],
  ) {}

  call(): void {
    for (const array of this.last) array.dispose()
    this.last = this.run()
  }

  /**
   * jax-js dispatches nothing before it is asked for numbers, and never what is disposed by then. Asked for without
   * waiting it is at its fastest: W3 by a quarter over reading each loss, or the last of a batch alone.
   */
  async start(): Promise<void> {
    const asked = this.lastArray().ref.blockUntilReady()
    this.asked.push(asked.then(array => array.dispose()))
    for (let turn = 0; turn < TURNS; turn++) await null
  }

  async read(): Promise<number> {
    await Promise.all(this.asked.splice(0))
    const array = this.lastArray()
    const first = array.shape.reduce<JaxArray>(part => part.slice(0), array.ref)
    return (await first.data())[0] ?? Number.NaN
  }

  result(): Promise<Float32Array> {
    return this.lastArray().ref.data()
  }

  dispose(): void {
    for (const array of this.last) array.dispose()
    this.last = []
    for (const thing of this.held) thing.dispose()
  }

  private lastArray(): JaxArray {
    const array = this.last.at(-1)
    if (!array) throw new Error('internal: nothing was called')
    return array
  }
}
