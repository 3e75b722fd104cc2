// retrograd in the race: each workload as its users write it, compiled.
import {
  compile,
  type Engine,
  grad,
  type InitOptions,
  init,
  matmul,
  nn,
  optim,
  type Profile,
  parameter,
  profile,
  sigmoidCrossEntropy,
  slice,
  softmaxCrossEntropy,
  sum,
  type Tensor,
  tensor,
} from '../../src/index.ts'
import type { Library, Task } from './library.ts'
import type { Numbers } from './numbers.ts'
import {
  ADAM,
  type AdamWorkload,
  layersOf,
  operationsOf,
  type TrainingWorkload,
  type Workload,
} from './workloads.ts'

/** More operations than this take the CPU backend, which is there to be right, too long. */
const CPU_OPERATIONS = 5e7

/** Starts retrograd. Throws where the backend asked for cannot be had. */
export async function startRetrograd(options: InitOptions): Promise<Library & { readonly engine: Engine }> {
  const engine = await init(options)
  const cpu = engine.backend === 'cpu'
  return {
    name: cpu ? 'retrograd cpu' : 'retrograd',
    engine,
    declines: workload => {
      const operations = operationsOf(workload)
      return cpu && (operations === null || operations > CPU_OPERATIONS)
        ? 'too large for the reference'
        : null
    },
    prepare: async (workload, numbers) => {
      const task = engine.use(() => new RetrogradTask(engine, workload, numbers))
      await engine.idle()
      return task
    },
    dispose: async () => engine.dispose(),
  }
}

/** A compiled function without arguments beside those given, and what it holds. */
interface Program {
  /** Runs once; gives the tensors that hold what it computed. */
  readonly run: () => readonly Tensor[]
  readonly warmUp?: () => Promise<void>
  /** What `read` reads the first number of, where that is none of what a call gives. */
  readonly probe?: Tensor
  readonly dispose: () => void
}

class RetrogradTask implements Task {
  private readonly program: Program
  private last: readonly Tensor[] = []

  constructor(
    private readonly engine: Engine,
    workload: Workload,
    numbers: Numbers,
  ) {
    this.program = programOf(workload, numbers)
  }

  async warmUp(): Promise<void> {
    await this.program.warmUp?.()
  }

  call(): void {
    for (const tensor of this.last) tensor.dispose()
    this.last = this.engine.use(this.program.run)
  }

  async read(): Promise<number> {
    const tensor = this.lastTensor()
    if (tensor.size === 1) return (await tensor.data())[0] ?? Number.NaN
    const rest = tensor.shape.map(() => 1)
    const first = this.engine.use(() => slice(tensor, { start: tensor.shape.map(() => 0), end: rest }))
    const [number = Number.NaN] = await first.data()
    first.dispose()
    return number
  }

  async result(): Promise<Float32Array> {
    return Float32Array.from(await this.lastTensor().data())
  }

  dispose(): void {
    for (const tensor of this.last) tensor.dispose()
    this.last = []
    this.program.dispose()
  }

  private lastTensor(): Tensor {
    const tensor = this.program.probe ?? this.last.at(-1)
    if (!tensor) throw new Error('internal: nothing was called')
    return tensor
  }
}

function programOf(workload: Workload, numbers: Numbers): Program {
  const [first = new Float32Array(), second = new Float32Array()] = numbers.operands
  switch (workload.kind) {
    case 'training':
      return trainingProgram(workload, numbers)
    case 'adam':
      return adamProgram(workload, first, second)
    case 'matmul': {
      const { size, transposeA, transposeB } = workload
      const a = tensor(first, { shape: [size, size] })
      const b = tensor(second, { shape: [size, size] })
      return program(
        compile(() => [matmul(a, b, { transposeA, transposeB })]),
        [a, b],
      )
    }
    case 'crossEntropy': {
      const logits = tensor(first, { shape: [workload.rows, workload.classes] })
      const labels = tensor(numbers.labels)
      const step = compile(() => {
        const loss = softmaxCrossEntropy(logits, labels)
        return [loss, ...grad(loss, [logits])]
      })
      return program(step, [logits, labels])
    }
    case 'columnSum': {
      const matrix = tensor(first, { shape: [workload.rows, workload.columns] })
      return program(
        compile(() => [sum(matrix, { axis: 0 })]),
        [matrix],
      )
    }
  }
}

