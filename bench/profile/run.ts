// `npm run bench -- profile`: where the time of a training step goes, kernel by kernel, in headless Chrome.
import { writeFile } from 'node:fs/promises'
import { Command, InvalidArgumentError } from 'commander'
import { version } from '../../package.json'
import { parseOptions, tellingErrors } from '../../src/harness/command.ts'
import { openPage } from '../../src/harness/index.ts'
import { repetitionCount, workloadList } from '../options.ts'
import type { Workload } from '../race/workloads.ts'
import type { Shown } from './page.ts'

interface ProfileSettings {
  readonly workload: Workload
  readonly calls: number
  readonly out?: string
  readonly chart?: string
  readonly json: boolean
}

/** Profiles what the command line says. */
export function main(argv: readonly string[], { chrome }: { chrome: string }): Promise<number> {
  return tellingErrors(async () => {
    const command = new Command('npm run bench -- profile')
      .description(
        'Times every kernel of a training step by the GPU’s clock, against what the adapter can do.',
      )
      .option('--workload <name>', 'one of W1, W2, W3, W4', trainingWorkload, trainingWorkload('W1'))
      .option('--calls <count>', 'steps to time', repetitionCount, 20)
      .option('--out <file>', 'write the profile as JSON')
      .option('--chart <file>', 'draw it as SVG')
      .option('--json', 'print one JSON object', false)
    const settings = parseOptions<ProfileSettings>(command, argv)
    if (!settings) return 0
    const { workload, calls, out, chart, json } = settings
    const page = await openPage({ module: '/bench/profile/page.ts', executablePath: chrome })
    try {
      const { table, picture, data } = (await page.call('profileOf', workload.name, calls)) as Shown
      const versions = {
        retrograd: version,
        chrome: await page.page.browser().version(),
        node: process.version,
      }
      const result = {
        command: ['npm run bench -- profile', ...argv].join(' '),
        versions,
        workload: workload.name,
        ...data,
      }
      process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${table}\n`)
      if (out) await writeFile(out, `${JSON.stringify(result)}\n`)
      if (chart) await writeFile(chart, `${picture}\n`)
      return 0
    } finally {
      await page.close()
    }
  })
}

function trainingWorkload(text: string): Workload {
  const [workload, ...others] = workloadList(text)
  if (workload?.kind === 'training' && others.length === 0) return workload
  throw new InvalidArgumentError('It must be one training step: W1, W2, W3 or W4.')
}
