// benchmark: how fast an op's kernels are, each proven right before it is timed.
import { compile } from '../compile.ts'
import { Engine } from '../engine.ts'
import { fail, show } from '../errors.ts'
import { init } from '../init.ts'
import type { AnyOp, Sample } from '../op.ts'
import { integer, parseOptions } from '../options.ts'
import { sizeOf } from '../shape.ts'
import { eachTensor, type Tensor } from '../tensor.ts'
import { WebGpuBackend } from '../webgpu/backend.ts'
import { argumentsOf, callOp, drawInputs, uploadInputs } from './samples.ts'
import { median, Stopwatch, type Timing } from './stopwatch.ts'
import { ONLY, serves, variantsOf } from './variants.ts'
import { verify } from './verify.ts'

/** Options of `benchmark`. */
export interface BenchmarkOptions {
  /** The engine to time. */
  engine: Engine
  /** The engine to compare with, and to verify against. Default: a CPU engine made for this call. */
  reference?: Engine
  /** Kernel variants to time. Default: every one that serves. */
  variants?: readonly string[]
  /** Calls to time. Default: the entry's samples marked `benchmark`. */
  samples?: readonly Sample[]
  /** Timed batches; the median counts. Default 9. */
  repetitions?: number
  /** Seeds the numbers. Default 0. */
  seed?: number
}

/** One kernel variant on one sample. */
export interface BenchmarkRow {
  readonly op: string
  readonly variant: string
  /** Whether the engine takes this variant when left to itself. */
  readonly chosen: boolean
  readonly shapes: readonly (readonly number[])[]
  /** Of one call: the median of the batches. */
  readonly milliseconds: number
  /** Whose clock: the GPU's own, or this thread's around a batch of calls. */
  readonly clock: Timing['clock']
  /** Inputs and outputs moved once, over the time. */
  readonly gigabytesPerSecond: number
  /** Null for ops that state no operations: memory is what bounds them. */
  readonly gigaflopsPerSecond: number | null
  readonly referenceMilliseconds: number
  /** How many times faster than the reference. */
  readonly ratio: number
  /** The largest error among the outputs, see `VerifyReport.errors`. */
  readonly error: number
  readonly adapter: string
}

/** On a software adapter, of calls of more operations than this only the variant it chooses is timed: others take seconds. */
const HEAVY_OPERATIONS = 5e7

/** Batches are repeated until they have taken this long in all, which only slow machines reach. */
const ENOUGH_MILLISECONDS = 500

/**
 * Times an op's kernels on the samples its entry marks, batches of about 16 ms interleaved with calls of the
 * reference, and gives the median. Every variant is verified on the sample first; throws `value` when one is wrong.
 */
export async function benchmark(op: AnyOp, options: BenchmarkOptions): Promise<BenchmarkRow[]> {
  const engineOf = (value: unknown): Engine | undefined => (value instanceof Engine ? value : undefined)
  const parsed = parseOptions('benchmark', options, {
    engine: engineOf,
    reference: engineOf,
    variants: value => value as readonly string[] | undefined,
    samples: value => value as readonly Sample[] | undefined,
    repetitions: integer(9, { min: 1 }),
    seed: integer(0),
  })
  const {
    engine = fail(
      'option',
      'benchmark',
      'no engine is given.',
      'Write benchmark(op, { engine: await init() }).',
    ),
  } = parsed
  const { seed, repetitions } = parsed
  const samples = parsed.samples ?? op.definition.samples.filter(sample => sample.benchmark)
  const variants = parsed.variants ?? variantsOf(op, engine)
  const reference = parsed.reference ?? (await init({ backend: 'cpu' }))
  const rows: BenchmarkRow[] = []
  try {
    for (const sample of samples) {
      const rival = new Trial(op, reference, sample, seed)
      const own = new Trial(op, engine, sample, seed)
      const heavy = engine.adapter.isFallback && (own.operations ?? 0) > HEAVY_OPERATIONS
      const tried = heavy && !parsed.variants ? [own.preferred] : variants
      own.dispose()
      const proof = await verify(op, {
        engine,
        reference,
        samples: [sample],
        variants: tried,
        seed,
        gradients: false,
      })
      const [wrong] = proof.failures
      if (wrong) fail('value', 'benchmark', `${wrong.message}.`, 'What is wrong is not timed.')
      const rivals: number[] = []
      for (const variant of tried) {
        const trial = new Trial(op, engine, sample, seed, variant)
        const time = () => race(trial, rival, rivals, repetitions)
        if (trial.serves) rows.push({ ...(await time()), error: proof.errors[variant] ?? 0 })
        trial.dispose()
      }
      rival.dispose()
    }
  } finally {
    if (!parsed.reference) reference.dispose()
  }
  return rows
}

