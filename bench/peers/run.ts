// `npm run bench -- peers`: retrograd against other libraries in one page of headless Chrome, on one adapter.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Command } from 'commander'
import { version } from '../../package.json'
import type { AdapterReport } from '../../src/backend.ts'
import { parseOptions, tellingErrors, UsageError } from '../../src/harness/command.ts'
import { type ModulePage, openPage, type Site, serve } from '../../src/harness/index.ts'
import { setupPackages } from '../../src/harness/setup.mjs'
import { repetitionCount, workloadOption } from '../options.ts'
import type { LibraryName } from '../race/library.ts'
import type { AdapterPeak } from '../race/peak.ts'
import type { RaceResult } from '../race/race.ts'
import { HARDWARE_ONLY, type Workload } from '../race/workloads.ts'
import { drawChart } from '../report/chart.ts'
import { checkFloors } from '../report/floors.ts'
import type { HeapGrowth, Results, Solo } from '../report/results.ts'
import { adapterName, floorTable, heading, raceTable, soloTable } from '../report/table.ts'
import type { SoloResult } from './page.ts'

interface PeersOptions {
  readonly workload: readonly Workload[]
  readonly repetitions: number
  readonly solo: boolean
  readonly json: boolean
  readonly out?: string
  readonly chart?: string
  readonly from?: string
}

/** In the order of the table; the first is what the others are compared with. */
const RACERS: readonly LibraryName[] = ['retrograd', 'jax-js', 'tfjs', 'retrograd cpu']
const ON_GPU = RACERS.filter(name => name !== 'retrograd cpu')

/** Where the peers are installed, and where the page finds their files. */
const FOLDER = 'bench/peers'
const FILES = { '/peers': `${FOLDER}/node_modules` }
const MODULE = '/bench/peers/page.ts'

/** First steps from cold, by workload: a fresh browser each. Slow libraries take one. */
const COLD_STARTS: Readonly<Record<string, number>> = { W1: 3 }
const SLOW_START = 4000 // ms

/** The workload whose heap is watched, and how long. */
const HEAP_WORKLOAD = 'W3'
const HEAP_STEPS = 10_000

/** Races as the command line says. Gives the exit code: 1 where that makes no sense or results differ. */
export function main(argv: readonly string[], { chrome }: { chrome: string }): Promise<number> {
  return tellingErrors(async () => {
    const command = new Command('npm run bench -- peers')
      .description(
        'Races retrograd with jax-js and TensorFlow.js (both installed on demand) in headless Chrome on one adapter.',
      )
      .addOption(workloadOption('W1,W2,matmul,matmul512,adam'))
      .option('--repetitions <count>', 'batches timed, of which the median counts', repetitionCount, 5)
      .option('--no-solo', 'leave out first steps from cold, counts, memory and heap')
      .option('--json', 'print one JSON object; progress goes to stderr', false)
      .option('--out <file>', 'write the JSON object to a file too: bench/results/….json')
      .option('--chart <file>', 'draw the ratios: bench/results/….svg')
      .option('--from <file>', 'measure nothing: check and draw what --out has written')
    const options = parseOptions<PeersOptions>(command, argv)
    if (!options) return 0
    const say = (text: string) => void (options.json ? process.stderr : process.stdout).write(`${text}\n`)
    const results = options.from ? readResults(options.from) : await measure(argv, chrome, options, say)
    if (results.floors.length > 0) say(floorTable(results.floors))
    for (const [name, message] of Object.entries(results.failures)) say(`FAILED: ${name}: ${message}`)
    say(`\n${results.races.length} workloads in ${results.seconds} s on ${adapterName(results.adapter)}`)
    const json = `${JSON.stringify(results)}\n`
    if (options.out) write(options.out, json)
    if (options.chart) write(options.chart, drawChart(results))
    if (options.json) process.stdout.write(json)
    return Object.keys(results.failures).length > 0 ? 1 : 0
  })
}

