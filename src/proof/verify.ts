// verify: an op's kernels against its reference, for every sample and variant, forward and backward.
import { Engine } from '../engine.ts'
import { fail, nearest, RetrogradError, show } from '../errors.ts'
import { init } from '../init.ts'
import type { AnyOp, Sample } from '../op.ts'
import { boolean, integer, oneOf, parseOptions } from '../options.ts'
import { firstDifference, largestError } from './compare.ts'
import { compute, type Results, type Trial, Unsupported } from './results.ts'
import { type Drawn, describeSample, drawInputs } from './samples.ts'
import { variantsOf, withVariant } from './variants.ts'

/** Options of `verify`. */
export interface VerifyOptions {
  /** The engine whose kernels are on trial. */
  engine: Engine
  /** The engine that is right. Default: a CPU engine made for this call. */
  reference?: Engine
  /** Kernel variants to try. Default: every one. */
  variants?: readonly string[]
  /** Cases to try. Default: the entry's samples. */
  samples?: readonly Sample[]
  /** Seeds the numbers. Default 0. */
  seed?: number
  /** How floats are stored. Default float32. */
  dtype?: 'float32' | 'float16'
  /** Whether gradients are compared too. Default true. */
  gradients?: boolean
}

/** One output or gradient that is not what the reference says. */
export interface VerifyFailure {
  readonly sample: string
  readonly variant: string
  readonly direction: 'forward' | 'backward'
  /** Which output; for a gradient, of which input. */
  readonly output: number
  readonly shape: readonly number[]
  readonly index: readonly number[]
  readonly expected: number
  readonly actual: number
  /** The failure in one line, for people; of a case that threw, the error. */
  readonly message: string
}

/** What `verify` ran and where kernel and reference differ. */
export interface VerifyReport {
  readonly op: string
  readonly dtype: 'float32' | 'float16'
  /** Sample × variant pairs compared. */
  readonly cases: number
  /** Gradients compared. */
  readonly gradients: number
  readonly variants: readonly string[]
  /** Pairs that the variant or the adapter does not support. */
  readonly skipped: number
  /** By variant, the largest |got − expected| / (|expected| + a thousandth of the largest) among outputs. */
  readonly errors: Readonly<Record<string, number>>
  readonly failures: readonly VerifyFailure[]
}

/**
 * Compares an op on `engine` with the reference: for each sample and each variant of its kernel the outputs, and the
 * gradients of the outputs, seeded weights coming in, with respect to every float input. Outputs agree within the
 * entry's tolerance; gradients within what their ops' tolerances add up to. An update's outputs are the parameters it
 * overwrites. Failures are told in the report, not thrown.
 */
export async function verify(op: AnyOp, options: VerifyOptions): Promise<VerifyReport> {
  const {
    engine,
    reference: given,
    variants,
    samples,
    seed,
    dtype,
    gradients,
  } = checkVerifyOptions(op, options)
  const trial: Trial = { op, seed, gradients }
  const reference = given ?? (await init({ backend: 'cpu' }))
  const report = {
    op: op.definition.name,
    dtype,
    cases: 0,
    gradients: 0,
    variants,
    skipped: 0,
    errors: {} as Record<string, number>,
    failures: [] as VerifyFailure[],
  }
  try {
    for (const [number, sample] of samples.entries()) {
      const drawn = drawInputs(sample, seed + number, dtype)
      const float16 = drawn.some(input => input.dtype === 'float16')
      if (dtype === 'float16' && !float16) continue // the same as with float32
      if (float16 && !engine.runner.traits.float16) {
        report.skipped += variants.length
        continue
      }
      const expected = await compute(trial, reference, sample, drawn).catch(error => asError(error))
      if (expected instanceof Error) {
        report.failures.push(thrown(report.op, describeSample(sample), 'reference', expected))
        continue
      }
      for (const variant of variants) {
        const outcome = await attempt(trial, engine, sample, drawn, variant)
        if (outcome === 'unsupported') report.skipped++
        else {
          report.cases++
          report.gradients += expected.backward.length
          report.failures.push(...judge(report.op, describeSample(sample), variant, expected, outcome))
          if (!(outcome instanceof Error))
            report.errors[variant] = Math.max(report.errors[variant] ?? 0, errorOf(expected, outcome))
        }
      }
    }
  } finally {
    if (!given) reference.dispose()
  }
  return report
}