/** Times a trial and, while `rivals` is short, its rival in turn, so that what slows the machine slows both. */
async function race(
  trial: Trial,
  rival: Trial,
  rivals: number[],
  repetitions: number,
): Promise<Omit<BenchmarkRow, 'error'>> {
  const calls = await trial.stopwatch.warmUp()
  const times: number[] = []
  let clock: BenchmarkRow['clock'] = 'gpu'
  const enough = (times: readonly number[]) => sum(times) > ENOUGH_MILLISECONDS
  for (let i = 0; i < repetitions && !enough(times); i++) {
    const batch = await trial.stopwatch.batch(calls)
    times.push(batch.milliseconds)
    if (batch.clock === 'wall') clock = 'wall'
    if (!enough(rivals)) rivals.push((await rival.stopwatch.batch(1)).milliseconds)
  }
  const milliseconds = median(times) / calls
  const referenceMilliseconds = median(rivals)
  return {
    op: trial.name,
    variant: trial.variant,
    chosen: trial.chosen,
    shapes: trial.shapes,
    milliseconds,
    clock,
    gigabytesPerSecond: trial.bytes / milliseconds / 1e6,
    gigaflopsPerSecond: trial.operations === null ? null : trial.operations / milliseconds / 1e6,
    referenceMilliseconds,
    ratio: referenceMilliseconds / milliseconds,
    adapter: trial.adapter,
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

/** One call, compiled on one engine with one variant, ready to be repeated. */
class Trial {
  readonly name: string
  readonly adapter: string
  readonly shapes: readonly (readonly number[])[]
  readonly bytes: number
  readonly operations: number | null
  readonly serves: boolean
  /** The variant that the engine takes when left to itself. */
  readonly preferred: string
  readonly chosen: boolean
  private readonly call: (() => Tensor[]) & { dispose(): void }
  private readonly tensors: Tensor[]
  readonly stopwatch: Stopwatch

  constructor(
    op: AnyOp,
    private readonly engine: Engine,
    sample: Sample,
    seed: number,
    readonly variant = ONLY,
  ) {
    const { runner } = engine
    this.name = op.definition.name
    this.adapter = engine.adapter.description
    const inputs = engine.use(() => uploadInputs(op, sample, engine, drawInputs(sample, seed)))
    const args = engine.use(() => argumentsOf(sample, inputs))
    const tensors = new Set<Tensor>(inputs)
    eachTensor(args, x => tensors.add(x))
    this.tensors = [...tensors]
    this.serves = serves(op, args, engine, variant)
    const recorded = () => engine.use(() => compile(() => callOp(op, args)))
    this.call = recorded()
    this.preferred = this.variantOf(recorded) ?? ONLY
    // The first call makes the plan, and with it the choice of variant.
    const forced = runner instanceof WebGpuBackend && this.serves ? runner.forced : null
    forced?.set(this.name, variant)
    const outputs = this.firstCall(forced)
    this.chosen = this.preferred === variant || variant === ONLY
    this.shapes = [...this.tensors, ...outputs].map(({ shape }) => shape)
    const updated = (op.definition.updates ?? []).flatMap(index => this.tensors[index] ?? [])
    this.bytes = [...this.tensors, ...outputs, ...updated].reduce(
      (sum, x) => sum + sizeOf(x.shape) * engine.elementBytes(x),
      0,
    )
    this.operations = op.definition.operations?.(inputs, outputs) ?? null
    for (const output of outputs) output.dispose()
    this.stopwatch = new Stopwatch(engine, () => this.run())
  }

  private firstCall(forced: Map<string, string> | null): Tensor[] {
    try {
      return this.engine.use(() => this.call())
    } finally {
      forced?.delete(this.name)
    }
  }

  /** The variant that this op's own dispatches take when nothing is forced; undefined for a composite and on the CPU. */
  private variantOf(recorded: () => ReturnType<typeof compile<[], Tensor[]>>): string | undefined {
    if (!(this.engine.runner instanceof WebGpuBackend)) return undefined
    const probe = recorded()
    const found = this.engine.use(() => probe.plan()).kernels.find(kernel => kernel.op === this.name)
    probe.dispose()
    return found?.variant
  }

  private run(): void {
    this.engine.use(() => {
      for (const output of this.call()) output.dispose()
    })
  }

  dispose(): void {
    this.call.dispose()
    this.stopwatch.dispose()
    for (const x of this.tensors) x.dispose()
  }
}

/** A row in words, for a table. */
export function describeRow(row: BenchmarkRow): string {
  const speed =
    row.gigaflopsPerSecond === null
      ? `${row.gigabytesPerSecond.toFixed(2)} GB/s`
      : `${row.gigaflopsPerSecond.toFixed(2)} GFLOP/s`
  const shapes = row.shapes.map(show).join(' ')
  return `${row.op} ${row.variant}${row.chosen ? '*' : ''} ${shapes}: ${row.milliseconds.toFixed(4)} ms, ${speed}, ${row.ratio.toFixed(1)}× the CPU, error ${row.error.toExponential(1)}`
}