/** Results of an earlier run, held to the floors of today. */
function readResults(file: string): Results {
  let results: Results
  try {
    results = JSON.parse(readFileSync(file, 'utf8')) as Results
  } catch (error) {
    throw new UsageError(
      `${file} holds no results: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  return { ...results, floors: checkFloors(results) }
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

async function measure(
  argv: readonly string[],
  chrome: string,
  { workload: chosen, repetitions, solo }: PeersOptions,
  say: (text: string) => void,
): Promise<Results> {
  const start = performance.now()
  setupPackages(FOLDER)
  const site = await serve({ files: FILES })
  try {
    const page = await openPage({ module: MODULE, site, executablePath: chrome })
    let opened: Awaited<ReturnType<typeof raceAll>>
    try {
      opened = await raceAll(page, chosen, repetitions, say)
    } finally {
      await page.close()
    }
    const { adapter, peak, versions, races, skipped, failures } = opened
    const training = chosen.filter(({ kind, name }) => kind === 'training' && !(name in skipped))
    const alone = { site, chrome, adapter: page.adapter.isFallback ? 'software' : 'hardware' } as const
    const solos = solo ? await runSolos(alone, training, say) : []
    const watched = solo && training.some(({ name }) => name === HEAP_WORKLOAD)
    const heap = watched ? await watchHeap(alone, say) : null
    const floors = checkFloors({ races, solos, heap })
    const seconds = Math.round((performance.now() - start) / 1000)
    const command = ['npm run bench -- peers', ...argv].join(' ')
    return { command, adapter, peak, versions, races, solos, heap, floors, skipped, failures, seconds }
  } finally {
    await site.close()
  }
}

async function raceAll(
  page: ModulePage,
  chosen: readonly Workload[],
  repetitions: number,
  say: (text: string) => void,
) {
  const { report: adapter, peak } = (await page.call('adapter')) as {
    report: AdapterReport
    peak: AdapterPeak
  }
  const software = adapter.isFallback
  const versions = { retrograd: version, ...peerVersions(), chrome: await page.page.browser().version() }
  say(heading({ adapter, peak, versions }))
  say(
    'ms: the median of batches, each ended by reading its last result; ratio: that of a peer over retrograd.\n',
  )
  const races: RaceResult[] = []
  const skipped: Record<string, string> = {}
  const failures: Record<string, string> = {}
  await page.call('open', RACERS)
  for (const { name, hardwareOnly } of chosen) {
    if (hardwareOnly && software) {
      skipped[name] = HARDWARE_ONLY
      say(`${name}: skipped, ${HARDWARE_ONLY}\n`)
      continue
    }
    try {
      const result = (await page.call('raceOn', name, { repetitions, software })) as RaceResult
      races.push(result)
      say(`${raceTable(result, peak)}\n`)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      failures[name] = error.message
      say(`${name}: FAILED: ${error.message}\n`)
    }
  }
  return { adapter, peak, versions, races, skipped, failures }
}

function peerVersions(): Record<string, string> {
  const names = { 'jax-js': '@jax-js/jax', tfjs: '@tensorflow/tfjs' }
  return Object.fromEntries(
    Object.entries(names).map(([name, path]) => {
      const file = `${FOLDER}/node_modules/${path}/package.json`
      const found = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }) : null
      return [name, found?.version ?? 'unknown']
    }),
  )
}

interface Alone {
  readonly site: Site
  readonly chrome: string
  readonly adapter: 'software' | 'hardware'
}

/** Opens a page in a browser of its own, whose caches hold nothing yet, for as long as `body` takes. */
async function inFreshBrowser<T>(
  { site, chrome, adapter }: Alone,
  body: (page: ModulePage) => Promise<T>,
): Promise<T> {
  const page = await openPage({ module: MODULE, site, adapter, executablePath: chrome })
  try {
    return await body(page)
  } finally {
    await page.close()
  }
}

async function runSolos(
  alone: Alone,
  training: readonly Workload[],
  say: (text: string) => void,
): Promise<Solo[]> {
  const solos: Solo[] = []
  for (const { name } of training) {
    const rows: Solo[] = []
    for (const library of ON_GPU) {
      const first = (await inFreshBrowser(alone, page => page.call('solo', library, name))) as SoloResult
      const times = [first.coldMilliseconds]
      while (times.length < (COLD_STARTS[name] ?? 1) && first.coldMilliseconds < SLOW_START)
        times.push((await inFreshBrowser(alone, page => page.call('cold', library, name))) as number)
      rows.push({ ...first, coldMilliseconds: times })
    }
    say(`${soloTable(name, rows)}\n`)
    solos.push(...rows)
  }
  return solos
}

/** The page's heap before and after many steps of retrograd, its garbage collected. */
async function watchHeap(alone: Alone, say: (text: string) => void): Promise<HeapGrowth> {
  return inFreshBrowser(alone, async page => {
    const session = await page.page.createCDPSession()
    const used = async () => {
      // Finalizers run after a collection, and leave something to the next.
      for (let turn = 0; turn < 3; turn++) {
        await session.send('HeapProfiler.collectGarbage')
        await page.page.evaluate(() => new Promise(resolve => setTimeout(resolve, 50)))
      }
      return (await session.send('Runtime.getHeapUsage')).usedSize
    }
    await page.call('prepareTraining', HEAP_WORKLOAD)
    await page.call('train', HEAP_STEPS / 10) // whatever is made once is made now
    const bytesBefore = await used()
    await page.call('train', HEAP_STEPS)
    const bytesAfter = await used()
    const kilobytes = ((bytesAfter - bytesBefore) / 1000).toFixed(1)
    say(`Heap after ${HEAP_STEPS} steps of ${HEAP_WORKLOAD}: ${kilobytes} kB more than before\n`)
    return { workload: HEAP_WORKLOAD, steps: HEAP_STEPS, bytesBefore, bytesAfter }
  })
}
