// The worker: proves kernels on the visitor's GPU against the CPU reference, and times them.
import {
  type AnyOp,
  type BenchmarkRow,
  benchmark,
  defineOp,
  type Engine,
  init,
  type Kernel,
  measurePeak,
  type OpDefinition,
  ops,
  type Sample,
  type VerifyFailure,
  verify,
} from 'retrograd'
import { type EngineOptions, isLost, type StartedEngine, serveWorker, startEngine } from '../page/engine.ts'
import type { AdapterPeak, Failure, Machine, OpFacts, Proof } from './facts.ts'

/** Failures of one op beyond these are counted, not told. */
const MOST_FAILURES = 5

let engine: Engine | null = null
let open: () => Promise<StartedEngine> = () => startEngine()
let reference: Engine | null = null
let isStopped = false
/** Milliseconds between two tellings of the case, each of which has the page draw. */
const PACE = 100
let lastTold = 0

const prover = {
  /** Starts the engine on trial and the one that is right. */
  async start(options: EngineOptions, onLost: (reason: string) => unknown): Promise<Machine> {
    open = () => startEngine({ ...options, onLost })
    const started = await open()
    engine = started.engine
    reference = await init({ backend: 'cpu' })
    const { backend, adapter } = engine
    return { backend, notice: started.notice, adapter, ops: Object.values(ops).map(factsOf) }
  },

  /** Proves an op, or what is left of it with its kernel broken. Null if it was stopped meanwhile. */
  async prove(name: string, isBroken: boolean, onCase: (words: string) => unknown): Promise<Proof | null> {
    const running = theEngine()
    const op = isBroken ? broken(opOf(name)) : opOf(name)
    const found = { cases: 0, gradients: 0, skipped: 0, error: 0, wrong: 0 }
    const failures: Failure[] = []
    isStopped = false
    const float16 = running.adapter.features.includes('shader-f16')
    for (const dtype of float16 ? (['float32', 'float16'] as const) : (['float32'] as const)) {
      for (const [seed, sample] of op.definition.samples.entries()) {
        if (sample.benchmark) continue
        if (isStopped) return null
        if (performance.now() - lastTold > PACE) {
          lastTold = performance.now()
          void onCase(`${dtype} ${sample.inputs.map(({ shape }) => `[${shape.join(', ')}]`).join(' ')}`)
        }
        const report = await verify(op, {
          engine: running,
          ...(reference && { reference }),
          samples: [sample],
          seed,
          dtype,
        })
        const fault = await mend()
        if (fault) {
          found.wrong++
          const message = fault.message.replace(/\n.*\n/s, ' … ') // without generated code
          return { ...found, failures: [...failures, { ...NOTHING_RAN, dtype, message }], isBroken }
        }
        found.cases += report.cases
        found.gradients += report.gradients
        found.skipped += report.skipped
        found.error = Math.max(found.error, ...Object.values(report.errors))
        found.wrong += report.failures.length
        failures.push(...report.failures.map(failure => told(failure, dtype)))
      }
    }
    if (found.cases === 0 && found.wrong === 0) {
      found.wrong = 1
      failures.push({ ...NOTHING_RAN, message: `[${name}] no case ran on this adapter` })
    }
    return { ...found, failures: failures.slice(0, MOST_FAILURES), isBroken }
  },

  /** What the adapter can do at most. */
  peak: (): Promise<AdapterPeak> => measurePeak(theEngine()),

  /** Times an op. Null if it was stopped meanwhile. */
  async time(name: string): Promise<readonly BenchmarkRow[] | null> {
    const rows: BenchmarkRow[] = []
    const op = opOf(name)
    isStopped = false
    for (const sample of timed(op)) {
      if (isStopped) return null
      const options = { engine: theEngine(), ...(reference && { reference }), samples: [sample] }
      try {
        rows.push(...(await benchmark(op, options)))
      } catch (error) {
        await mend()
        throw error
      }
    }
    return rows
  },

  /** Ends what is under way before its next sample. */
  stop(): void {
    isStopped = true
  },
}

export type Prover = typeof prover
serveWorker(prover)

function theEngine(): Engine {
  if (!engine) throw new Error('The engine has not been started.')
  return engine
}

/**
 * What a kernel did that ends its engine: it does not compile, or breaks a rule of WebGPU. Then there is another engine for
 * the next. Null if all is well; throws where the GPU went away, since then what was found says nothing.
 */
async function mend(): Promise<Error | null> {
  try {
    theEngine().use(() => {}) // throws where the engine cannot be used
    return null
  } catch (error) {
    if (isLost(error) || !(error instanceof Error)) throw error
    engine?.dispose()
    engine = (await open()).engine
    return error
  }
}

function opOf(name: string): AnyOp {
  const op = ops[name]
  if (!op) throw new Error(`There is no op “${name}”.`)
  return op
}

const timed = (op: AnyOp): readonly Sample[] => op.definition.samples.filter(sample => sample.benchmark)

function factsOf(op: AnyOp): OpFacts {
  const { name, family, kernel } = op.definition
  const variants = kernel?.variants ?? []
  const isAlias = 'alias' in op.definition && op.definition.alias === true
  return { name, family, variants, isTimed: timed(op).length > 0, canBreak: variants.length > 0 && !isAlias }
}

/** The op with a mistake as real kernels make them: the last workgroup of its last dispatch never runs. */
function broken(op: AnyOp): AnyOp {
  const definition = op.definition as unknown as OpDefinition<object, readonly never[]>
  const { variants, supports, choose, program } = definition.kernel
  const kernel: Kernel = {
    variants,
    ...(supports && { supports }),
    ...(choose && { choose }),
    program(request) {
      const right = program(request)
      const dispatches = right.dispatches.map((dispatch, i) =>
        i === right.dispatches.length - 1
          ? { ...dispatch, workgroups: Math.max(0, dispatch.workgroups - 1) }
          : dispatch,
      )
      return { ...right, dispatches }
    },
  }
  return defineOp({ ...definition, kernel })
}

function told(failure: VerifyFailure, dtype: 'float32' | 'float16'): Failure {
  const { variant, direction, output, sample, shape, index, expected, actual, message } = failure
  const threw = index.length === 0 && Number.isNaN(expected) && Number.isNaN(actual)
  const result = direction === 'forward' ? 'forward' : `gradient of input ${output}`
  return {
    dtype,
    variant,
    result: threw ? null : result,
    sample,
    shape,
    index,
    expected: String(expected),
    actual: String(actual),
    message,
  }
}

const NOTHING_RAN = {
  dtype: 'float32',
  variant: '',
  result: null,
  sample: '',
  shape: [],
  index: [],
  expected: '',
  actual: '',
} as const
