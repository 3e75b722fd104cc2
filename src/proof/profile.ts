// profile: how long each kernel of a compiled function takes by the GPU's clock, and how near that is to what the adapter can do.
import type { DispatchReport } from '../backend.ts'
import { type Compiled, checkCompiled } from '../compile.ts'
import { fail, show } from '../errors.ts'
import { integer, parseOptions } from '../options.ts'
import { eachTensor } from '../tensor.ts'
import { columns } from '../text.ts'
import { WebGpuBackend } from '../webgpu/backend.ts'
import { Meter } from '../webgpu/meter.ts'
import { type AdapterPeak, measurePeak } from './peak.ts'
import { rooflinePicture } from './picture.ts'
import { median } from './stopwatch.ts'

/** Options of `profile`. */
export interface ProfileOptions {
  /** Calls to time; each is a call like any other: it trains. Default 10. */
  calls?: number
  /** What the adapter can do at most. Default: measured before. */
  peak?: AdapterPeak
}

/** One dispatch of the plan. */
export interface ProfileRow extends DispatchReport {
  /** Mean of the calls. */
  readonly milliseconds: number
  /** Of the time of all dispatches. */
  readonly share: number
  readonly gigaflopsPerSecond: number
  readonly gigabytesPerSecond: number
  /** Of what the adapter's peak allows for as many operations and bytes: 1 is the roofline (Williams et al. 2009). */
  readonly roofline: number
}

/** A profile: plain data but for its two ways to be shown. */
export interface Profile {
  readonly adapter: string
  readonly peak: AdapterPeak
  readonly calls: number
  readonly rows: readonly ProfileRow[]
  /** Sum of the rows. */
  readonly milliseconds: number
  /** Median time from call to end of a call without timestamps, in one pass. */
  readonly wallMilliseconds: number
  /** A table. */
  toString(): string
  /** A picture as SVG: time by kernel, and the roofline. */
  toSVG(): string
}

/** A query set holds 4096 timestamps, two for each dispatch. */
const MOST_DISPATCHES = 2048

/** What the option `peak` holds. */
function peakOf(value: unknown): AdapterPeak | undefined {
  if (value === undefined) return undefined
  const { gigaflopsPerSecond, gigabytesPerSecond } = (value ?? {}) as Partial<AdapterPeak>
  const isSpeed = (speed: unknown): speed is number =>
    typeof speed === 'number' && speed > 0 && Number.isFinite(speed)
  if (isSpeed(gigaflopsPerSecond) && isSpeed(gigabytesPerSecond))
    return { gigaflopsPerSecond, gigabytesPerSecond }
  return fail('option', 'profile', `peak is ${show(value)}.`, 'Pass what measurePeak gave.')
}

/**
 * Times every dispatch of a compiled function, each in a pass with timestamps of its own, which costs nothing once it
 * is over. It makes twice `calls` and one more of it, each of which trains. Throws `unsupported` on the CPU backend and on adapters without the feature timestamp-query.
 */
export async function profile<Arguments extends readonly unknown[]>(
  step: Compiled<Arguments, unknown>,
  args: Arguments,
  options: ProfileOptions = {},
): Promise<Profile> {
  const { calls, peak: given } = parseOptions('profile', options, {
    calls: integer(10, { min: 1 }),
    peak: peakOf,
  })
  checkCompiled('profile', step, args)
  await step.warmUp(...args)
  const { engine } = step.planned(...args)
  const { runner } = engine
  if (!(runner instanceof WebGpuBackend))
    fail('unsupported', 'profile', 'the CPU backend has no GPU to time.', 'Use a WebGPU engine.')
  if (!runner.device.features.has('timestamp-query'))
    fail(
      'unsupported',
      'profile',
      `the adapter (${engine.adapter.description}) lacks the feature timestamp-query.`,
    )
  const peak = given ?? (await measurePeak(engine))
  const { kernels } = step.plan(...args)
  if (kernels.length > MOST_DISPATCHES)
    fail(
      'limit',
      'profile',
      `the plan has ${kernels.length} dispatches; at most ${MOST_DISPATCHES} can be timed.`,
      'Profile a part of it.',
    )
  const call = (): void => eachTensor(step(...args), result => result.dispose())
  call()
  await engine.idle()
  const walls: number[] = []
  for (let i = 0; i < calls; i++) {
    const start = performance.now()
    call()
    await engine.idle()
    walls.push(performance.now() - start)
  }
  const totals = kernels.map(() => 0)
  const meter = new Meter(runner.device, kernels.length)
  try {
    for (let i = 0; i < calls; i++) {
      // What is pending runs before, as a pass like any other.
      engine.flush()
      runner.meter = meter
      try {
        call()
      } finally {
        runner.meter = null
      }
      const times = (await meter.milliseconds()) ?? []
      times.forEach((time, k) => {
        totals[k] = (totals[k] ?? 0) + Math.max(0, time)
      })
    }
  } finally {
    meter.dispose()
  }
  const milliseconds = totals.reduce((sum, total) => sum + total, 0) / calls
  const rows = kernels.map((kernel, k): ProfileRow => {
    const own = (totals[k] ?? 0) / calls
    const bytes = kernel.bytesRead + kernel.bytesWritten
    const least = Math.max(
      kernel.operations / peak.gigaflopsPerSecond / 1e6,
      bytes / peak.gigabytesPerSecond / 1e6,
    )
    return {
      ...kernel,
      milliseconds: own,
      share: milliseconds > 0 ? own / milliseconds : 0,
      gigaflopsPerSecond: own > 0 ? kernel.operations / own / 1e6 : 0,
      gigabytesPerSecond: own > 0 ? bytes / own / 1e6 : 0,
      roofline: own > 0 ? least / own : 0,
    }
  })
  const { description } = engine.adapter
  const facts = { adapter: description, peak, calls, rows, milliseconds, wallMilliseconds: median(walls) }
  return { ...facts, toString: () => profileTable(facts), toSVG: () => rooflinePicture(facts) }
}

export type ProfileFacts = Omit<Profile, 'toString' | 'toSVG'>

function profileTable({ adapter, peak, rows, milliseconds, wallMilliseconds, calls }: ProfileFacts): string {
  const head = ['op', 'kernel', 'shapes', 'ms', 'share', 'GFLOP/s', 'GB/s', 'roofline']
  const body = rows.map(row => [
    row.op,
    `${row.kernel.replace(/\.wgsl$/, '')} ${row.variant}`,
    row.shapes.map(show).join(' '),
    row.milliseconds.toFixed(3),
    `${(100 * row.share).toFixed(1)} %`,
    row.gigaflopsPerSecond.toPrecision(3),
    row.gigabytesPerSecond.toPrecision(3),
    `${(100 * row.roofline).toFixed(0)} %`,
  ])
  return [
    ...columns([head, ...body], [0, 1, 2]),
    `${milliseconds.toFixed(3)} ms in kernels, ${wallMilliseconds.toFixed(3)} ms from call to end, mean and median of ${calls} calls`,
    `${adapter}: measured peak ${peak.gigaflopsPerSecond.toPrecision(3)} GFLOP/s, ${peak.gigabytesPerSecond.toPrecision(3)} GB/s`,
  ].join('\n')
}
