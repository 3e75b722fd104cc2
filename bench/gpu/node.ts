// The bundle's program: retrograd on all workloads in Node.js on Dawn. RETROGRAD_DAWN names the folder of npm's
// `webgpu`; without it that package is looked for from the folder of this file.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command } from 'commander'
import { version } from '../../package.json'
import { parseOptions, tellingErrors } from '../../src/harness/command.ts'
import { repetitionCount, workloadOption } from '../options.ts'
import type { Workload } from '../race/workloads.ts'
import { heading, raceTable } from '../report/table.ts'
import { measureAlone } from '../solo.ts'

interface Dawn {
  create(flags: readonly string[]): GPU
  readonly globals: object
}

interface NodeOptions {
  readonly workload: readonly Workload[]
  readonly repetitions: number
  readonly json: boolean
}

async function loadDawn(): Promise<Dawn> {
  const folder = process.env.RETROGRAD_DAWN
  const specifier = folder ? pathToFileURL(join(folder, 'index.js')).href : 'webgpu'
  return (await import(/* @vite-ignore */ specifier)) as Dawn
}

function main(argv: readonly string[]): Promise<number> {
  return tellingErrors(async () => {
    const command = new Command('node bench.mjs')
      .description('Measures retrograd on this machine’s GPU, on Dawn.')
      .addOption(workloadOption('W1,W4,matmul,adam'))
      .option('--repetitions <count>', 'batches timed, of which the median counts', repetitionCount, 9)
      .option('--json', 'print one JSON object alone; tables go to stderr', false)
    const options = parseOptions<NodeOptions>(command, argv)
    if (!options) return 0
    const say = (text: string) => void (options.json ? process.stderr : process.stdout).write(`${text}\n`)
    const dawn = await loadDawn()
    Object.assign(globalThis, dawn.globals)
    const results = await measureAlone({
      gpu: dawn.create(['enable-dawn-features=allow_unsafe_apis']),
      workloads: options.workload,
      repetitions: options.repetitions,
      versions: { retrograd: version, 'Node.js': process.version },
      onStart: about => say(`${heading(about)}\n`),
      onResult: (result, peak) => say(`${raceTable(result, peak)}\n`),
      onSkip: ({ name }, reason) => say(`${name}: skipped, ${reason}\n`),
      onFailure: ({ name }, message) => say(`${name}: FAILED: ${message}\n`),
    })
    const words = ['node bench.mjs', ...argv].join(' ')
    process.stdout.write(`${JSON.stringify({ command: words, ...results })}\n`)
    return Object.keys(results.failures).length > 0 ? 1 : 0
  })
}

const code = await main(process.argv.slice(2))
// Dawn's threads keep Node.js alive.
process.exit(code)
