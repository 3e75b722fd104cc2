// The card of this GPU as text, to be put into an issue: Markdown for people, JSON for programs.
import { version } from '../../package.json'
import type { AdapterPeak, AdapterReport, BenchmarkRow, OpFacts, Proof } from './facts.ts'

/** All that the card tells. */
export interface Findings {
  readonly backend: 'webgpu' | 'cpu'
  readonly adapter: AdapterReport
  readonly peak: AdapterPeak | null
  readonly userAgent: string
  readonly date: Date
  readonly ops: readonly (OpFacts & {
    readonly proof: Proof | null
    readonly times: readonly BenchmarkRow[] | null
  })[]
}

/** An adapter's name; software says so. */
export const nameOf = ({ vendor, architecture, description, isFallback }: AdapterReport): string => {
  const words = [vendor, architecture, description].filter(
    (word, i, all) => word !== '' && !all.slice(i + 1).some(later => later.includes(word)),
  )
  return `${words.join(' ') || 'unnamed adapter'}${isFallback ? ' (in software)' : ''}`
}

/** In an adapter's place. */
export const NO_GPU = 'no GPU'

/** How an op stands, in a word or two. */
export function standing(proof: Proof | null): string {
  if (!proof) return 'not run'
  const how = proof.wrong === 0 ? 'right' : `${proof.wrong} wrong`
  return proof.isBroken ? `${how}, broken on purpose` : how
}

/** A relative error: 1.2e-7. */
export const errorOf = (error: number): string => (error === 0 ? '0' : error.toExponential(1))

/** Numbers as people read them: 12.3 k, 4.56. */
export const brief = (value: number): string =>
  value >= 1e4 ? `${(value / 1e3).toPrecision(3)} k` : String(Number(value.toPrecision(3)))

/** The variants that the engine takes when left to itself, out of all that were timed. */
export const taken = (times: readonly BenchmarkRow[] | null): readonly BenchmarkRow[] =>
  (times ?? []).filter(row => row.chosen)

export const shapesOf = (shapes: readonly (readonly number[])[]): string =>
  shapes.map(shape => `[${shape.join(', ')}]`).join(' ')

const cell = (text: string): string => text.replace(/\|/g, '\\|').replace(/\s*\n\s*/g, ' ')
const row = (...cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`

/** For an issue: the facts, every failure, and each op below a fold. */
export function asMarkdown(findings: Findings): string {
  const { backend, adapter, peak, ops } = findings
  const name = backend === 'cpu' ? NO_GPU : nameOf(adapter)
  const failures = ops.flatMap(({ proof }) => proof?.failures ?? [])
  const times = ops.flatMap(op => taken(op.times))
  return [
    `### Kernels on ${name}`,
    '',
    row('', ''),
    row('---', '---'),
    row('Adapter', name),
    row('Features', adapter.features.join(', ') || 'none'),
    row('Verified', summary(findings)),
    ...(peak
      ? [
          row(
            'Measured peak',
            `${brief(peak.gigaflopsPerSecond)} GFLOP/s, ${brief(peak.gigabytesPerSecond)} GB/s`,
          ),
        ]
      : []),
    row('retrograd', version),
    row('Browser', findings.userAgent),
    row('Date', findings.date.toISOString()),
    '',
    ...(failures.length > 0
      ? ['**Wrong**', '', ...failures.map(({ message, dtype }) => `- ${cell(message)} (${dtype})`), '']
      : []),
    ...folded('Every op', [
      row('op', 'family', 'variants', 'result', 'cases', 'gradients', 'largest error'),
      row('---', '---', '---', '---', '--:', '--:', '--:'),
      ...ops.map(({ name, family, variants, proof }) =>
        row(
          name,
          family,
          variants.join(', ') || 'made of other ops',
          standing(proof),
          ...(proof ? [String(proof.cases), String(proof.gradients), errorOf(proof.error)] : ['', '', '']),
        ),
      ),
    ]),
    ...(times.length > 0
      ? folded('Times', [
          row('op', 'variant', 'shapes', 'ms', 'GFLOP/s', 'GB/s', 'times the CPU'),
          row('---', '---', '---', '--:', '--:', '--:', '--:'),
          ...times.map(time =>
            row(
              time.op,
              time.variant,
              shapesOf(time.shapes),
              brief(time.milliseconds),
              time.gigaflopsPerSecond === null ? '' : brief(time.gigaflopsPerSecond),
              brief(time.gigabytesPerSecond),
              brief(time.ratio),
            ),
          ),
        ])
      : []),
    ...folded('Limits', [
      row('limit', 'value'),
      row('---', '--:'),
      ...Object.entries(adapter.limits).map(([name, value]) => row(name, String(value))),
    ]),
  ].join('\n')
}

const folded = (title: string, lines: readonly string[]): string[] => [
  `<details><summary>${title}</summary>`,
  '',
  ...lines,
  '',
  '</details>',
  '',
]

function summary({ ops }: Findings): string {
  const proofs = ops.flatMap(({ proof }) => proof ?? [])
  const sum = (of: (proof: Proof) => number) => proofs.reduce((total, proof) => total + of(proof), 0)
  const wrong = proofs.filter(proof => proof.wrong > 0).length
  return [
    `${proofs.length} of ${ops.length} ops`,
    wrong === 0 ? 'none wrong' : `${wrong} wrong`,
    `${sum(({ cases }) => cases)} cases`,
    `${sum(({ gradients }) => gradients)} gradients`,
    `${sum(({ skipped }) => skipped)} not applicable`,
  ].join(', ')
}

/** The same and more, for programs: every timed variant, every failure with its shape and index. */
export function asJson({ backend, adapter, peak, userAgent, date, ops }: Findings): string {
  const library = { name: 'retrograd', version }
  return JSON.stringify(
    { library, date: date.toISOString(), userAgent, backend, adapter, peak, ops },
    null,
    2,
  )
}
