// `npm run bench -- fit`: what train.fit costs over the compiled step it is made of, in headless Chrome.
import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { version } from '../../package.json'
import { parseOptions, tellingErrors } from '../../src/harness/command.ts'
import { openPage } from '../../src/harness/index.ts'
import { repetitionCount } from '../options.ts'
import type { FitCase, FitReport, Measured } from './page.ts'

const cases: readonly FitCase[] = [
  { name: '784-256-10, batch 32', sizes: [784, 256, 10], batchSize: 32, stepsPerEpoch: 20, epochs: 5 },
  { name: '2-8-8-1, batch 16', sizes: [2, 8, 8, 1], batchSize: 16, stepsPerEpoch: 100, epochs: 10 },
]

/** Times what the command line says. */
export function main(argv: readonly string[], { chrome }: { chrome: string }): Promise<number> {
  return tellingErrors(async () => {
    const command = new Command('npm run bench -- fit')
      .description('Times train.fit against the compiled step it is made of.')
      .option('--repetitions <count>', 'measurements of each', repetitionCount, 7)
      .option('--out <file>', 'write the results as JSON')
      .option('--json', 'print one JSON object', false)
    const settings = parseOptions<{ repetitions: number; out?: string; json: boolean }>(command, argv)
    if (!settings) return 0
    const page = await openPage({ module: '/bench/fit/page.ts', executablePath: chrome })
    try {
      const report = (await page.call('measureFit', cases, settings.repetitions)) as FitReport
      const versions = {
        retrograd: version,
        chrome: await page.page.browser().version(),
        node: process.version,
      }
      const result = { command: ['npm run bench -- fit', ...argv].join(' '), versions, ...report }
      process.stdout.write(settings.json ? `${JSON.stringify(result)}\n` : `${table(report)}\n`)
      if (settings.out) await writeFile(settings.out, `${JSON.stringify(result)}\n`)
      return 0
    } finally {
      await page.close()
    }
  })
}

function table({ adapter, cases }: FitReport): string {
  const line = (what: string, { milliseconds, perStep }: Measured): string => {
    const { median, low, high } = milliseconds
    const count = (name: keyof Measured['perStep']): string => `${perStep[name].toFixed(2)} ${name}`
    const counts = [count('dispatches'), count('submits'), count('reads'), count('buffers')].join(', ')
    return `  ${what.padEnd(28)}${median.toFixed(3)} ms a step (${low.toFixed(3)}–${high.toFixed(3)}), ${counts}`
  }
  const blocks = cases.map(({ name, resident, gathering, fit, watched }) => {
    const over = (way: Measured, base: Measured): string => {
      const more = way.milliseconds.median - base.milliseconds.median
      return `${((100 * more) / base.milliseconds.median).toFixed(1)} %, ${more.toFixed(3)} ms`
    }
    return [
      name,
      line('step on a batch at hand', resident),
      line('step that picks its batch', gathering),
      line('fit', fit),
      line('fit with a watch', watched),
      `  fit over the step at hand: ${over(fit, resident)}; over the step that picks: ${over(fit, gathering)}`,
      `  the watch over fit without: ${over(watched, fit)}`,
    ].join('\n')
  })
  return [`Adapter: ${adapter.description}${adapter.isFallback ? ' (software)' : ''}`, ...blocks].join('\n')
}
