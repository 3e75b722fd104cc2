// Times fit against the compiled step it is made of: this part runs in the page.
import {
  type AdapterReport,
  type Counters,
  compile,
  data,
  type Engine,
  gather,
  grad,
  hostVector,
  init,
  nn,
  optim,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  type Tensor,
  train,
} from '../../src/index.ts'
import { type Spread, spreadOf } from '../race/statistics.ts'

export interface FitCase {
  readonly name: string
  readonly sizes: readonly number[]
  readonly batchSize: number
  readonly stepsPerEpoch: number
  /** Epochs timed; one more comes first. */
  readonly epochs: number
}

/** Milliseconds a step, and what the steps of one measurement took of the GPU. */
export interface Measured {
  readonly milliseconds: Spread
  readonly perStep: Pick<Counters, 'dispatches' | 'submits' | 'reads' | 'buffers' | 'bindGroups'>
}

export interface FitTimes {
  readonly name: string
  /** The step on a batch that lies there, called once a step. */
  readonly resident: Measured
  /** The step that picks its batch by rows, called once a step. */
  readonly gathering: Measured
  readonly fit: Measured
  /** fit with its watch for NaN. */
  readonly watched: Measured
}

export interface FitReport {
  readonly adapter: AdapterReport
  readonly cases: readonly FitTimes[]
}

const counted = ['dispatches', 'submits', 'reads', 'buffers', 'bindGroups'] as const

/** Measures all cases, each way of training in turn, so many times. */
export async function measureFit(cases: readonly FitCase[], repetitions: number): Promise<FitReport> {
  const engine = await init({ backend: 'webgpu', seed: 1 })
  const times: FitTimes[] = []
  for (const each of cases) times.push(await measureCase(engine, each, repetitions))
  const { adapter } = engine
  engine.dispose()
  return { adapter, cases: times }
}

async function measureCase(engine: Engine, each: FitCase, repetitions: number): Promise<FitTimes> {
  const { name, sizes, batchSize, stepsPerEpoch, epochs } = each
  const [inputs = 1] = sizes
  const outputs = sizes.at(-1) ?? 1
  const rows = batchSize * stepsPerEpoch
  const values = Float32Array.from({ length: rows * inputs }, (_, i) => Math.sin(i * 0.37))
  const ids = Int32Array.from({ length: rows }, (_, i) => (i * 7) % Math.max(outputs, 2))
  const features = { values, shape: [rows, inputs] }
  const set = outputs > 1 ? data.dataset(features, ids) : data.dataset(features, [...ids])
  const loss = outputs > 1 ? softmaxCrossEntropy : sigmoidCrossEntropy
  const model = nn.mlp([...sizes])
  const optimizer = optim.adam(model.parameters())
  const body = (x: Tensor, y: Tensor): Tensor => {
    const value = loss(model(x, { training: true }), y)
    optimizer.step(grad(value, model.parameters()))
    return value
  }
  const order = Int32Array.from({ length: batchSize }, (_, i) => (i * 31) % rows)
  const indices = () => hostVector(() => order, { length: batchSize, dtype: 'int32' })
  const picked = compile(() => {
    const picks = indices()
    return [gather(set.features, picks), gather(set.labels, picks)]
  })()
  const [x, y] = picked as [Tensor, Tensor]
  const resident = compile(body)
  const gathering = compile(() => {
    const picks = indices()
    return body(gather(set.features, picks), gather(set.labels, picks))
  })
  await resident.warmUp(x, y)
  await gathering.warmUp()
  const steps = stepsPerEpoch * epochs
  const loop = (step: () => Tensor) => async (): Promise<number> => {
    const start = performance.now()
    for (let i = 0; i < steps; i++) step().dispose()
    await engine.idle()
    return (performance.now() - start) / steps
  }
  const lossName = outputs > 1 ? 'softmaxCrossEntropy' : 'sigmoidCrossEntropy'
  const fitted = (watch: boolean) => async (): Promise<number> => {
    // From the end of the first epoch, which waits for pipelines, to the last step.
    let [begin, end] = [0, 0]
    const onStep = ({ step }: train.StepEvent): void => {
      end = performance.now()
      if (step === stepsPerEpoch) begin = end
    }
    const options = { train: set, optimizer, batchSize, epochs: epochs + 1, loss: lossName, watch } as const
    await train.fit(model, { ...options, onStep })
    return (end - begin) / steps
  }
  const ways = {
    resident: loop(() => resident(x, y)),
    gathering: loop(() => gathering()),
    fit: fitted(false),
    watched: fitted(true),
  }
  const found: Record<keyof typeof ways, number[]> = { resident: [], gathering: [], fit: [], watched: [] }
  const counts: Partial<Record<keyof typeof ways, Measured['perStep']>> = {}
  for (let i = 0; i < repetitions + 1; i++) {
    for (const [way, run] of Object.entries(ways) as [keyof typeof ways, () => Promise<number>][]) {
      const before = engine.counters()
      const time = await run()
      const after = engine.counters()
      // The first round settles what there is to settle.
      if (i === 0) continue
      found[way].push(time)
      const all = way === 'fit' || way === 'watched' ? steps + stepsPerEpoch : steps
      counts[way] = Object.fromEntries(
        counted.map(key => [key, (after[key] - before[key]) / all]),
      ) as Measured['perStep']
    }
  }
  const measured = (way: keyof typeof ways): Measured => ({
    milliseconds: spreadOf(found[way]),
    perStep: counts[way] as Measured['perStep'],
  })
  return {
    name,
    resident: measured('resident'),
    gathering: measured('gathering'),
    fit: measured('fit'),
    watched: measured('watched'),
  }
}