/** A compiled function of tensors that it closes over: read where they lie, as the other libraries do. */
function program(step: (() => Tensor[]) & { dispose(): void }, inputs: readonly Tensor[]): Program {
  return {
    run: () => step(),
    dispose: () => {
      step.dispose()
      for (const input of inputs) input.dispose()
    },
  }
}

/** Profiles a training step over so many calls. */
export async function profileTraining(
  workload: TrainingWorkload,
  numbers: Numbers,
  calls: number,
): Promise<Profile> {
  const { step, inputs, dispose } = training(workload, numbers)
  try {
    return await profile(step, inputs, { calls })
  } finally {
    dispose()
  }
}

function trainingProgram(workload: TrainingWorkload, numbers: Numbers): Program {
  const { step, inputs, dispose } = training(workload, numbers)
  return { run: () => [step(...inputs)], warmUp: () => step.warmUp(...inputs), dispose }
}

/** A model of the numbers' weights with its optimizer, its compiled step, and a batch. */
function training({ sizes, loss }: TrainingWorkload, numbers: Numbers) {
  const layers = layersOf(sizes).flatMap(({ inputs, outputs }, i) => {
    const weight = numbers.weights[i]?.weight ?? new Float32Array()
    const linear = nn.linear(inputs, outputs, { initializer: () => weight })
    return i === 0 ? [linear] : [nn.relu(), linear]
  })
  const model = nn.sequential(...layers)
  // Parameters come in pairs: a layer's weight, its bias.
  model.parameters().forEach((parameter, i) => {
    const bias = i % 2 === 1 ? numbers.weights[(i - 1) / 2]?.bias : undefined
    if (!bias) return
    const values = tensor(bias)
    parameter.assign(values)
    values.dispose()
  })
  const { learningRate, beta1, beta2, epsilon } = ADAM
  const optimizer = optim.adam(model.parameters(), { learningRate, beta1, beta2, epsilon })
  const rows = numbers.labels.length
  const inputs: [Tensor, Tensor] = [
    tensor(numbers.batch, { shape: [rows, sizes[0] ?? 0] }),
    loss === 'softmax'
      ? tensor(numbers.labels)
      : tensor(Float32Array.from(numbers.labels), { shape: [rows, 1] }),
  ]
  const lossOf = loss === 'softmax' ? softmaxCrossEntropy : sigmoidCrossEntropy
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = lossOf(model(x, { training: true }), y)
    optimizer.step(grad(loss, model.parameters()))
    return loss
  })
  return {
    step,
    inputs,
    dispose: () => {
      step.dispose()
      for (const input of inputs) input.dispose()
      for (const part of [...model.parameters(), ...Object.values(optimizer.state().tensors)]) part.dispose()
    },
  }
}

function adamProgram({ parameters }: AdamWorkload, start: Float32Array, slopes: Float32Array): Program {
  const initial = tensor(start, { shape: [parameters] })
  const weights = parameter(initial)
  initial.dispose()
  const gradient = tensor(slopes, { shape: [parameters] })
  const optimizer = optim.adam([weights], ADAM)
  const step = compile((): Tensor[] => {
    optimizer.step([gradient])
    return []
  })
  const { run, dispose } = program(step, [gradient])
  return {
    run,
    probe: weights,
    dispose: () => {
      dispose()
      for (const part of [weights, ...Object.values(optimizer.state().tensors)]) part.dispose()
    },
  }
}
