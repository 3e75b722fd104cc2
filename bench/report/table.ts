// Tables for people: the race by workload, counts and memory by library, floors.
import type { Counts } from '../race/counters.ts'
import type { LibraryName } from '../race/library.ts'
import type { AdapterPeak } from '../race/peak.ts'
import type { LibraryTime, RaceResult } from '../race/race.ts'
import { median } from '../race/statistics.ts'
import { bytesOf, describeWorkload, findWorkloads, idealBytes, operationsOf } from '../race/workloads.ts'
import { peakShare } from './floors.ts'
import { type FloorCheck, type Results, ratioOf, type Solo } from './results.ts'

/** Three digits that count: 0.0123, 1.23, 1,234. */
export function short(number: number): string {
  if (!Number.isFinite(number)) return '-'
  return Math.abs(number) >= 100
    ? Math.round(number).toLocaleString('en')
    : `${Number(number.toPrecision(3))}`
}

/** Lines of aligned columns; the first column is flush left, the others right. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0)))
  return rows
    .map(row =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** What a workload's time says of the adapter: GFLOP/s or GB/s, and the share of the peak measured. */
export function speedOf(
  name: string,
  milliseconds: number,
  peak: AdapterPeak,
): { readonly text: string; readonly share: number } {
  const [workload] = findWorkloads(name)
  if (!workload) return { text: '-', share: Number.NaN }
  const operations = operationsOf(workload)
  const speed = (operations ?? bytesOf(workload)) / milliseconds / 1e6
  return operations === null
    ? { text: `${short(speed)} GB/s`, share: speed / peak.gigabytesPerSecond }
    : { text: `${short(speed)} GFLOP/s`, share: speed / peak.gigaflopsPerSecond }
}

/** The adapter, what it reaches at most, and who takes part. */
export function heading({ adapter, peak, versions }: Pick<Results, 'adapter' | 'peak' | 'versions'>): string {
  const who = Object.entries(versions).map(([name, version]) => namedVersion(name, version))
  const { gigaflopsPerSecond, gigabytesPerSecond } = peak
  return (
    `Adapter: ${adapterName(adapter)}; ${who.join(', ')}\n` +
    `Peak measured: ${short(gigaflopsPerSecond)} GFLOP/s of multiply-adds, ${short(gigabytesPerSecond)} GB/s of memory moved`
  )
}

export function adapterName({ description, isFallback }: Results['adapter']): string {
  return `${description}${isFallback ? ' (software)' : ''}`
}

/** A version with its name, which 'Chrome/156.0.1' says by itself. */
export function namedVersion(name: string, version: string): string {
  return version.toLowerCase().startsWith(`${name}/`) ? version.replace('/', ' ') : `${name} ${version}`
}

const titles = ['library', 'ms', 'low', 'high', 'ratio', 'main ms', 'difference', 'speed', 'of peak']

/** One workload's race: a line a library. */
export function raceTable(race: RaceResult, peak: AdapterPeak): string {
  const [workload] = findWorkloads(race.workload)
  const head = `${race.workload}: ${workload ? describeWorkload(workload) : ''}`
  const rows = Object.entries(race.times).map(([name, time]) =>
    raceRow(race, name as LibraryName, time, peak),
  )
  const absent = Object.entries(race.absent).map(([name, reason]) => `${name}: ${reason}`)
  return [head, columns([titles, ...rows]), ...absent].join('\n')
}

function raceRow(race: RaceResult, name: LibraryName, time: LibraryTime, peak: AdapterPeak): string[] {
  const { median, low, high } = time.milliseconds
  const ratio = ratioOf(race, name)
  const { text, share } = speedOf(race.workload, median, peak)
  return [
    name,
    short(median),
    short(low),
    short(high),
    name === 'retrograd' || ratio === null ? '' : `${ratio.toFixed(2)}×`,
    short(time.mainThreadMilliseconds),
    time.difference.toExponential(1),
    text,
    Number.isFinite(share) ? `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %` : '-',
  ]
}

const COUNTED: readonly (readonly [string, keyof Counts])[] = [
  ['dispatches', 'dispatches'],
  ['submits', 'submits'],
  ['bind groups', 'bindGroups'],
  ['buffers', 'buffers'],
  ['writes', 'writes'],
  ['copies', 'copies'],
  ['pipelines', 'pipelines'],
]

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)}`

/** One workload's steady state and first step: a line a library. */
export function soloTable(workload: string, solos: readonly Solo[]): string {
  const [found] = findWorkloads(workload)
  const ideal = found?.kind === 'training' ? idealBytes(found) : Number.NaN
  const rows = solos.map(solo => [
    solo.library,
    short(median(solo.coldMilliseconds)),
    ...COUNTED.map(([, key]) => short(solo.counts[key])),
    short(solo.counts.bufferBytes / 1e6),
    megabytes(solo.peakBytes),
    megabytes(solo.steadyPeakBytes),
    `${peakShare(solo)?.toFixed(2)}×`,
  ])
  const head = [
    'library',
    'cold ms',
    ...COUNTED.map(([title]) => title),
    'MB made',
    'peak MB',
    'steady MB',
    'over ideal',
  ]
  return `${workload}, a step: first from cold, then counts of the steady state; ideal memory ${megabytes(ideal)} MB\n${columns([head, ...rows])}`
}

/** The floors: a line each. */
export function floorTable(floors: readonly FloorCheck[]): string {
  const rows = floors.map(({ name, floor, measured, met }) => [name, floor, measured, met ? 'met' : 'MISSED'])
  return columns([['floor', 'promised', 'measured', ''], ...rows])
}
