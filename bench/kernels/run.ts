// What `npm run bench` does once the machine is ready: measures each op's kernels in a page of Chrome and prints a table.
import { Command, InvalidArgumentError } from 'commander'
import { version } from '../../package.json'
import type { AdapterReport } from '../../src/backend.ts'
import { nearest } from '../../src/errors.ts'
import { parseOptions, tellingErrors } from '../../src/harness/command.ts'
import { type ModulePage, openPage } from '../../src/harness/index.ts'
import { ops } from '../../src/ops/table.ts'
import type { BenchmarkRow } from '../../src/proof/index.ts'
import { tableHead, tableRow } from './table.ts'

interface BenchOptions {
  readonly op?: readonly string[]
  readonly repetitions: number
  readonly json: boolean
}

/** An op that could not be measured. */
interface Failure {
  readonly op: string
  readonly message: string
}

/** Ops with samples that are worth timing. */
const timed = Object.values(ops)
  .map(op => op.definition)
  .filter(({ samples }) => samples.some(sample => sample.benchmark))
  .map(({ name }) => name)

/** Measures what the command line says. Gives the exit code: 1 where that makes no sense, or a kernel is wrong. */
export function main(argv: readonly string[], { chrome }: { chrome: string }): Promise<number> {
  return tellingErrors(async () => {
    const command = new Command('npm run bench --')
      .description(
        'Times every WebGPU kernel in headless Chrome against the CPU reference; each is verified first.',
      )
      .option('--op <names>', 'only these ops: matmul,softmax (default: all)', opNames)
      .option('--repetitions <count>', 'batches timed, of which the median counts', repetitions, 5)
      .option('--json', 'print one JSON object; progress goes to stderr', false)
    const options = parseOptions<BenchOptions>(command, argv)
    if (!options) return 0
    const page = await openPage({ module: '/bench/kernels/page.ts', executablePath: chrome })
    try {
      return await bench(page, options)
    } finally {
      await page.close()
    }
  })
}

async function bench(
  page: ModulePage,
  { op: names = timed, repetitions, json }: BenchOptions,
): Promise<number> {
  const start = performance.now()
  const say = (text: string) => (json ? process.stderr : process.stdout).write(`${text}\n`)
  const adapter = (await page.call('open')) as AdapterReport
  const versions = { retrograd: version, chrome: await page.page.browser().version(), node: process.version }
  const name = `${adapter.description}${adapter.isFallback ? ' (software)' : ''}`
  say(`Adapter: ${name}; retrograd ${version}, ${versions.chrome}, Node.js ${versions.node}\n`)
  say(tableHead())
  const rows: BenchmarkRow[] = []
  const failures: Failure[] = []
  page.onMessage(message => {
    const row = message as BenchmarkRow
    rows.push(row)
    say(tableRow(row))
  })
  for (const op of names) {
    try {
      await page.call('measure', op, repetitions)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      failures.push({ op, message: error.message })
      say(`${op}: ${error.message}`)
    }
  }
  const seconds = (performance.now() - start) / 1000
  say(
    `\n${rows.length} kernels of ${names.length} ops in ${seconds.toFixed(0)} s on ${name}; * is the variant chosen here.`,
  )
  say(
    'speed: GFLOP/s, or GB/s where memory is what bounds; ratio: CPU ms over ms; error: the largest, relative.',
  )
  if (failures.length > 0) say(`FAILED: ${failures.map(({ op }) => op).join(', ')}`)
  if (json) process.stdout.write(`${JSON.stringify({ adapter, versions, rows, failures, seconds })}\n`)
  return failures.length > 0 ? 1 : 0
}

function opNames(text: string): string[] {
  const names = text.split(',').map(name => name.trim())
  for (const name of names) {
    if (timed.includes(name)) continue
    const near = nearest(name, timed)
    const known = Object.hasOwn(ops, name)
    const hint = near && !known ? `Did you mean ${near}?` : `Those that are: ${timed.join(', ')}.`
    throw new InvalidArgumentError(
      known ? `${name} has no samples to time. ${hint}` : `There is no op ${name} to time. ${hint}`,
    )
  }
  return names
}

function repetitions(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= 1000) return count
  throw new InvalidArgumentError('It must be a whole number from 1 to 1000.')
}