function checkVerifyOptions(op: AnyOp, options: VerifyOptions) {
  if (typeof op !== 'function' || !op.definition)
    fail('value', 'verify', `expected an op, not ${show(op)}.`, 'Make one with defineOp.')
  const engineOf = (value: unknown, { name }: { name: string }): Engine | undefined => {
    if (value === undefined || value instanceof Engine) return value
    return fail(
      'option',
      'verify',
      `${name} must be an engine, not ${show(value)}.`,
      'Make one with await init().',
    )
  }
  const parsed = parseOptions('verify', options, {
    engine: engineOf,
    reference: engineOf,
    variants: (value): readonly string[] | undefined => value as readonly string[] | undefined,
    samples: (value): readonly Sample[] => (value ?? op.definition.samples) as readonly Sample[],
    seed: integer(0),
    dtype: oneOf(['float32', 'float16'], 'float32'),
    gradients: boolean(true),
  })
  const engine =
    parsed.engine ??
    fail('option', 'verify', 'no engine is given.', 'Write verify(op, { engine: await init() }).')
  const known = variantsOf(op, engine)
  const variants = parsed.variants ?? known
  for (const variant of variants) {
    if (known.includes(variant)) continue
    const near = nearest(variant, known)
    fail(
      'option',
      'verify',
      `${op.definition.name} has no kernel variant ${show(variant)}.`,
      near ? `Did you mean '${near}'?` : `Known: ${known.join(', ')}.`,
    )
  }
  return { ...parsed, engine, variants }
}

/** The results on the engine on trial, the error that came instead, or that this variant is not for this sample. */
async function attempt(
  trial: Trial,
  engine: Engine,
  sample: Sample,
  drawn: readonly Drawn[],
  variant: string,
): Promise<Results | 'unsupported' | Error> {
  try {
    return await withVariant(trial.op, engine, variant, () => compute(trial, engine, sample, drawn, variant))
  } catch (error) {
    if (error instanceof Unsupported) return 'unsupported'
    const float16 =
      error instanceof RetrogradError && error.code === 'unsupported' && !engine.runner.traits.float16
    if (float16 && error.message.includes('float16')) return 'unsupported'
    return asError(error)
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

function errorOf(expected: Results, actual: Results): number {
  return expected.forward.reduce(
    (most, { numbers }, i) => Math.max(most, largestError(numbers, actual.forward[i]?.numbers ?? [])),
    0,
  )
}

/** Compares two engines' results of one case. */
function judge(
  op: string,
  sample: string,
  variant: string,
  expected: Results,
  actual: Results | Error,
): VerifyFailure[] {
  const base = { sample, variant }
  if (actual instanceof Error) return [thrown(op, sample, variant, actual)]
  return (['forward', 'backward'] as const).flatMap(direction =>
    expected[direction].flatMap((wanted, output): VerifyFailure[] => {
      const got = actual[direction][output]
      const where = `[${op}] ${direction}${direction === 'backward' ? ` of input ${output}` : ''}, variant ${variant}`
      if (!got || show(got.shape) !== show(wanted.shape) || got.dtype !== wanted.dtype) {
        const found = got ? `${got.dtype} ${show(got.shape)}` : 'nothing'
        const message = `${where}, sample ${sample}: expected ${wanted.dtype} ${show(wanted.shape)}, got ${found}`
        return [
          {
            ...base,
            direction,
            output,
            shape: wanted.shape,
            index: [],
            expected: Number.NaN,
            actual: Number.NaN,
            message,
          },
        ]
      }
      const difference = firstDifference(wanted.shape, wanted.numbers, got.numbers, wanted.tolerance)
      if (!difference) return []
      const { shape } = wanted
      const message = `${where}, shape ${show(shape)}, index ${show(difference.index)}: expected ${difference.expected}, got ${difference.actual} (sample ${sample})`
      return [{ ...base, ...difference, direction, output, shape, message }]
    }),
  )
}

/** The failure of a case that threw. */
function thrown(op: string, sample: string, variant: string, error: Error): VerifyFailure {
  const nowhere = { output: 0, shape: [], index: [], expected: Number.NaN, actual: Number.NaN }
  return {
    sample,
    variant,
    direction: 'forward',
    ...nowhere,
    message: `[${op}] variant ${variant}, sample ${sample}: ${error.message}`,
  }
}
